package import Artifacts

/// How the terms of a dataset's records are found and judged.
package struct TermsRule: Hashable, Sendable {
  /// What holds for a record that says nothing of itself. Nil: each has to.
  package let standard: Terms?
  package let book: LicenseBook
  package let use: DeclaredUse

  package init(standard: Terms?, book: LicenseBook, use: DeclaredUse) {
    (self.standard, self.book, self.use) = (standard, book, use)
  }

  package enum Judgement: Hashable, Sendable {
    case allowed(Terms)
    case unknown
    case notAllowed([Violation])
  }

  /// What a record states of itself counts before what the dataset says.
  package func judge(stated: String?) -> Judgement {
    guard let stated else { return standard.map { .allowed($0) } ?? .unknown }
    do throws(LicenseError) {
      switch use.choose(among: try book.expression(stated)) {
      case .success(let terms): return .allowed(terms)
      case .failure(let refusal): return .notAllowed(refusal.violations)
      }
    } catch {
      return .unknown
    }
  }

  /// The terms of a record that stands for two, each with what `judge` allowed: nil for the dataset's own. The result is spelled the same way.
  package func strictest(_ first: String?, _ second: String?) -> String? {
    if first == second { return first }
    let all = [first, second].map { $0.map(names) ?? standard?.licenses.map(\.name) ?? [] }
    return spelled(Set(all.joined()).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: " AND "))
  }

  /// As a record carries it: nil where it is the dataset's.
  package func spelled(_ expression: String) -> String? { expression == standard?.expression ? nil : expression }

  private func names(_ terms: String) -> [String] {
    var names: [String] = []
    var rest = terms[...]
    while let range = rest.firstRange(of: " AND ") {
      names.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return names + [String(rest)]
  }
}

extension TermsRule {
  /// For an action's parameters.
  package var document: JSONValue {
    ["license": standard.map { .string($0.expression) } ?? .null, "licenses": book.document, "use": use.document]
  }

  /// Nil where the value is no rule.
  package init?(document: JSONValue) {
    guard let book = LicenseBook(document: document["licenses"]), let use = DeclaredUse(document: document["use"], book), let license = document["license"]
    else { return nil }
    var standard: Terms?
    if let text = license.string {
      do throws(LicenseError) { standard = try book.expression(text).choices.first } catch { return nil }
    }
    self.init(standard: standard, book: book, use: use)
  }
}
