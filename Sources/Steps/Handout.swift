package import Artifacts
internal import Curation
internal import Engine
package import Foundation
internal import Judging
package import Planning
package import Running
package import Store
internal import Substrates

/// What a build measured, laid out for another program to measure again: the base, the candidates with the accounts
/// of their training, the tokens of the holdout, and our scores.
///
/// It holds the holdout in the clear, so it is for whoever checks a choice that was made and not for a trainer.
package struct Handout: Sendable {
  package struct Row: Sendable {
    package let action: ActionID
    /// The adapter's or the model's folder in the handout. Nil: the bare base.
    package let folder: String?
    package let lossNatsPerToken: Double
    package let document: JSONValue
  }

  private let store: ReadableStore

  package init(store: ReadableStore) { self.store = store }

  /// Writes into `folder`, which is there and empty. Every action of the forecast must be up to date. A candidate that diverged has no score, and is left
  /// out; why, its account says.
  package func write(_ forecast: Forecast, to folder: URL) throws -> [Row] {
    let own = forecast.rows.filter { !$0.action.id.name.contains("/") }
    let scores = try own.filter { $0.action.kind == .score }.map { ($0, try stored("score", of: $0)) }
    let accounts = try own.filter { $0.action.kind == .train }.map { ($0.action.id, try stored("trace", of: $0)) }
    for place in ["candidates", "accounts"] { try FileManager.default.createDirectory(at: folder.appending(path: place), withIntermediateDirectories: true) }
    for (id, account) in accounts { try account.canonical.write(to: folder.appending(path: "accounts/\(id.name.dropFirst("train.".count)).json")) }
    let rows = try scores.compactMap { row, score in try write(score, of: row.action, inputs: digests(row.key), to: folder) }
    let document: JSONValue = ["schema": "soulpack.handout/1", "holdout": "holdout.jsonl", "base": "base", "scores": .array(rows.map(\.document))]
    try Data(document.pretty.utf8).write(to: folder.appending(path: "handout.json"))
    return rows
  }

  private func stored(_ output: String, of row: Forecast.Row) throws -> JSONValue {
    guard let key = row.key, let digest = try store.actions.lookup(key.digest)?.outputs[output] else { throw NotMeasured(action: row.action.id) }
    return try JSONValue(parsingCanonical: try store.objects.get(digest))
  }

  private func digests(_ key: ActionKey?) -> [String: Digest] { (key?.preimage["inputs"]?.object ?? [:]).compactMapValues(\.digest) }

  private func write(_ measured: JSONValue, of action: Action, inputs: [String: Digest], to folder: URL) throws -> Row? {
    guard let total = measured["total"]?.integer, let tokens = measured["tokens"]?.integer else { return nil }
    let name: String? = inputs["candidate"] == nil ? nil : "candidates/" + action.id.name.dropFirst("score.".count)
    if let name { try export(inputs["candidate"], to: folder.appending(path: name)) }
    let base = folder.appending(path: "base")
    if inputs["base"] != nil, !FileManager.default.fileExists(atPath: base.path) { try export(inputs["base"], to: base) }
    try writeHoldout(action, reader: inputs["base"] ?? inputs["candidate"], inputs["holdout"], to: folder.appending(path: "holdout.jsonl"))
    let loss = Double(total) / Double(Judging.Score.unitsPerNat) / Double(tokens)
    let document: JSONValue = [
      "action": .string(action.id.name), "subject": action.parameters["subject"] ?? .null, "folder": name.map(JSONValue.string) ?? .null,
      "total": .integer(total), "tokens": .integer(tokens), "lossNatsPerToken": .number(loss),
    ]
    return Row(action: action.id, folder: name, lossNatsPerToken: loss, document: document)
  }

  private func export(_ digest: Digest?, to folder: URL) throws {
    guard let digest else { return }
    try store.objects.export(try store.objects.snapshot(digest), to: folder)
  }

  /// As the scores of a build read it: all by one tokenizer, with one context.
  private func writeHoldout(_ action: Action, reader: Digest?, _ holdout: Digest?, to place: URL) throws {
    guard let reader, let holdout, !FileManager.default.fileExists(atPath: place.path) else { return }
    let format = try BaseModel.format(of: try store.objects.snapshot(reader), in: store.objects)
    let objects = store.objects
    let records = try StoredDataset(holdout) { try objects.get($0) }.records()
    let encoder = ExampleEncoder(format: format, contextLength: try ParameterReader(action).count("context"))
    try encoder.encode(records).jsonLines.write(to: place)
  }
}

package struct NotMeasured: ExplainedError {
  package let action: ActionID

  package var message: String { "\(action): this has not been measured yet" }
  package var hint: String? { "build the recipe first: what the store does not hold cannot be handed out" }
}
