internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
internal import Packaging

/// What `diff` shows: to people what changed, to programs also what did not.
struct DiffReport: Report {
  let comparison: SoulComparison
  var width = Wrapping.outputWidth

  let schema = "soulpack.diff/1"

  /// A longer place does not push the values of the others to the right.
  private static let placeColumns = 36

  // MARK: - Text

  var lines: [String] {
    guard !comparison.isSame else {
      return ["the same Soul: \(comparison.new.name) \(comparison.new.version)", "  \(comparison.newDigest)"]
    }
    let sections = [heading] + comparison.datasets.map(lines) + [lines(.training), losses]
      + [SoulComparison.Subject.base, .recipe, .gates, .soul, .terms, .files, .other].map { lines($0) }
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
  }

  private var heading: [String] {
    let (old, new) = (comparison.old, comparison.new)
    return ["\(old.name) \(old.version) → \(new.name == old.name ? "" : new.name + " ")\(new.version)", "  old  \(comparison.oldDigest)", "  new  \(comparison.newDigest)"]
  }

  private func lines(_ subject: SoulComparison.Subject) -> [String] {
    // The heading has told the name and the version.
    let differences = (comparison.differences[subject] ?? []).filter { subject != .soul || !["name", "version"].contains($0.place) }
    guard !differences.isEmpty else { return [] }
    let column = min(differences.map(\.place.count).max() ?? 0, Self.placeColumns)
    return [subject.title] + differences.flatMap { difference in
      let lead = "  " + difference.place + String(repeating: " ", count: max(0, column - difference.place.count) + 2)
      return Wrapping.lines(lead, [words(difference.earlier) + " →", words(difference.later)], mark: "", width: width)
    }
  }

  private func words(_ value: JSONValue?) -> String {
    guard let value else { return "(none)" }
    if let text = value.digest?.short ?? value.string.map({ $0.contains(" ") ? "\"\($0)\"" : $0 }) { return text }
    // A whole document is for --json.
    let text = value.canonicalText
    return text.count > 60 ? "\(text.prefix(59))…" : text
  }

  // MARK: Records

  private func lines(_ dataset: DatasetComparison) -> [String] {
    guard !dataset.isSame else { return ["dataset \(dataset.name): the same records"] }
    var lines = ["dataset \(dataset.name)" + (dataset.old.map { $0.name == dataset.name ? "" : " (was \($0.name))" } ?? "")]
    guard let old = dataset.old, let new = dataset.new else { return [lines[0] + (dataset.new == nil ? ": removed" : ": added")] }
    if let records = dataset.records { lines += RecordChanges(records).lines }
    lines += facts(old, new)
    if !dataset.missing.isEmpty { lines += missing(dataset, old, new) }
    return lines
  }

  /// What the archives themselves tell of a dataset.
  private func facts(_ old: SoulManifest.Dataset, _ new: SoulManifest.Dataset) -> [String] {
    var table = Table()
    for count in Set(old.counts.keys).union(new.counts.keys).sorted() {
      let (left, right) = (old.counts[count, default: 0], new.counts[count, default: 0])
      if left != right { table.add("  " + count, "\(Quantity.count(left)) → \(Quantity.count(right))") }
    }
    for (name, left, right) in [("train", old.roots.train, new.roots.train), ("validation", old.roots.validation, new.roots.validation), ("holdout", old.roots.holdout, new.roots.holdout)] {
      table.add("  \(name) part", left == right ? "the same (root \(right.short))" : "root \(left.short) → \(right.short)")
    }
    if old.license != new.license { table.add("  license", "\(old.license) → \(new.license)") }
    if old.contributor != new.contributor { table.add("  contributor", "\(old.contributor ?? "(none)") → \(new.contributor ?? "(none)")") }
    return table.lines
  }

  private func missing(_ dataset: DatasetComparison, _ old: SoulManifest.Dataset, _ new: SoulManifest.Dataset) -> [String] {
    let sides = dataset.missing.map { side in side == .old ? "the old Soul's" : "the new Soul's" }.joined(separator: " and ")
    let manifest = dataset.missing.contains(.new) ? comparison.new : comparison.old
    let source = (dataset.missing.contains(.new) ? new : old).contributor ?? manifest.contact
    let access = manifest.training.data == .included ? "the archive says that it includes them" : "they are there on request\(source.map { ": ask \($0)" } ?? "")"
    return [
      "  which records: not known here; \(sides) are not in this project's store",
      "  (\(access); or work in the project that sealed it, or build its recipe here)",
    ]
  }

  // MARK: Losses

