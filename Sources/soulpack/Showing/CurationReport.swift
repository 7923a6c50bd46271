internal import Artifacts
internal import Foundation
internal import Planning
internal import Running
internal import Steps
internal import Store

/// What curation gained, measured: both losses, what they were trained on, and how sure the difference is.
struct CurationReport: Report {
  /// What one of the two was trained on.
  struct Side {
    let records: Int64
    let tokens: Int64
  }

  let soul: String
  let contender: String
  let isSmoke: Bool
  let effect: DataEffect
  let curated: Side
  let uncurated: Side
  /// Uncurated records that were read, and those left out for the holdout's sake.
  let pool: Int64
  let nearHoldout: Int64
  let counts: ActionCounts

  let schema = "soulpack.report/1"

  init(soul: String, contender: String, isSmoke: Bool, _ comparison: CurationComparison, _ result: ActionRun.Result) throws {
    let account = try JSONValue(parsingCanonical: try result.bytes(of: "account", from: comparison.sample))
    func count(_ value: JSONValue?) throws -> Int64 {
      guard let count = value?.integer else { throw MissingInput(action: comparison.sample, input: "account") }
      return count
    }
    (self.soul, self.contender, self.isSmoke) = (soul, contender, isSmoke)
    effect = try DataEffect(
      own: try result.bytes(of: "score", from: comparison.curated), other: try result.bytes(of: "score", from: comparison.uncurated),
      base: try comparison.base.map { try result.bytes(of: "score", from: $0) })
    curated = Side(records: try count(account["curated"]?["records"]), tokens: try count(account["curated"]?["tokens"]))
    uncurated = Side(records: try count(account["uncurated"]?["records"]), tokens: try count(account["uncurated"]?["tokens"]))
    (pool, nearHoldout) = (try count(account["pool"]), try count(account["near-holdout"]))
    counts = ActionCounts(result.report)
  }

  // MARK: - Text

  var lines: [String] {
    var table = Table(rightAligned: [1, 2, 3])
    table.add("  trained on", "records", "tokens", "holdout, nats/token")
    if let base = effect.base { table.add("  nothing (the base)", "", "", Quantity.loss(base.natsPerToken)) }
    table.add("  uncurated data", Quantity.count(uncurated.records), Quantity.count(uncurated.tokens), loss(effect.other))
    table.add("  curated data", Quantity.count(curated.records), Quantity.count(curated.tokens), loss(effect.own))
    let measured = "\(contender), on \(Quantity.counted(effect.records, "record")) of the curated holdout, \(Quantity.count(effect.tokens)) tokens"
    let parts = [["\(soul): curated data against as many tokens uncurated"] + table.lines + Wrapping.paragraph(measured), verdict, reading]
    return parts.joined(separator: [""]) + ["", counts.words]
  }

  private func loss(_ loss: DataEffect.Loss?) -> String { loss.map { Quantity.loss($0.natsPerToken) } ?? "diverged" }

  private var verdict: [String] {
    guard let gain = effect.gain else { return Wrapping.paragraph("a training diverged: nothing can be compared") }
    guard let error = effect.standardError else {
      return Wrapping.paragraph("the holdout has one record: a difference of \(signed(gain)) nats/token, and no telling how sure")
    }
    let margin = 1.96 * error
    let verdict = abs(gain) <= margin ? "no difference can be told: " : gain > 0 ? "curated data are better by " : "curated data are worse by "
    let sure = "standard error \(Quantity.loss(error)), 95 % interval \(signed(gain - margin)) to \(signed(gain + margin))"
    let difference = abs(gain) <= margin ? signed(gain) : Quantity.loss(abs(gain))
    return Wrapping.paragraph("\(verdict)\(difference) nats/token") + Wrapping.paragraph(sure)
  }

  private func signed(_ value: Double) -> String { String(format: "%+.4f", value) }

  private var reading: [String] {
    let text = """
      Same seed, rates, passes and steps; the data differ. Uncurated is the same source after the readers, the licences and the structure rule \
      alone, drawn at random to the same number of tokens from \(Quantity.count(pool)) records, without \(Quantity.count(nearHoldout)) that the holdout has \
      or nearly has. The interval speaks of uncurated minus curated: above zero, curation helped. It is over the records of the holdout, for one \
      training each: another seed moves the difference too (--candidate, --set).
      """
    var lines = Wrapping.paragraph(text)
    if uncurated.tokens * 100 < curated.tokens * 99 {
      lines += Wrapping.paragraph("The uncurated records did not suffice: they hold fewer tokens than the curated.")
    }
    if isSmoke { lines += Wrapping.paragraph("A smoke run: a few steps and a few records. The numbers say that it works, and nothing else.") }
    return lines
  }

  // MARK: - JSON

  var members: [String: JSONValue] {
    [
      "soul": .string(soul), "contender": .string(contender), "smoke": .bool(isSmoke),
      "holdout": ["records": .integer(Int64(effect.records)), "tokens": .integer(effect.tokens)],
      "base": json(effect.base), "curated": json(effect.own, curated), "uncurated": json(effect.other, uncurated),
      "pool": .integer(pool), "nearHoldout": .integer(nearHoldout), "gainNatsPerToken": effect.gain.map { .number($0) } ?? .null,
      "standardErrorNatsPerToken": effect.standardError.map { .number($0) } ?? .null, "actionsRun": .integer(Int64(counts.ran)),
      "actionsReused": .integer(Int64(counts.reused)),
    ]
  }

  private func json(_ loss: DataEffect.Loss?, _ side: Side? = nil) -> JSONValue {
    var members: [String: JSONValue] = [:]
    if let side { members = ["records": .integer(side.records), "tokens": .integer(side.tokens)] }
    members["total"] = loss.map { .integer($0.total) } ?? .null
    members["natsPerToken"] = loss.map { .number($0.natsPerToken) } ?? .null
    return .object(members)
  }
}
