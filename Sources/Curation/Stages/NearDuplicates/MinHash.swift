/// Proposes pairs of records to compare: minhashes (Broder 1997) in bands (Indyk and Motwani 1998; Leskovec, Rajaraman and Ullman, "Mining
/// of Massive Datasets", chapter 3).
///
/// One pass of one hash fills all bins (Li, Owen and Zhang 2012, "One Permutation Hashing"), and an empty bin takes the value of another that
/// its own sequence of numbers names (Shrivastava 2017, "Optimal Densification").
struct MinHash: Sendable {
  static let bins = 128
  private static let binBits = 7
  /// The share of pairs right at the threshold that bands may miss.
  private static let toleratedMiss = 0.0001

  let rows: Int
  let bands: Int
  /// For each bin, where to look in turn when it is empty.
  private let donors: [UInt8]
  private static let donorsPerBin = 64

  /// As many rows, and so as few chance proposals, as the tolerated miss allows at this similarity.
  init(thresholdPPM: Int) {
    let similarity = Double(thresholdPPM) / 1_000_000
    rows = (1...8).last { MinHash.miss(similarity, rows: $0) <= MinHash.toleratedMiss } ?? 1
    bands = MinHash.bins / rows
    donors = (0..<MinHash.bins * MinHash.donorsPerBin).map { UInt8(truncatingIfNeeded: Words.mixed(UInt64($0) &+ 0x6D69_6E68) >> 57) }
  }

  /// (1 − sʳ)ᵇ, by multiplication alone, which IEEE 754 makes the same everywhere.
  private static func miss(_ similarity: Double, rows: Int) -> Double {
    let agreement = (0..<rows).reduce(1.0) { power, _ in power * similarity }
    return (0..<bins / rows).reduce(1.0) { power, _ in power * (1 - agreement) }
  }

  /// Appends a key for each band. Equal keys of a band propose a pair. `shingles` may hold one twice; it must not be empty.
  ///
  /// `scratch` is for the bins, so that they are made once for many records.
  func appendKeys(of shingles: [UInt64], to keys: inout [UInt32], scratch: inout [UInt32]) {
    if scratch.count != MinHash.bins { scratch = Array(repeating: .max, count: MinHash.bins) }
    scratch.withUnsafeMutableBufferPointer { bins in
      bins.update(repeating: .max)
      for shingle in shingles {
        // Seven bits, so below 128.
        let bin = Int(truncatingIfNeeded: shingle >> (64 - UInt64(MinHash.binBits)))
        // One bit less than there is room for, so that no value looks like an empty bin.
        let value = UInt32(truncatingIfNeeded: shingle >> 24) >> 1
        bins[bin] = min(bins[bin], value)
      }
      let values = UnsafeBufferPointer(bins)
      for band in 0..<bands {
        var key = UInt64(band)
        for row in band * rows..<(band + 1) * rows { key = Words.mixed(key ^ UInt64(value(of: row, in: values)) << 8) }
        keys.append(UInt32(truncatingIfNeeded: key))
      }
    }
  }

  @inline(__always)
  private func value(of bin: Int, in values: UnsafeBufferPointer<UInt32>) -> UInt32 {
    values[bin] != .max ? values[bin] : borrowed(for: bin, in: values)
  }

  private func borrowed(for bin: Int, in values: UnsafeBufferPointer<UInt32>) -> UInt32 {
    for donor in donors[bin * MinHash.donorsPerBin..<(bin + 1) * MinHash.donorsPerBin] where values[Int(donor)] != .max {
      return values[Int(donor)]
    }
    // With one bin of 128 filled, the sequence misses it in six of ten cases; then the next one after it serves.
    return values[bin...].first { $0 != .max } ?? values.first { $0 != .max } ?? .max
  }
}
