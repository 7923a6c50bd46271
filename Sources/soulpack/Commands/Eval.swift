internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Engine
internal import Explaining
internal import Foundation
internal import Packaging
internal import Steps
internal import Store

/// `soulpack eval X.soul --on FILE`: the loss of a Soul, and of its base, on text of one's own.
struct Eval: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a Soul's loss, and its base's, on a file.",
    discussion: """
      \(SoulReference.forms) FILE has any format that \
      curation reads. The archive's bytes are checked; whether you trust who signed it, `verify` says.
      """)

  @Argument(help: "The Soul.") var soul: String
  @Option(help: ArgumentHelp("The text to measure on.", valueName: "file")) var on: String
  @Option(help: SoulBase.help)
  var base: String?
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads of the engine. The result is the same for any number.", valueName: "n"))
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount
  @OptionGroup var common: CommonArguments

  func validate() throws {
    guard threads >= 1, threads <= 1024 else { throw ValidationError("--threads must be between 1 and 1024") }
  }

  func run() async throws {
    let store = try ReadableStore.openIfThere(common)
    let report = try await SoulReference.withScratch { scratch in
      let archive = try SoulReference(text: soul, common: common).open(store, scratch: scratch)
      let text = try await EvaluationText(on, in: common.folder)
      let measurement = try measure(archive, text, store)
      return EvalReport(archive: archive, text: text, measurement: measurement, overlap: try await overlap(archive, text, store))
    }
    common.terminal.show(report)
  }

  private func measure(_ archive: SoulArchive, _ text: EvaluationText, _ store: ReadableStore?) throws -> SoulMeasurement {
    let renderer = BuildRenderer(terminal: common.terminal)
    defer { renderer.finish() }
    return try SoulMeasurement(
      of: try archive.subject(base: base, store, common), on: text.records,
      contextLength: try archive.selectionContextLength(), threads: threads,
      report: { renderer.show(.progress(action: "eval", $0)) })
  }

  /// Nil where this store does not know what the Soul was made from.
  private func overlap(_ archive: SoulArchive, _ text: EvaluationText, _ store: ReadableStore?) async throws -> TrainingOverlap? {
    guard let store, let known = try KnownSoul(archive, in: store), let parameters = try known.curationParameters() else { return nil }
    // The stages that change text, and so ids; those that drop or merge would only hide what is asked about.
    let stages = (parameters["stages"]?.array ?? []).filter { stage in ["normalize", "pii"].contains(stage.object?.first?.key ?? "") }
    return try TrainingOverlap(of: try await text.entries(under: stages), in: known)
  }
}

struct EvalReport: Report {
  let archive: SoulArchive
  let text: EvaluationText
  let measurement: SoulMeasurement
  let overlap: TrainingOverlap?

  let schema = "soulpack.eval/1"

  /// People are shown this many places of an overlap; `--json` has all.
  private static let placeLimit = 5

  // MARK: - Text

  var lines: [String] {
    let (before, after) = (measurement.referenceNatsPerToken, measurement.soulNatsPerToken)
    var losses = Table()
    losses.add("", "nats/token", "perplexity")
    losses.add("  " + (measurement.reference == .base ? "base" : "blind guessing"), Quantity.loss(before), perplexity(before))
    losses.add("  Soul", Quantity.loss(after), perplexity(after))
    let verdict = after < before ? "better" : after > before ? "worse" : "the same"
    let change = after == before ? "" : String(format: " by %.4f nats/token (%.1f %%)", abs(after - before), abs(after - before) / before * 100)
    return ["\(archive.manifest.name) \(archive.manifest.version) on \(text.path)"] + losses.lines + ["  the Soul is \(verdict)\(change)", ""] + counted + overlapLines
  }

  private func perplexity(_ natsPerToken: Double) -> String { String(format: natsPerToken < 13 ? "%.2f" : "%.3g", exp(natsPerToken)) }

