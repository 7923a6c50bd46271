internal import Artifacts
package import Licensing
package import Recipes

/// What a Soul asks of those that descend from it.
package struct ParentTerms: Hashable, Sendable {
  /// As the recipe names it.
  let path: String
  /// Its own, and those of what it has learned from: SPDX expressions. Its maker's use of them need not be the child's.
  let licenses: [String]
  let derive: Bool
  let runAllow: [String]
  /// Nil where an answer about it never grows old.
  let leaseSeconds: Int64?

  package init(path: String, license: String, dataTerms: some Sequence<String>, derive: Bool, runAllow: [String], leaseSeconds: Int64?) {
    self.path = path
    licenses = [license] + Set(dataTerms).subtracting([license]).sorted()
    (self.derive, self.runAllow, self.leaseSeconds) = (derive, runAllow, leaseSeconds)
  }

  /// Throws the first that a recipe does not keep to.
  package func require(of child: Recipe) throws(UnusableParent) {
    guard derive else { throw UnusableParent(path: path, problem: .mayNotDerive) }
    let book = child.datasets.lazy.compactMap(\.terms).first?.book ?? LicenseBook()
    for text in licenses { try require(text, of: child, book) }
    let strangers = runAllow.contains("public") ? [] : child.permissions.runAllow.filter { !runAllow.contains($0) }
    if let stranger = strangers.first { throw UnusableParent(path: path, problem: .lets(stranger, run: runAllow)) }
    if let leaseSeconds, child.permissions.lease.seconds > leaseSeconds {
      throw UnusableParent(path: path, problem: .longerLease(own: child.permissions.lease.seconds, parents: leaseSeconds))
    }
  }

  private func require(_ text: String, of child: Recipe, _ book: LicenseBook) throws(UnusableParent) {
    let expression: LicenseExpression
    do throws(LicenseError) { expression = try book.expression(text) } catch { throw UnusableParent(path: path, problem: .unknownTerms(text)) }
    if case .failure(let refusal) = child.use.choose(among: expression), let first = refusal.violations.first {
      throw UnusableParent(path: path, problem: .forbids(first))
    }
  }
}

/// A Soul's terms do not allow what a recipe makes of it.
package struct UnusableParent: ExplainedError, Hashable {
  package enum Problem: Hashable, Sendable {
    case mayNotDerive
    case unknownTerms(String)
    case forbids(Violation)
    case lets(String, run: [String])
    case longerLease(own: Int64, parents: Int64)
  }

  package let path: String
  package let problem: Problem

  package var message: String { "base \"\(path)\": \(text)" }

  private var text: String {
    switch problem {
    case .mayNotDerive: "its maker does not let others build on it"
    case .unknownTerms(let text): "its terms are \"\(text)\", and nobody says what that allows"
    case .forbids(let violation): violation.message
    case .lets(let stranger, let allowed): "\"\(stranger)\" may not run it (\(allowed.joined(separator: ", "))), and this recipe would let them run what is made of it"
    case .longerLease(let own, let parents): "an answer about it stays fresh for \(parents) s, and this recipe says \(own) s of what is made of it"
    }
  }

  package var hint: String? {
    switch problem {
    case .mayNotDerive: "ask its maker, or take another base"
    case .unknownTerms: "say under \"licenses\" what it allows, or under \"consents\" where it is a consent (LicenseRef-consent-ID)"
    case .forbids(let violation): violation.hint
    case .lets: "name nobody else under \"permissions: run: allow\""
    case .longerLease: "set \"permissions: lease\" to no more"
    }
  }
}
