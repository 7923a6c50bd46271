package import Artifacts
internal import Curation
internal import Foundation
package import Store

/// What was made of a dataset that holds something: every part, adapter, model and Soul that any build of a store led to.
package struct Downstream: Sendable {
  /// How something came to be touched by a record.
  package enum Touch: Int, Hashable, Sendable, Comparable {
    /// It was measured or chosen by it.
    case measured
    /// It was trained on it, or on what was.
    case trained

    package static func < (left: Touch, right: Touch) -> Bool { left.rawValue < right.rawValue }
  }

  package struct Dataset: Hashable, Sendable {
    package let digest: Digest
    package let names: [BuildHistory<Reading>.ActionName]
  }

  /// What a training gave: an adapter or a whole model.
  package struct Candidate: Hashable, Sendable {
    package let files: Digest
    package let isAdapter: Bool
    package let names: [BuildHistory<Reading>.ActionName]
    package let touch: Touch
  }

  package struct Soul: Hashable, Sendable {
    package let name: String
    package let version: String
    /// Nil where the store no longer has what the seal said of it.
    package let digest: Digest?
    /// The archive, as an object of the store.
    package let archive: Digest
    package let touch: Touch
  }

  package private(set) var datasets: [Dataset] = []
  /// The parts of these that hold it.
  package private(set) var parts: Set<Digest> = []
  package private(set) var candidates: [Candidate] = []
  package private(set) var souls: [Soul] = []

  private var touches: [Digest: Touch] = [:]
  private let store: ReadableStore

  /// `ids`: what is looked for in the parts of the datasets. Nil: all of every dataset.
  package init(ofDatasets datasets: Set<Digest>, holding ids: Set<RecordID>?, in store: ReadableStore) throws {
    self.store = store
    for digest in datasets.sorted() {
      let keys = try store.lineage.derivations(of: digest).filter { $0.kind == "curate" }.map(\.key)
      self.datasets.append(Dataset(digest: digest, names: try names(of: keys)))
    }
    var waiting = datasets.sorted()
    while let digest = waiting.popLast() {
      for use in try store.lineage.uses(of: digest) {
        for (output, touch) in try touched(by: use, through: digest, ids) where touches[output].map({ $0 < touch }) ?? true {
          touches[output] = touch
          waiting.append(output)
        }
      }
    }
    try collect()
  }

  /// Of an object that something downstream holds: an archive's pins name the parts that it was made from.
  package func touch(of digest: Digest) -> Touch? { touches[digest] }

  // MARK: - One action

  /// The outputs that this input touches. A selection touches nothing that its candidates have not: the winner is one of them.
  private mutating func touched(by use: LineageIndex.Derivation, through input: Digest, _ ids: Set<RecordID>?) throws -> [(Digest, Touch)] {
    let names = Set(use.inputs.filter { $0.value == input }.keys)
    let own = touches[input]
    switch use.kind {
    case "split":
      let holding = try use.outputs.filter { try holds($0.value, ids) }
      parts.formUnion(holding.values)
      return holding.map { ($0.value, $0.key == "train" ? .trained : .measured) }
    case "sample", "leave-out":
      let holding = try use.outputs.filter { try $0.key == "train" && holds($0.value, ids) }
      parts.formUnion(holding.values)
      return holding.map { ($0.value, .trained) }
    case "tokenizer": return use.outputs.values.map { ($0, .trained) }
    case "train":
      // Of the other split it is only counted how many examples it has; with a rest, what is not in it has a place in the plan and nothing more.
      guard names != ["pace"], !(names == ["train"] && use.inputs["rest"] != nil) else { return [] }
      let touch = names.contains("validation") && names.count == 1 ? Touch.measured : own ?? .trained
      return use.outputs.values.map { ($0, touch) }
    case "score": return use.outputs.values.map { ($0, .measured) }
    case "select": return use.outputs.filter { $0.key != "winner" }.map { ($0.value, .measured) }
    case "gate": return use.outputs.values.map { ($0, .measured) }
    case "seal":
      // What only stands in its manifest does not touch it: the dataset's root, and what was kept out of every part.
      let isWeight = !names.isDisjoint(with: ["winner", "tokenizer"]) || names.contains("base")
      let touch: Touch? = isWeight ? own : names.isDisjoint(with: ["dataset", "ledger"]) ? .measured : nil
      return touch.map { touch in use.outputs.values.map { ($0, touch) } } ?? []
    default: return []
    }
  }

  /// A part that is gone from the store may have held it.
  private func holds(_ part: Digest, _ ids: Set<RecordID>?) throws -> Bool {
    guard let ids, let dataset = try store.dataset(part) else { return true }
    return try dataset.shards.contains { try dataset.identities(of: $0).contains { ids.contains($0.id) } }
  }

  // MARK: - What people know

  private mutating func collect() throws {
    for (digest, touch) in touches.sorted(by: { $0.key < $1.key }) {
      for derivation in try store.lineage.derivations(of: digest) {
        switch derivation.kind {
        case "train" where derivation.outputs["files"] == digest: note(try candidate(digest, derivation, touch))
        case "seal" where derivation.outputs["archive"] == digest: souls.append(try soul(digest, derivation, touch))
        default: break
        }
      }
    }
    souls.sort { ($0.name, $0.version, $0.archive) < ($1.name, $1.version, $1.archive) }
  }

  /// Two trainings may give the same bytes.
  private mutating func note(_ candidate: Candidate) {
    guard let index = candidates.firstIndex(where: { $0.files == candidate.files }) else { return candidates.append(candidate) }
    let other = candidates[index]
    candidates[index] = Candidate(
      files: other.files, isAdapter: other.isAdapter, names: other.names + candidate.names.filter { !other.names.contains($0) }, touch: other.touch)
  }

  private func candidate(_ files: Digest, _ derivation: LineageIndex.Derivation, _ touch: Touch) throws -> Candidate {
    let isAdapter = try parameters(of: derivation)?["method"]?.string == "sft"
    return Candidate(files: files, isAdapter: isAdapter, names: try names(of: [derivation.key]), touch: touch)
  }

  private func soul(_ archive: Digest, _ derivation: LineageIndex.Derivation, _ touch: Touch) throws -> Soul {
    let recipe = try parameters(of: derivation)?["recipe"]
    var digest: Digest?
    if let summary = derivation.outputs["summary"], try store.objects.contains(summary) {
      digest = try JSONValue(parsing: try store.objects.get(summary))["digest"]?.digest
    }
    return Soul(name: recipe?["soul"]?.string ?? "", version: recipe?["version"]?.string ?? "", digest: digest, archive: archive, touch: touch)
  }

  private func parameters(of derivation: LineageIndex.Derivation) throws -> JSONValue? {
    guard let preimage = try store.actions.lookup(derivation.key)?.preimage, try store.objects.contains(preimage) else { return nil }
    return try JSONValue(parsing: try store.objects.get(preimage))["parameters"]
  }

  private func names(of keys: [Digest]) throws -> [BuildHistory<Reading>.ActionName] {
    var names: [BuildHistory<Reading>.ActionName] = []
    for name in try keys.flatMap({ try store.builds.names(ofKey: $0) }) where !names.contains(name) { names.append(name) }
    return names
  }
}

extension Downstream {
  /// The datasets of a contributor, as sealed recipes named them: whatever the recipe says today.
  package static func sealedDatasets(ofContributor key: String, in store: ReadableStore) throws -> Set<Digest> {
    var datasets: Set<Digest> = []
    for seal in try store.actions.all(ofKind: "seal") {
      guard try store.objects.contains(seal.preimage), let parameters = try JSONValue(parsing: try store.objects.get(seal.preimage))["parameters"],
        let name = parameters["dataset"]?.string, parameters["recipe"]?["datasets"]?[name]?["contributor"]?.string == key,
        let dataset = seal.inputs["dataset"]
      else { continue }
      datasets.insert(dataset)
    }
    return datasets
  }
}