  private var counted: [String] {
    let counts = measurement.counts
    var table = Table()
    table.add("  tokens", Quantity.count(counts.supervisedTokens), "predicted, in a context of \(Quantity.count(measurement.contextLength))")
    table.add("  records", Quantity.count(counts.records - counts.recordsWithoutTarget), "measured, of \(Quantity.count(text.summary.recordsRead)) read")
    for drop in text.summary.dropped { table.add("  left out", Quantity.count(drop.count), "\(drop.stage.rawValue): \(drop.reason.rawValue)") }
    if counts.recordsWithoutTarget > 0 { table.add("  left out", Quantity.count(counts.recordsWithoutTarget), "no token to be predicted within the context") }
    if counts.cutRecords > 0 { table.add("  cut", Quantity.count(counts.cutRecords), "longer than the context; measured on their beginning") }
    return table.lines
  }

  private var overlapLines: [String] {
    guard let overlap else {
      return ["", "whether the Soul was trained on these records is not known here: its data are not in this project's store"]
    }
    let trained = overlap[.train]
    var lines = [""]
    if trained.isEmpty {
      lines.append("none of these records is in the Soul's training data")
    } else {
      let whole = trained.count == text.summary.recordsRead
      lines.append("warning: the Soul was trained on \(whole ? "all" : "\(Quantity.count(trained.count)) of \(Quantity.count(text.summary.recordsRead))") of these records: this is no evaluation")
      lines += trained.prefix(Self.placeLimit).map { "  \($0.place)" + ($0.source.map { "  (\($0) of its data)" } ?? "") }
      if trained.count > Self.placeLimit { lines.append("  … and \(Quantity.count(trained.count - Self.placeLimit)) more (--json names all)") }
    }
    for part in [Partition.validation, .holdout] where !overlap[part].isEmpty {
      let use = part == .holdout ? "by which it was chosen" : "which it was not trained on"
      lines.append("\(Quantity.count(overlap[part].count)) \(overlap[part].count == 1 ? "is" : "are") in its \(part.rawValue) part, \(use)")
    }
    return lines
  }

  // MARK: - JSON

  var members: [String: JSONValue] {
    let counts = measurement.counts
    return [
      "soul": ["name": .string(archive.manifest.name), "version": .string(archive.manifest.version), "digest": .digest(archive.digest)],
      "file": .string(text.path), "reference": json(measurement.reference.rawValue, measurement.referenceScaledLoss, measurement.referenceNatsPerToken),
      "measured": json("soul", measurement.soulScaledLoss, measurement.soulNatsPerToken),
      "differenceNatsPerToken": .number(measurement.soulNatsPerToken - measurement.referenceNatsPerToken),
      "tokens": .integer(Int64(counts.supervisedTokens)), "context": .integer(Int64(measurement.contextLength)),
      "records": [
        "read": .integer(Int64(text.summary.recordsRead)), "measured": .integer(Int64(counts.records - counts.recordsWithoutTarget)),
        "cut": .integer(Int64(counts.cutRecords)), "withoutTarget": .integer(Int64(counts.recordsWithoutTarget)),
        "dropped": .array(
          text.summary.dropped.map { ["stage": .string($0.stage.rawValue), "reason": .string($0.reason.rawValue), "count": .integer(Int64($0.count))] }),
      ],
      "overlap": overlap.map(json) ?? .null,
    ]
  }

  private func json(_ kind: String, _ scaledLoss: Int64, _ natsPerToken: Double) -> JSONValue {
    ["kind": .string(kind), "total": .integer(scaledLoss), "natsPerToken": .number(natsPerToken), "perplexity": exp(natsPerToken).isFinite ? .number(exp(natsPerToken)) : .null]
  }

  private func json(_ overlap: TrainingOverlap) -> JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: Partition.allCases.map { part in
          (part.rawValue, .array(overlap[part].map { ["place": json($0.place), "source": $0.source.map(json) ?? .null] }))
        }))
  }

  private func json(_ place: RecordPlace) -> JSONValue { ["file": .string(place.file), "line": .integer(Int64(place.line))] }
}
