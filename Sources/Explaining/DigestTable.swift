internal import Artifacts

/// Where each of many digests stands in a list.
///
/// Open addressing (Knuth, TAOCP 6.4, linear probing), at most half full: the digests stay where they are, and an entry costs twenty bytes or
/// more. With dictionaries, filling them was most of the time in which two versions of a million records were compared.
struct DigestTable: Sendable {
  let digests: [Digest]
  /// How many different digests there are.
  private(set) var count = 0
  /// The first index of the digest that a slot is for, and above it some bits of that digest, so that most others are told apart without
  /// a look at the list; all bits where it is free.
  private var slots: [UInt64]
  /// For each index, the next one of the same digest; −1 after the last.
  private var following: [Int32]
  private let mask: Int

  init(_ digests: [Digest]) {
    self.digests = digests
    var size = 16
    while size < digests.count * 2 { size *= 2 }
    mask = size - 1
    slots = [UInt64](repeating: Self.free, count: size)
    following = [Int32](repeating: -1, count: digests.count)
    // From the end, so that each goes before those that come after it.
    for index in digests.indices.reversed() {
      let slot = slot(of: digests[index])
      if slots[slot] == Self.free { count += 1 } else { following[index] = Int32(slots[slot] & Self.indexBits) }
      slots[slot] = Self.tag(digests[index]) | UInt64(index)
    }
  }

  /// The first index of this digest; −1 where it is not there.
  func first(of digest: Digest) -> Int {
    let slot = slots[slot(of: digest)]
    return slot == Self.free ? -1 : Int(slot & Self.indexBits)
  }

  /// The next index of the same digest; −1 after the last.
  func next(after index: Int) -> Int { Int(following[index]) }

  private static let free = UInt64.max
  private static let indexBits: UInt64 = 0x7FFF_FFFF
  private static func tag(_ digest: Digest) -> UInt64 { digest.words.y & ~indexBits }

  private func slot(of digest: Digest) -> Int {
    let tag = Self.tag(digest)
    // Any part of a digest is a hash.
    var index = Int(truncatingIfNeeded: digest.words.x) & mask
    while true {
      let slot = slots[index]
      if slot == Self.free || (slot & ~Self.indexBits == tag && digests[Int(slot & Self.indexBits)] == digest) { return index }
      index = (index + 1) & mask
    }
  }
}
