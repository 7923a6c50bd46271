internal import Artifacts
internal import Packaging

/// Who gave a dataset that something learned from, where that is said: by a did:key, which a retraction may name.
struct Contribution: Hashable {
  let dataset: String
  let contributor: String

  init(dataset: String, contributor: String) { (self.dataset, self.contributor) = (dataset, contributor) }

  var document: JSONValue { ["dataset": .string(dataset), "contributor": .string(contributor)] }

  init?(document: JSONValue) {
    guard let dataset = document["dataset"]?.string, let contributor = document["contributor"]?.string else { return nil }
    self.init(dataset: dataset, contributor: contributor)
  }
}

extension SoulManifest {
  var contributors: [Contribution] {
    datasets.compactMap { dataset in dataset.contributor.map { Contribution(dataset: dataset.name, contributor: $0) } }
  }
}