  private var losses: [String] {
    guard let losses = comparison.losses else { return [] }
    var table = Table()
    table.add("  before", Quantity.loss(losses.old.selection.incumbent.lossNatsPerToken), "→ \(Quantity.loss(losses.new.selection.incumbent.lossNatsPerToken))")
    table.add("  winner", Quantity.loss(losses.old.winner.lossNatsPerToken), "→ \(Quantity.loss(losses.new.winner.lossNatsPerToken))" + change(losses))
    if losses.old.selection.scores.count > 1 || losses.new.selection.scores.count > 1 {
      table.add("  all", list(losses.old), "→ \(list(losses.new))")
    }
    let label = losses.old.selection.label == losses.new.selection.label ? losses.new.selection.label : "\(losses.old.selection.label) → \(losses.new.selection.label)"
    return ["loss on the holdout, nats/token, \(label)"] + table.lines + ["  " + ground(losses)]
  }

  private func change(_ losses: LossComparison) -> String {
    let before = losses.old.winner.lossNatsPerToken
    guard losses.ground == .sameHoldout else { return "" }
    return String(format: "  (%+.4f, %+.1f %%)", losses.changeNatsPerToken, before > 0 ? losses.changeNatsPerToken / before * 100 : 0)
  }

  private func list(_ side: LossComparison.Side) -> String {
    side.selection.scores.sorted { $0.total < $1.total }.map { Quantity.loss($0.lossNatsPerToken) }.joined(separator: " ")
  }

  private func ground(_ losses: LossComparison) -> String {
    let (old, new) = (Quantity.count(losses.old.winner.tokens), Quantity.count(losses.new.winner.tokens))
    return switch losses.ground {
    case .sameHoldout: "both measured on the same holdout, \(new) tokens"
    case .otherTokens: "the same holdout cut into other tokens (\(old) → \(new)): not to be compared"
    case .otherHoldout: "measured on two holdouts (\(old) and \(new) tokens): not losses of the same text"
    case .unknown: "the archives do not say on which records: not to be compared"
    }
  }
}

// MARK: - JSON

extension DiffReport {
  var members: [String: JSONValue] {
    [
      "same": .bool(comparison.isSame), "old": side(comparison.old, comparison.oldDigest), "new": side(comparison.new, comparison.newDigest),
      "datasets": .array(comparison.datasets.map(json)), "losses": comparison.losses.map(json) ?? .null,
      "differences": .object(
        Dictionary(uniqueKeysWithValues: comparison.differences.map { subject, differences in (subject.rawValue, .array(differences.map(json))) })),
    ]
  }

  private func side(_ manifest: SoulManifest, _ digest: Digest) -> JSONValue {
    ["name": .string(manifest.name), "version": .string(manifest.version), "digest": .digest(digest)]
  }

  private func json(_ difference: DocumentDifference) -> JSONValue {
    ["place": .string(difference.place), "old": difference.earlier ?? .null, "new": difference.later ?? .null]
  }

  private func json(_ dataset: DatasetComparison) -> JSONValue {
    [
      "name": .string(dataset.name), "same": .bool(dataset.isSame), "old": dataset.old.map(json) ?? .null, "new": dataset.new.map(json) ?? .null,
      "missing": .array(dataset.missing.map { .string($0.rawValue) }), "records": dataset.records.map { RecordChanges($0).canonical } ?? .null,
    ]
  }

  private func json(_ dataset: SoulManifest.Dataset) -> JSONValue {
    let roots = dataset.roots
    return [
      "name": .string(dataset.name), "license": .string(dataset.license), "contributor": dataset.contributor.map { .string($0) } ?? .null,
      "counts": .object(dataset.counts.mapValues { .integer($0) }),
      "roots": ["all": .digest(roots.all), "train": .digest(roots.train), "validation": .digest(roots.validation), "holdout": .digest(roots.holdout)],
    ]
  }

  private func json(_ losses: LossComparison) -> JSONValue {
    var members: [String: JSONValue] = ["old": json(losses.old), "new": json(losses.new), "ground": .string(losses.ground.rawValue)]
    if losses.ground == .sameHoldout { members["changeNatsPerToken"] = .number(losses.changeNatsPerToken) }
    return .object(members)
  }

  private func json(_ side: LossComparison.Side) -> JSONValue {
    [
      "label": .string(side.selection.label), "incumbent": json(side.selection.incumbent), "winner": json(side.winner),
      "scores": .array(side.selection.scores.map(json)),
    ]
  }

  private func json(_ score: SoulManifest.Selection.Score) -> JSONValue {
    [
      "candidate": .digest(score.candidate), "total": .integer(score.total), "tokens": .integer(score.tokens),
      "natsPerToken": .number(score.lossNatsPerToken),
    ]
  }
}

extension SoulComparison.Subject {
  fileprivate var title: String {
    switch self {
    case .soul: "the Soul"
    case .terms: "terms"
    case .base: "base"
    case .training: "training"
    case .recipe: "recipe"
    case .gates: "gates"
    case .files: "files"
    case .other: "other members of the manifest"
    }
  }
}
