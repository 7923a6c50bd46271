internal import Artifacts
internal import Foundation
internal import Packaging
internal import Planning
internal import Running
internal import Steps
internal import Store

/// What leaving out each group changes.
struct AttributionReport: Report {
  struct Group {
    let files: String
    /// Training records that went.
    let records: Int64
    let effect: DataEffect
    /// Of what all groups that helped changed, in their sum. Nil where the training diverged, and of one group alone.
    let share: Double?
  }

  let soul: String
  let contender: String
  let isSmoke: Bool
  /// All training records.
  let records: Int64
  let groups: [Group]
  let counts: ActionCounts

  let schema = "soulpack.attribution/1"

  init(soul: String, contender: String, isSmoke: Bool, _ leaving: LeaveOneOut, _ result: ActionRun.Result) throws {
    (self.soul, self.contender, self.isSmoke) = (soul, contender, isSmoke)
    let whole = try result.bytes(of: "score", from: leaving.whole)
    var all: Int64 = 0
    let found = try leaving.groups.map { group in
      let account = try JSONValue(parsingCanonical: try result.bytes(of: "account", from: group.leftOut))
      guard let records = account["records"]?.integer, let leftOut = account["left-out"]?.integer else {
        throw MissingInput(action: group.leftOut, input: "account")
      }
      all = records
      return (group.files, leftOut, try DataEffect(own: whole, other: try result.bytes(of: "score", from: group.score), base: nil))
    }
    records = all
    let help = found.reduce(0) { $0 + max(0, $1.2.gain ?? 0) }
    groups = found.map { files, records, effect in
      Group(files: files, records: records, effect: effect, share: found.count > 1 ? effect.gain.map { help > 0 ? max(0, $0) / help : 0 } : nil)
    }
    counts = ActionCounts(result.report)
  }

  /// What a manifest says of it. Nil where the training with everything diverged.
  func contributions(of subject: SoulManifest.Contributions.Subject) -> SoulManifest.Contributions? {
    guard let effect = groups.first?.effect, let own = effect.own else { return nil }
    return SoulManifest.Contributions(
      subject: subject, total: own.total, tokens: effect.tokens, records: records,
      groups: groups.map { .init(files: $0.files, records: $0.records, total: $0.effect.other?.total) })
  }

  // MARK: - Text

  var lines: [String] {
    var table = Table(rightAligned: [1, 2, 3, 4, 5])
    table.add("  left out", "records", "nats/token", "change", "± error", groups.count > 1 ? "share" : "")
    table.add("  nothing", "", loss(groups.first?.effect.own), "", "", "")
    for group in groups {
      table.add(
        "  " + group.files, Quantity.count(group.records), loss(group.effect.other), group.effect.gain.map(signed) ?? "",
        group.effect.standardError.map { Quantity.loss($0) } ?? "", groups.count > 1 ? group.share.map(Quantity.percent) ?? "" : "")
    }
    let effect = groups.first?.effect
    let measured = """
      \(contender), \(Quantity.counted(Int(records), "record")) to learn from, measured on \(Quantity.counted(effect?.records ?? 0, "record")) of the holdout, \
      \(Quantity.count(effect?.tokens ?? 0)) tokens
      """
    let parts = [["\(soul): what each group of records is worth, by leaving it out"] + table.lines + Wrapping.paragraph(measured), reading]
    return parts.joined(separator: [""]) + ["", counts.words]
  }

  private func loss(_ loss: DataEffect.Loss?) -> String { loss.map { Quantity.loss($0.natsPerToken) } ?? "diverged" }
  private func signed(_ value: Double) -> String { String(format: "%+.4f", value) }

  private var reading: [String] {
    let text = """
      Every other record stays in its step, at its rate, and drops out the same; the group's are not there, and a step of which nothing is left is not \
      taken. A change above zero is what the model loses without them: they helped. Anybody who does it again gets these numbers. The error is over the \
      records of the holdout; what another order would have made of the group, other seeds show (--set, --candidate).
      """
    var lines = Wrapping.paragraph(text)
    if groups.count > 1 {
      lines += Wrapping.paragraph("A share is a group's part of what all these groups helped, each left out by itself; one that did not help has none.")
    }
    if isSmoke { lines += Wrapping.paragraph("A smoke run: a few steps and a few records. The numbers say that it works, and nothing else.") }
    return lines
  }

  // MARK: - JSON

  var members: [String: JSONValue] {
    let effect = groups.first?.effect
    return [
      "soul": .string(soul), "contender": .string(contender), "smoke": .bool(isSmoke), "method": "leave-one-out",
      "holdout": ["records": .integer(Int64(effect?.records ?? 0)), "tokens": .integer(effect?.tokens ?? 0)], "records": .integer(records),
      "whole": json(effect?.own), "groups": .array(groups.map(json)), "actionsRun": .integer(Int64(counts.ran)),
      "actionsReused": .integer(Int64(counts.reused)),
    ]
  }

  private func json(_ group: Group) -> JSONValue {
    [
      "files": .string(group.files), "records": .integer(group.records), "without": json(group.effect.other),
      "changeNatsPerToken": number(group.effect.gain), "standardErrorNatsPerToken": number(group.effect.standardError), "share": number(group.share),
    ]
  }

  private func json(_ loss: DataEffect.Loss?) -> JSONValue {
    ["total": loss.map { .integer($0.total) } ?? .null, "natsPerToken": number(loss?.natsPerToken)]
  }

  private func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
