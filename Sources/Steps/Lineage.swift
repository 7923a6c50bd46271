internal import Artifacts
internal import Foundation
internal import Planning
internal import Running

/// What came from what, by digests alone, but for what the base is called on a hub: no time, path, host or key. It is made from the seal's inputs, not from
/// the store's index: the
/// same dataset can come from two snapshots, and the archive must not depend on which of them this store saw first.
struct Lineage {
  let document: JSONValue

  init(_ context: StepContext) throws {
    let origin = try Lineage.origin(context)
    let inputs = context.inputs.filter { $0.key != "ledger" && ($0.key != "base-origin" || origin != nil) }
    let names = inputs.keys.sorted()
    let measured = Lineage.measuredTraces(context)
    var members: [String: JSONValue] = [
      "schema": "soulpack.lineage/1",
      "nodes": .object(inputs.mapValues(JSONValue.digest)),
      "edges": .array(names.flatMap { name in (Lineage.origins(of: name, among: inputs) + (measured.contains(name) ? ["validation"] : [])).map { ["from": .string($0), "to": .string(name)] } }),
    ]
    if let origin { members["origins"] = ["base-origin": origin] }
    document = .object(members)
  }

  /// The trainings of the engine that looked at the validation part.
  private static func measuredTraces(_ context: StepContext) -> Set<String> {
    let parameters = context.action.parameters
    let candidates = parameters["candidates"]?.array ?? []
    let numbers = candidates.indices.filter { index in
      let target = candidates[index]["target"]?.string.flatMap { parameters["recipe"]?["train"]?[$0] }
      return target?["validate"] != nil || target?["early-stopping"] != nil
    }
    return Set(numbers.map { "trace.\($0 + 1)" })
  }

  /// What the base, or what it descends from, is called where it came from: a model of a hub, or a Soul. Nil where it is the project's own, or a folder
  /// that says nothing of itself.
  static func origin(_ context: StepContext) throws -> JSONValue? {
    guard context.inputs["base-origin"] != nil else { return nil }
    let origin = try JSONValue(parsing: try context.input("base-origin"))
    guard origin != .null else { return nil }
    return origin
  }

  /// `hf://owner/name@commit`, or `NAME@VERSION` of a Soul.
  static func originName(_ context: StepContext) throws -> String? {
    guard let origin = try origin(context) else { return nil }
    if let model = HubOrigin(canonical: origin) { return model.reference }
    guard let name = origin["name"]?.string, let version = origin["version"]?.string else { throw MissingInput(action: context.action.id, input: "base-origin") }
    return "\(name)@\(version)"
  }

  /// Whom a parent Soul asks to credit.
  static func credits(_ context: StepContext) throws -> [String] { try origin(context)?["credits"]?.array?.compactMap(\.string) ?? [] }

  /// The nodes that a node was made from, as the plan has it.
  private static func origins(of name: String, among inputs: [String: Digest]) -> [String] {
    let kind = name.prefix { $0 != "." }
    let starts = ["base", "tokenizer"]
    let origins: [String] =
      switch kind {
      case "train", "validation", "holdout": ["dataset"]
      case "base": ["base-origin"]
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
