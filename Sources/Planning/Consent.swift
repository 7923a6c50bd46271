internal import Artifacts
internal import Recipes

/// What was retracted, as far as a plan depends on it. A plan is made without a disk, so the caller has read the file.
package struct Consent: Sendable {
  /// The file of retractions, relative to the root: an input of every curation. Nil where there is none, which leaves every key as it was.
  let retractions: String?
  /// Whether the contributor of a dataset took back what they gave.
  let isRetracted: @Sendable (_ contributor: String) -> Bool

  package init(retractions: String?, isRetracted: @escaping @Sendable (_ contributor: String) -> Bool) {
    self.retractions = retractions
    self.isRetracted = isRetracted
  }

  /// Nobody retracted anything.
  package static let unbroken = Consent(retractions: nil, isRetracted: { _ in false })

  /// For those who carry data and curate none: the file travels in git.
  package var withoutFile: Consent { Consent(retractions: nil, isRetracted: isRetracted) }

  var inputs: [String: InputReference] {
    guard let retractions else { return [:] }
    return ["retractions": .source(Source(kind: .file, path: retractions))]
  }

  package func allows(contributor: String?) -> Bool { contributor.map { !isRetracted($0) } ?? true }

  func allows(_ dataset: Dataset) -> Bool { allows(contributor: dataset.contributor) }
}

/// A recipe trains on what its contributor took back.
package struct RetractedData: ExplainedError {
  package let recipe: String
  package let dataset: String
  let contributor: String

  package init(recipe: String, dataset: String, contributor: String) { (self.recipe, self.dataset, self.contributor) = (recipe, dataset, contributor) }

  package var message: String { "\(recipe): dataset \"\(dataset)\": its contributor has retracted it" }
  package var hint: String? {
    "train on another dataset; where consent was given again, `soulpack retract --undo \(contributor)` says so"
  }
}
