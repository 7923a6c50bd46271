/// A set of hashes that is used again for the next record without being cleared.
struct DistinctHashes {
  private var slots: [UInt64] = []
  /// A slot is taken where its stamp is this round's.
  private var stamps: [UInt32] = []
  private var round: UInt32 = 0

  /// Empties it, and makes room for `count` members.
  mutating func reset(for count: Int) {
    let needed = max(64, (count * 2).nextPowerOfTwo)
    if slots.count < needed || round == .max {
      slots = Array(repeating: 0, count: needed)
      stamps = Array(repeating: 0, count: needed)
      round = 0
    }
    round += 1
  }

  /// Makes each of `hashes` a member, and hands on those that were none, in their order.
  @inline(__always)
  mutating func insert(_ hashes: [UInt64], new body: (UInt64) throws -> Void) rethrows {
    let (mask, round) = (slots.count - 1, round)
    try slots.withUnsafeMutableBufferPointer { slots in
      try stamps.withUnsafeMutableBufferPointer { stamps in
        for hash in hashes {
          var slot = Int(truncatingIfNeeded: hash >> 2) & mask
          while stamps[slot] == round && slots[slot] != hash { slot = (slot + 1) & mask }
          guard stamps[slot] != round else { continue }
          (slots[slot], stamps[slot]) = (hash, round)
          try body(hash)
        }
      }
    }
  }
}

extension Int {
  /// The least power of two that is not below it.
  var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
