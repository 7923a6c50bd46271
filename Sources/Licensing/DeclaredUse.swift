internal import Artifacts

/// What a recipe's owner means to do, which licences are held against. Where nothing is said, everything that a licence might mind is assumed.
package struct DeclaredUse: Hashable, Sendable {
  package let commercial: Bool
  package let redistribute: License.Sharing
  /// Whether weights count as an adaptation of the texts they were trained on. The law has not settled it; yes is the careful answer.
  package let weightsAreAdaptations: Bool
  /// The Soul's own licence: what others are allowed. Nil where nobody has named it yet.
  package let soul: LicenseExpression?

  package init(commercial: Bool, redistribute: License.Sharing, weightsAreAdaptations: Bool, soul: LicenseExpression?) {
    (self.commercial, self.redistribute, self.weightsAreAdaptations, self.soul) = (commercial, redistribute, weightsAreAdaptations, soul)
  }
}

/// Why a use is not allowed.
package struct Violation: Hashable, Sendable {
  package enum Reason: Hashable, Sendable {
    /// The use itself is what the clause forbids.
    case use
    /// The Soul's licence would give others what the clause forbids, or is not one that it accepts.
    case soulLicense(String)
  }

  package let license: License
  package let clause: Clause
  package let reason: Reason
}

extension DeclaredUse {
  /// The choice that the use allows and that asks for least: the fewest clauses, then the fewest licences, then the first by name.
  package func choose(among expression: LicenseExpression) -> Result<Terms, Refusal> {
    let allowed = expression.choices.filter { violations(of: $0).isEmpty }
    if let least = allowed.min(by: { ($0.clauses.count, $0.licenses.count) < ($1.clauses.count, $1.licenses.count) }) { return .success(least) }
    let nearest = expression.choices.map { violations(of: $0) }.min { $0.count < $1.count }
    return .failure(Refusal(violations: nearest ?? []))
  }

  /// What stands in the way of the choice that is nearest to being allowed.
  package struct Refusal: Error, Hashable {
    package let violations: [Violation]
  }

  /// Each licence is asked by itself, so that terms are allowed exactly where each of their parts is.
  package func violations(of terms: Terms) -> [Violation] {
    terms.licenses.flatMap { license in
      Clause.allCases.filter(license.clauses.contains).compactMap { clause in
        reason(clause, of: license).map { Violation(license: license, clause: clause, reason: $0) }
      }
    }
  }

  private func reason(_ clause: Clause, of license: License) -> Violation.Reason? {
    let sharesWeights = redistribute >= .weights && (weightsAreAdaptations || !license.isSilentOnModels)
    switch clause {
    case .noTraining: return .use
    case .noCommercialUse:
      if commercial { return .use }
      return sharesWeights ? soulTooFree(for: license) : nil
    case .weightsStay: return sharesWeights ? .use : nil
    case .textsStay: return redistribute >= .data ? .use : nil
    case .weightsUnderSameTerms: return sharesWeights ? soulNotAccepted(by: license) : nil
    case .textsUnderSameTerms: return redistribute >= .data ? soulNotAccepted(by: license) : nil
    case .attribution: return nil
    }
  }

  /// A choice of the Soul's licence that would let others earn with it.
  private func soulTooFree(for license: License) -> Violation.Reason? {
    soul?.choices.first { !$0.clauses.contains(.noCommercialUse) }.map { .soulLicense($0.expression) }
  }

  /// A choice of the Soul's licence that holds none which the licence accepts. Where nobody has named the Soul's licence, there is none.
  private func soulNotAccepted(by license: License) -> Violation.Reason? {
    guard let soul else { return .soulLicense("NOASSERTION") }
    return soul.choices.first { !$0.licenses.contains(where: { license.isSatisfied(by: $0) }) }.map { .soulLicense($0.expression) }
  }
}

extension DeclaredUse {
  /// The same use of a model: weights that were made from weights descend from them, whatever they are to texts.
  package var ofModels: DeclaredUse { DeclaredUse(commercial: commercial, redistribute: redistribute, weightsAreAdaptations: true, soul: soul) }
}

extension DeclaredUse {
  var document: JSONValue {
    [
      "commercial": .bool(commercial), "redistribute": .string(redistribute.rawValue), "weights-are-adaptations": .bool(weightsAreAdaptations),
      "soul": soul.map { .string($0.text) } ?? .null,
    ]
  }

  init?(document: JSONValue?, _ book: LicenseBook) {
    guard let document, let commercial = document["commercial"]?.bool, let adaptations = document["weights-are-adaptations"]?.bool,
      let redistribute = document["redistribute"]?.string.flatMap(License.Sharing.init)
    else { return nil }
    var soul: LicenseExpression?
    if let text = document["soul"]?.string {
      do throws(LicenseError) { soul = try book.expression(text) } catch { return nil }
    }
    self.init(commercial: commercial, redistribute: redistribute, weightsAreAdaptations: adaptations, soul: soul)
  }
}
