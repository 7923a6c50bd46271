/// One rule of byte-pair encoding: two neighbouring tokens become one.
package struct Merge: Hashable, Sendable {
  package let left: Int32
  package let right: Int32
  package let merged: Int32

  package init(left: Int32, right: Int32, merged: Int32) {
    self.left = left
    self.right = right
    self.merged = merged
  }
}

/// Two neighbouring tokens as one number, which orders as (left, right) does.
struct TokenPair: Hashable, Comparable {
  let packed: UInt64

  init(_ left: Int32, _ right: Int32) {
    packed = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  var left: Int32 { Int32(truncatingIfNeeded: packed >> 32) }
  var right: Int32 { Int32(truncatingIfNeeded: packed) }
  static func < (left: TokenPair, right: TokenPair) -> Bool { left.packed < right.packed }
}

/// The merges by their pair: a hash table with open addressing, since this look-up is most of the work of encoding.
struct MergeTable: Sendable {
  struct Rule {
    let rank: UInt32
    let merged: Int32
  }

  private static let vacant = UInt64.max  // The pair (-1, -1), which no token has.
  private var pairs: [UInt64]
  private var rules: [Rule]
  private let shift: UInt64

  /// The rank of a merge is its place in the list. Of two rules for one pair the later counts, as in Hugging Face `tokenizers`.
  init(_ merges: [Merge]) {
    var capacity = 16
    while capacity < 2 * merges.count { capacity *= 2 }
    shift = UInt64(64 - capacity.trailingZeroBitCount)
    pairs = Array(repeating: Self.vacant, count: capacity)
    rules = Array(repeating: Rule(rank: 0, merged: 0), count: capacity)
    for (rank, merge) in merges.enumerated() {
      let key = TokenPair(merge.left, merge.right).packed
      let slot = slot(of: key)
      pairs[slot] = key
      rules[slot] = Rule(rank: UInt32(rank), merged: merge.merged)
    }
  }

  @inline(__always)
  subscript(left: Int32, right: Int32) -> Rule? {
    let key = TokenPair(left, right).packed
    let slot = slot(of: key)
    return pairs[slot] == key ? rules[slot] : nil
  }

  /// Where the pair is, or where it would be. Multiplicative hashing (Knuth, TAOCP 6.4), then the next free slot.
  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while pairs[slot] != key, pairs[slot] != Self.vacant { slot = (slot + 1) & (pairs.count - 1) }
    return slot
  }
}
