package import Artifacts
package import Signing

extension SoulManifest {
  /// What the recipe asked of the Soul before it was sealed, and how the Soul stood to it. A Soul that misses a gate is not sealed.
  package struct Gate: Hashable, Sendable {
    package let name: String
    /// What the winner was held against: `base` or `blind-guess`.
    package let below: String
    /// Parts per million of that one's loss.
    package let askedPPM: Int64
    package let measuredPPM: Int64
    /// The 95 % bootstrap interval of `measuredPPM` over records.
    package let intervalPPM: ClosedRange<Int64>
    package let records: Int64
    package let resamples: Int64
  }

  /// Reads what a gate action left (`soulpack.gates/1`).
  package static func gates(document: JSONValue) throws(DocumentError) -> [Gate] {
    let reader = DocumentReader(document, document: "gates")
    try reader.object(["gates"], schema: "soulpack.gates/1")
    return try reader.list("gates", Gate.init)
  }
}

// MARK: - Beside the selection

extension SoulManifest {
  /// What a gate says was measured is what the selection's totals say, as far as the gate is about the two that stand there.
  func checkGates(_ reader: DocumentReader) throws(DocumentError) {
    for (index, gate) in gates.enumerated() {
      guard gate.intervalPPM.contains(gate.measuredPPM) else { throw reader.failure("gate \(index + 1) measured what is outside of its own interval") }
      guard let (winner, incumbent) = totals else {
        guard gate.measuredPPM >= gate.askedPPM else { throw reader.failure("gate \(index + 1) is not met") }
        continue
      }
      guard gate.measuredPPM == Gate.improvementPPM(of: winner, over: incumbent) else {
        throw reader.failure("gate \(index + 1) measured something else than the selection's totals say")
      }
      guard (Int128(incumbent) - Int128(winner)) * 1_000_000 >= Int128(gate.askedPPM) * Int128(incumbent) else {
        throw reader.failure("gate \(index + 1) is not met")
      }
    }
  }

  /// Of the winner and of whom a gate holds it against: the incumbent, which is the base (or blind guessing) at height 0 alone.
  private var totals: (winner: Int64, incumbent: Int64)? {
    guard let selection, selection.height == 0, let winner = selection.scores.first(where: { $0.candidate == selection.winner }) else { return nil }
    return (winner.total, selection.incumbent.total)
  }
}

extension SoulManifest.Gate {
  /// (incumbent − winner) ⁄ incumbent in parts per million, rounded down; 0 where nothing was lost.
  fileprivate static func improvementPPM(of winner: Int64, over incumbent: Int64) -> Int64 {
    guard incumbent > 0 else { return 0 }
    let (quotient, remainder) = ((Int128(incumbent) - Int128(winner)) * 1_000_000).quotientAndRemainder(dividingBy: Int128(incumbent))
    return Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
  }
}

// MARK: - Document

extension SoulManifest.Gate {
  package var document: JSONValue {
    [
      "gate": .string(name), "below": .string(below), "askedPPM": .integer(askedPPM), "measuredPPM": .integer(measuredPPM),
      "intervalPPM": [.integer(intervalPPM.lowerBound), .integer(intervalPPM.upperBound)], "records": .integer(records),
      "resamples": .integer(resamples), "met": true,
    ]
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["gate", "below", "askedPPM", "measuredPPM", "intervalPPM", "records", "resamples", "met"])
    let known = JSONValue.largestExactInteger
    let interval = try reader.member("intervalPPM")
    var bounds: [Int64] = []
    for bound in try interval.elements(atMost: 2) { bounds.append(try bound.integer(-known...1_000_000)) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else { throw interval.failure("is not two bounds in order") }
    guard try reader.member("met").bool() else { throw try reader.member("met").failure("is false, and yet this was sealed") }
    let below = try reader.member("below").string()
    guard ["base", "blind-guess"].contains(below) else { throw try reader.member("below").failure("neither \"base\" nor \"blind-guess\"") }
    guard try reader.member("gate").string() == "holdout-loss" else { throw try reader.member("gate").failure("is no gate that is known") }
    self.init(
      name: "holdout-loss", below: below, askedPPM: try reader.member("askedPPM").integer(0...1_000_000),
      measuredPPM: try reader.member("measuredPPM").integer(-known...1_000_000), intervalPPM: bounds[0]...bounds[1],
      records: try reader.member("records").count(), resamples: try reader.member("resamples").count())
  }
}
