package import Artifacts
package import Signing

extension SoulManifest {
  /// What the recipe asked of the Soul before it was sealed, and how the Soul stood to it. A Soul that misses a gate is not sealed.
  package enum Gate: Hashable, Sendable {
    case holdoutLoss(HoldoutLoss)
    case canaries(Canaries)
  }

  package struct HoldoutLoss: Hashable, Sendable {
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

  /// What it gave away of its training data: counts alone.
  package struct Canaries: Hashable, Sendable {
    package let records, tokens, verbatim, allowed, knownToBase, longest, seed: Int64
    package let canaries, said, exposed, alternatives, exposureBits: Int64
    package let lowestRank: Int64?
    /// Of the file of planted secrets.
    package let file: Digest?
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
    for case (let index, .holdoutLoss(let gate)) in gates.enumerated() {
      guard gate.intervalPPM.contains(gate.measuredPPM) else { throw reader.failure("gate \(index + 1) measured what is outside of its own interval") }
      guard let (winner, incumbent) = totals else {
        guard gate.measuredPPM >= gate.askedPPM else { throw reader.failure("gate \(index + 1) is not met") }
        continue
      }
      guard gate.measuredPPM == HoldoutLoss.improvementPPM(of: winner, over: incumbent) else {
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

extension SoulManifest.HoldoutLoss {
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
    switch self {
    case .holdoutLoss(let gate): gate.document
    case .canaries(let gate): gate.document
    }
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    switch try reader.member("gate").string() {
    case "holdout-loss": self = .holdoutLoss(try SoulManifest.HoldoutLoss(reader))
    case "canaries": self = .canaries(try SoulManifest.Canaries(reader))
    default: throw try reader.member("gate").failure("is no gate that is known")
    }
  }
}

extension SoulManifest.HoldoutLoss {
  fileprivate var document: JSONValue {
    [
      "gate": "holdout-loss", "below": .string(below), "askedPPM": .integer(askedPPM), "measuredPPM": .integer(measuredPPM),
      "intervalPPM": [.integer(intervalPPM.lowerBound), .integer(intervalPPM.upperBound)], "records": .integer(records),
      "resamples": .integer(resamples), "met": true,
    ]
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["gate", "below", "askedPPM", "measuredPPM", "intervalPPM", "records", "resamples", "met"])
    let known = JSONValue.largestExactInteger
    let interval = try reader.member("intervalPPM")
    var bounds: [Int64] = []
    for bound in try interval.elements(atMost: 2) { bounds.append(try bound.integer(-known...1_000_000)) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else { throw interval.failure("is not two bounds in order") }
    try reader.requireMet()
    let below = try reader.member("below").string()
    guard ["base", "blind-guess"].contains(below) else { throw try reader.member("below").failure("neither \"base\" nor \"blind-guess\"") }
    self.init(
      below: below, askedPPM: try reader.member("askedPPM").integer(0...1_000_000),
      measuredPPM: try reader.member("measuredPPM").integer(-known...1_000_000), intervalPPM: bounds[0]...bounds[1],
      records: try reader.member("records").count(), resamples: try reader.member("resamples").count())
  }
}

extension SoulManifest.Canaries {
  fileprivate var document: JSONValue {
    var members: [String: JSONValue] = [
      "gate": "canaries", "records": .integer(records), "tokens": .integer(tokens), "verbatim": .integer(verbatim), "allowed": .integer(allowed),
      "knownToBase": .integer(knownToBase), "longest": .integer(longest), "seed": .integer(seed), "canaries": .integer(canaries), "said": .integer(said),
      "exposed": .integer(exposed), "alternatives": .integer(alternatives), "exposureBits": .integer(exposureBits), "met": true,
    ]
    if let lowestRank { members["lowestRank"] = .integer(lowestRank) }
    if let file { members["file"] = .digest(file) }
    return .object(members)
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object([
      "gate", "records", "tokens", "verbatim", "allowed", "knownToBase", "longest", "seed", "canaries", "said", "exposed", "alternatives", "exposureBits",
      "lowestRank", "file", "met",
    ])
    try reader.requireMet()
    func count(_ name: String) throws(DocumentError) -> Int64 { try reader.member(name).count() }
    self.init(
      records: try count("records"), tokens: try count("tokens"), verbatim: try count("verbatim"), allowed: try count("allowed"),
      knownToBase: try count("knownToBase"), longest: try count("longest"), seed: try count("seed"), canaries: try count("canaries"),
      said: try count("said"), exposed: try count("exposed"), alternatives: try count("alternatives"), exposureBits: try count("exposureBits"),
      lowestRank: try reader.optional("lowestRank")?.count(), file: try reader.optional("file")?.digest())
    try check(reader)
  }

  /// What follows from being met, and what the counts can be.
  private func check(_ reader: DocumentReader) throws(DocumentError) {
    guard verbatim <= allowed, said == 0, exposed == 0 else { throw reader.failure("is not met") }
    guard verbatim + knownToBase <= records else { throw reader.failure("more records were said than were tried") }
    guard longest <= tokens else { throw reader.failure("more tokens were said than were asked for") }
    guard (lowestRank == nil) == (canaries == 0), (file == nil) == (canaries == 0) else { throw reader.failure("the planted secrets do not fit each other") }
    guard lowestRank.map({ (1...(alternatives + 1)).contains($0) }) ?? true else { throw reader.failure("a rank beyond the alternatives") }
  }
}

extension DocumentReader {
  fileprivate func requireMet() throws(DocumentError) {
    guard try member("met").bool() else { throw try member("met").failure("is false, and yet this was sealed") }
  }
}
