/// Where a large object is cut into chunks: by what stands there and not by how far in it stands, so that two versions share what they
/// share.
///
/// FastCDC with normalized chunking (Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data Deduplication",
/// USENIX ATC 2016, and its extension in IEEE TPDS 31(9), 2020). A place is a cut where the gear hash of the 64 bytes before it begins with
/// enough zeros: with 19 of them as long as a chunk is shorter than normal, with 15 after that. The first bytes of a chunk are not
/// looked at, which is where the speed comes from.
enum ChunkCutter {
  static let minimum = 64 << 10
  static let normal = 128 << 10
  static let maximum = 512 << 10
  /// What is not larger is kept whole.
  static let wholeByteLimit = normal
  private static let window = 64

  /// The length of the first chunk of `bytes`, which are `maximum` at least, or all that is left.
  static func firstLength(of bytes: UnsafeRawBufferPointer) -> Int {
    let end = min(bytes.count, maximum)
    guard end > minimum, let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return end }
    return gear.withUnsafeBufferPointer { gear in
      var hash: UInt64 = 0
      var index = minimum - window
      while index < minimum {
        hash = (hash &<< 1) &+ gear[Int(base[index])]
        index += 1
      }
      if let cut = scan(base, gear, &hash, from: index, to: min(normal, end), below: 1 << 45) { return cut }
      return scan(base, gear, &hash, from: max(index, min(normal, end)), to: end, below: 1 << 49) ?? end
    }
  }

  @inline(__always)
  private static func scan(
    _ base: UnsafePointer<UInt8>, _ gear: UnsafeBufferPointer<UInt64>, _ hash: inout UInt64, from start: Int, to end: Int, below limit: UInt64
  ) -> Int? {
    guard let table = gear.baseAddress else { return nil }
    func word(_ index: Int) -> UInt64 { table[Int(base[index])] }
    var value = hash
    var index = start
    // Two at a time: what the next pair waits for is one shift and one sum, and not two.
    while index &+ 1 < end {
      let next = (value &<< 1) &+ word(index)
      if value < limit { return index }
      if next < limit { return index &+ 1 }
      value = (value &<< 2) &+ ((word(index) &<< 1) &+ word(index &+ 1))
      index &+= 2
    }
    if index < end {
      if value < limit { return index }
      value = (value &<< 1) &+ word(index)
    }
    hash = value
    return nil
  }

  /// 256 words by SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) from the seed 0. Other
  /// words would be as good; these must stay, or versions would no longer share.
  private static let gear: [UInt64] = {
    var state: UInt64 = 0
    return (0..<256).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }()
}
