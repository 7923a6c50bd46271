internal import Artifacts
internal import Running

/// What came from what, by digests alone: no time, path, host or key. It is made from the seal's inputs, not from the store's index: the
/// same dataset can come from two snapshots, and the archive must not depend on which of them this store saw first.
struct Lineage {
  let document: JSONValue

  init(_ context: StepContext) throws {
    let inputs = context.inputs.filter { $0.key != "ledger" }
    let names = inputs.keys.sorted()
    document = [
      "schema": "soulpack.lineage/1",
      "nodes": .object(inputs.mapValues(JSONValue.digest)),
      "edges": .array(names.flatMap { name in Lineage.origins(of: name, among: inputs).map { ["from": .string($0), "to": .string(name)] } }),
    ]
  }

  /// The nodes that a node was made from, as the plan has it.
  private static func origins(of name: String, among inputs: [String: Digest]) -> [String] {
    let kind = name.prefix { $0 != "." }
    let starts = ["base", "tokenizer"]
    let origins: [String] =
      switch kind {
      case "train", "validation", "holdout": ["dataset"]
      case "tokenizer": ["train"]
      case "trace": ["train"] + starts
      case "score": ["holdout"] + starts + [name.replacing("score", with: "trace")]
      case "decision": inputs.keys.filter { $0.hasPrefix("score.") }.sorted()
      case "winner": ["decision"]
      default: []
      }
    return origins.filter { inputs[$0] != nil }
  }
}
