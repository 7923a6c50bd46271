/// The keys of all candidates that have evidence, so many for each as there are bands.
struct BandKeys: Sendable {
  private var candidates: [UInt32] = []
  private var keys: [UInt32] = []

  mutating func reserve(_ count: Int, _ bands: Int) {
    candidates.reserveCapacity(count)
    keys.reserveCapacity(count * bands)
  }

  mutating func append(_ candidate: Int, _ own: ArraySlice<UInt32>) {
    candidates.append(UInt32(candidate))
    keys.append(contentsOf: own)
  }

  /// Candidates that share a key of a band, two or more in each group, in their order.
  ///
  /// Nearly all keys occur once. A table of bits that fits into the cache of a processor lets through those that may occur twice, and these alone
  /// are sorted.
  func groups(inBand band: Int, of bands: Int) -> [[Int]] {
    let bitCount = min(1 << 24, max(64, (candidates.count * 8).nextPowerOfTwo))
    let mask = UInt32(bitCount - 1)
    var (once, twice) = ([UInt64](repeating: 0, count: bitCount / 64), [UInt64](repeating: 0, count: bitCount / 64))
    var pairs: [UInt64] = []
    let column = column(band, of: bands)
    column.withUnsafeBufferPointer { keys in
      for place in candidates.indices {
        let bit = keys[place] & mask
        let (word, flag) = (Int(bit >> 6), UInt64(1) << UInt64(bit & 63))
        twice[word] |= once[word] & flag
        once[word] |= flag
      }
      for (place, candidate) in candidates.enumerated() {
        let key = keys[place]
        let bit = key & mask
        if twice[Int(bit >> 6)] >> UInt64(bit & 63) & 1 != 0 { pairs.append(UInt64(key) << 32 | UInt64(candidate)) }
      }
    }
    var scratch: [UInt64] = []
    RadixSort.sort(&pairs, byBits: 32..<64, scratch: &scratch)
    return Self.runs(of: pairs)
  }

  /// The keys of one band, side by side: they are gone through twice.
  private func column(_ band: Int, of bands: Int) -> [UInt32] {
    keys.withUnsafeBufferPointer { keys in candidates.indices.map { keys[$0 * bands + band] } }
  }

  /// The candidates of each key that occurs more than once.
  private static func runs(of pairs: [UInt64]) -> [[Int]] {
    var groups: [[Int]] = []
    var start = 0
    for index in pairs.indices where index + 1 == pairs.count || pairs[index + 1] >> 32 != pairs[index] >> 32 {
      if index > start { groups.append(pairs[start...index].map { Int($0 & 0xFFFF_FFFF) }.sorted()) }
      start = index + 1
    }
    return groups
  }
}
