package import Artifacts
internal import Signing

/// What a recipe asks of a Soul before it is sealed.
package enum Gate: Hashable, Sendable {
  /// The winner's loss on the holdout is to be lower than the base's by at least so many parts per million of it.
  case holdoutLoss(belowBasePPM: Int64)
}

/// What the winner is measured against.
package enum GateBase: String, Hashable, Sendable, CaseIterable {
  case base
  /// A new model has no base: it is held against guessing every token alike.
  case blindGuess = "blind-guess"

  var words: String {
    switch self {
    case .base: "the base"
    case .blindGuess: "blind guessing"
    }
  }
}

/// A gate, and how the winner stands to it. The point value decides, in integers; the interval is for people.
package struct GateResult: Hashable, Sendable {
  package let gate: Gate
  package let base: GateBase
  /// Rounded down.
  package let measuredPPM: Int64
  package let interval: BootstrapInterval
  package let recordCount: Int
  package let isMet: Bool

  package init(_ gate: Gate, winner: RecordLosses, base losses: RecordLosses, called base: GateBase) throws(RecordLossError) {
    self.gate = gate
    self.base = base
    interval = try BootstrapInterval(of: winner, over: losses)
    measuredPPM = BootstrapInterval.improvementPPM(of: winner.total, over: losses.total)
    recordCount = winner.records.count
    switch gate {
    case .holdoutLoss(let asked):
      isMet = (Int128(losses.total) - Int128(winner.total)) * 1_000_000 >= Int128(asked) * Int128(losses.total)
    }
  }
}

// MARK: - Words

extension GateResult {
  /// `holdout-loss 8.4 % below the base (95 % interval 7.1 … 9.8 %), 5 % asked: met`
  package var words: String {
    switch gate {
    case .holdoutLoss(let asked):
      "holdout-loss \(stand) (95 % interval \(Self.tenths(interval.lowPPM)) … \(Self.tenths(interval.highPPM)) %), \(Self.exact(asked)) % asked: \(isMet ? "met" : "missed")"
    }
  }

  private var stand: String {
    measuredPPM < 0 ? "\(Self.tenths(-measuredPPM)) % above \(base.words)" : "\(Self.tenths(measuredPPM)) % below \(base.words)"
  }

  /// One digit after the point, rounded down: a value below a round bound never reads as if it were on it.
  private static func tenths(_ partsPerMillion: Int64) -> String {
    let tenths = Int64(floorQuotient(Int128(partsPerMillion), 1000))
    return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }

  /// As many digits after the point as there are.
  private static func exact(_ partsPerMillion: Int64) -> String {
    let (whole, rest) = partsPerMillion.quotientAndRemainder(dividingBy: 10_000)
    guard rest > 0 else { return "\(whole)" }
    let digits = String(10_000 + rest).dropFirst()
    return "\(whole)." + String(digits.reversed().drop { $0 == "0" }.reversed())
  }
}

// MARK: - Document

extension GateResult {
  package var document: JSONValue {
    switch gate {
    case .holdoutLoss(let asked):
      [
        "gate": "holdout-loss", "below": .string(base.rawValue), "askedPPM": .integer(asked), "measuredPPM": .integer(measuredPPM),
        "intervalPPM": [.integer(interval.lowPPM), .integer(interval.highPPM)], "records": .integer(Int64(recordCount)),
        "resamples": .integer(Int64(BootstrapInterval.resamples)), "met": .bool(isMet),
      ]
    }
  }

  /// What a gate action leaves.
  package static func document(_ results: [GateResult]) -> JSONValue { document(of: results.map(\.document)) }

  /// The same with gates of every kind.
  package static func document(of gates: [JSONValue]) -> JSONValue { ["schema": "soulpack.gates/1", "gates": .array(gates)] }
}
