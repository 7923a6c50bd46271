/// A licence, or a person's consent, with what of it matters here.
package struct License: Hashable, Sendable {
  /// As SPDX spells it, with its exception if it has one: `CC-BY-4.0`, `GPL-2.0-only WITH Classpath-exception-2.0`, `LicenseRef-letters`.
  package let name: String
  package let clauses: Set<Clause>
  /// It says nothing of models. What stands in `clauses` about weights is then what it says of adaptations.
  package let isSilentOnModels: Bool
  /// Where in its text a clause stands, for the clauses that have one place.
  let places: [Clause: String]

  init(_ name: String, _ clauses: Set<Clause>, isSilentOnModels: Bool = true, places: [Clause: String] = [:]) {
    self.name = name
    self.clauses = clauses
    self.isSilentOnModels = isSilentOnModels
    self.places = places
  }

  /// Under another name that changes nothing of what it forbids: with an exception, which only ever allows more, or with a `+`.
  func renamed(_ name: String) -> License { License(name, clauses, isSilentOnModels: isSilentOnModels, places: places) }

  /// As the subject of a sentence: `CC-BY-NC-4.0, section 2(a)(1),`.
  package func citation(of clause: Clause) -> String { places[clause].map { "\(name), \($0)," } ?? name }
}

/// By the bytes of the name.
extension License: Comparable {
  package static func < (left: License, right: License) -> Bool { left.name.utf8.lexicographicallyPrecedes(right.name.utf8) }
}

/// What a licence holds back or asks for. A licence is the set of its clauses: the more, the stricter.
package enum Clause: String, CaseIterable, Hashable, Sendable {
  /// Nothing may be learned from the texts.
  case noTraining = "no training"
  case noCommercialUse = "no commercial use"
  /// What was learned from the texts may not be passed on.
  case weightsStay = "weights are not shared"
  /// The texts, which curation has changed, may not be passed on.
  case textsStay = "texts are not shared"
  /// Who passes on what was learned does so under the same licence, or one that it names as compatible.
  case weightsUnderSameTerms = "weights under the same terms"
  case textsUnderSameTerms = "texts under the same terms"
  /// Credit, or the licence's own notice, goes along.
  case attribution
}
