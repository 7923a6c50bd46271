internal import Artifacts
internal import Explaining
internal import Foundation
internal import Packaging
internal import Store

/// What was made of some data, as `retract` and `erase` list it.
struct DownstreamView {
  private let downstream: Downstream?
  private let placed: PlacedSouls
  private let others: [PlacedSouls.Placed]

  init(_ downstream: Downstream?, root: URL, contributor: String?) {
    self.downstream = downstream
    placed = PlacedSouls(in: root)
    others = downstream.map { [placed] in placed.others(than: $0.souls, in: $0, contributor: contributor) } ?? []
  }

  // MARK: - Text

  var lines: [String] {
    guard let downstream else { return ["  what was made of it is not known here: there is no store"] }
    var table = Table()
    for dataset in downstream.datasets { table.add("  dataset", dataset.digest.short, words(dataset.names)) }
    add(downstream, to: &table)
    return table.lines.isEmpty ? ["  nothing was made of it in this store"] : table.lines
  }

  /// What is not text: weights, and the Souls that hold them.
  var madeLines: [String] {
    guard let downstream else { return [] }
    var table = Table()
    add(downstream, to: &table)
    return table.lines
  }

  private func add(_ downstream: Downstream, to table: inout Table) {
    for candidate in downstream.candidates {
      table.add(candidate.isAdapter ? "  adapter" : "  model", candidate.files.short, words(candidate.names), words(candidate.touch))
    }
    for soul in downstream.souls {
      let paths = placed.paths(of: soul.digest)
      table.add(
        "  Soul", (soul.digest ?? soul.archive).short, "\(soul.name) \(soul.version)" + (paths.isEmpty ? "" : " (\(paths.joined(separator: ", ")))"),
        words(soul.touch))
    }
    for other in others {
      table.add("  Soul", other.archive.digest.short, "\(other.archive.manifest.name) \(other.archive.manifest.version) (\(other.path))", "made of it")
    }
  }

  private func words(_ touch: Downstream.Touch) -> String {
    switch touch {
    case .trained: "trained on it"
    case .measured: "measured on it"
    }
  }

  /// `curate.talk (recipes/voice.yaml)`
  private func words(_ names: [BuildHistory<Reading>.ActionName]) -> String {
    let shown = names.prefix(3).map { name in name.action + (name.recipe.map { " (\($0))" } ?? "") }
    return shown.joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }

  // MARK: - JSON

  var members: [String: JSONValue] {
    guard let downstream else { return ["datasets": [], "candidates": [], "souls": [], "store": false] }
    let souls = downstream.souls.map { soul -> JSONValue in
      [
        "name": .string(soul.name), "version": .string(soul.version), "digest": soul.digest.map { .digest($0) } ?? .null,
        "archive": .digest(soul.archive), "files": .array(placed.paths(of: soul.digest).map { .string($0) }), "touch": json(soul.touch),
      ]
    }
    let strangers = others.map { other -> JSONValue in
      [
        "name": .string(other.archive.manifest.name), "version": .string(other.archive.manifest.version), "digest": .digest(other.archive.digest),
        "archive": .null, "files": [.string(other.path)], "touch": .null,
      ]
    }
    return [
      "store": true, "datasets": .array(downstream.datasets.map { ["digest": .digest($0.digest), "actions": json($0.names)] }),
      "candidates": .array(
        downstream.candidates.map {
          ["files": .digest($0.files), "kind": .string($0.isAdapter ? "adapter" : "model"), "actions": json($0.names), "touch": json($0.touch)]
        }),
      "souls": .array(souls + strangers),
    ]
  }

  private func json(_ touch: Downstream.Touch) -> JSONValue { touch == .trained ? "trained" : "measured" }

  private func json(_ names: [BuildHistory<Reading>.ActionName]) -> JSONValue {
    .array(names.map { ["recipe": $0.recipe.map { .string($0) } ?? .null, "action": .string($0.action)] })
  }
}
