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

  /// False where it is a member already.
  mutating func insert(_ hash: UInt64) -> Bool {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash >> 2) & mask
    while stamps[slot] == round {
      if slots[slot] == hash { return false }
      slot = (slot + 1) & mask
    }
    (slots[slot], stamps[slot]) = (hash, round)
    return true
  }
}

extension Int {
  /// The least power of two that is not below it.
  var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
