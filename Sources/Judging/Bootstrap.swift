internal import Artifacts
internal import Foundation
internal import Hashing

/// How sure a relative improvement is: a paired bootstrap over records (B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3, the
/// percentile interval).
///
/// Ten thousand times as many records as there are, drawn with replacement, the incumbent and the candidate from the same draw. Only integers:
/// the same scores give the same interval on every machine.
package struct BootstrapInterval: Hashable, Sendable {
  package static let resamples = 10_000
  /// Of the sorted resamples, the 250th from either end: 95 % lie between them.
  private static let tail = 250

  /// Parts per million of the incumbent's loss, rounded down.
  package let lowPPM: Int64
  package let highPPM: Int64

  package init(of candidate: RecordLosses, over incumbent: RecordLosses) throws(RecordLossError) {
    guard candidate.isOfTheSameRecords(as: incumbent) else { throw .otherRecords }
    let sorted = Self.improvements(zip(incumbent.records, candidate.records).map { ($0.total, $1.total) }, Self.stream(incumbent, candidate)).sorted()
    (lowPPM, highPPM) = (sorted[Self.tail - 1], sorted[Self.resamples - Self.tail])
  }

  /// What is drawn follows from what is compared, so nobody chooses a seed that pleases.
  private static func stream(_ incumbent: RecordLosses, _ candidate: RecordLosses) -> CounterRandom {
    let digest = Digest(hashing: Array("soulpack/albft/1/bootstrap".utf8) + incumbent.root.bytes + candidate.root.bytes)
    return CounterRandom(seed: digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  private static func improvements(_ pairs: [(Int64, Int64)], _ random: CounterRandom) -> [Int64] {
    let count = UInt64(pairs.count)
    return pairs.withUnsafeBufferPointer { pairs in
      (0..<UInt64(resamples)).map { resample in
        var (incumbent, candidate): (Int64, Int64) = (0, 0)
        // Below 2⁶²: `RecordLosses` refuses what could grow larger.
        for draw in resample * count..<(resample + 1) * count {
          let pair = pairs[Int(random.index(draw, below: count))]
          incumbent &+= pair.0
          candidate &+= pair.1
        }
        return improvementPPM(of: candidate, over: incumbent)
      }
    }
  }

  /// (incumbent − candidate) ⁄ incumbent in parts per million, rounded down. Nothing can be improved in part where nothing was lost.
  static func improvementPPM(of candidate: Int64, over incumbent: Int64) -> Int64 {
    guard incumbent > 0 else { return 0 }
    return Int64(clamping: floorQuotient((Int128(incumbent) - Int128(candidate)) * 1_000_000, Int128(incumbent)))
  }
}

/// Random numbers by their number: the output function of SplitMix64 over a counter (G. Steele, D. Lea, C. Flood, Fast Splittable Pseudorandom Number
/// Generators, OOPSLA 2014, figure 16).
package struct CounterRandom: Hashable, Sendable {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  package func value(_ counter: UInt64) -> UInt64 {
    var bits = seed &+ (counter &+ 1) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// Uniform but for one part in 2⁶⁴ ⁄ bound: the high word of the product with the bound.
  package func index(_ counter: UInt64, below bound: UInt64) -> UInt64 { value(counter).multipliedFullWidth(by: bound).high }
}
