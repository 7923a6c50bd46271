/// Merges the tokens of one piece: lowest rank first, leftmost where ranks are equal, until no rule applies.
///
/// The tokens are a linked list and the candidates a heap, so that n tokens take O(n log n): a megabyte without a space is no trap. Of a few
/// tokens, as most pieces are, all pairs are looked at each time, which is faster. A value of this type is scratch memory that is kept
/// between pieces.
struct PieceMerger {
  private static let none = Int32(-1)
  private static let mostScanned = 24

  private var tokens: [Int32] = []
  /// Of a short piece: the rule of each token and the one after it.
  private var rules: [MergeTable.Rule?] = []
  private var previous: [Int32] = []
  private var next: [Int32] = []
  /// (rank, position of the left token) in one number, so that the order of the heap is the rule above.
  private var candidates = BinaryHeap<UInt64>()

  /// Merges `piece` (the tokens of single bytes) and appends the result to `output`.
  mutating func merge(_ piece: [Int32], by table: MergeTable, into output: inout [Int32]) {
    if piece.count <= Self.mostScanned { return mergeScanning(piece, by: table, into: &output) }
    load(piece)
    for position in piece.indices.dropLast() { propose(at: Int32(position), by: table) }
    while let candidate = candidates.popSmallest() {
      let position = Int32(truncatingIfNeeded: candidate & 0xFFFF_FFFF)
      let right = next[Int(position)]
      guard tokens[Int(position)] != Self.none, right != Self.none,
        let rule = table[tokens[Int(position)], tokens[Int(right)]], UInt64(rule.rank) == candidate >> 32
      else { continue }  // A neighbour was merged since this was proposed.
      join(position, right, as: rule.merged)
      if previous[Int(position)] != Self.none { propose(at: previous[Int(position)], by: table) }
      propose(at: position, by: table)
    }
    var position: Int32 = piece.isEmpty ? Self.none : 0
    while position != Self.none {
      output.append(tokens[Int(position)])
      position = next[Int(position)]
    }
  }

  private mutating func mergeScanning(_ piece: [Int32], by table: MergeTable, into output: inout [Int32]) {
    tokens.removeAll(keepingCapacity: true)
    tokens += piece
    rules.removeAll(keepingCapacity: true)
    for position in piece.indices.dropLast() { rules.append(table[piece[position], piece[position + 1]]) }
    while let (position, merged) = lowest() {
      tokens[position] = merged
      tokens.remove(at: position + 1)
      rules.remove(at: position)
      if position > 0 { rules[position - 1] = table[tokens[position - 1], merged] }
      if position < rules.count { rules[position] = table[merged, tokens[position + 1]] }
    }
    output += tokens
  }

  /// The first place of the lowest rank, and what stands there when it is merged.
  private func lowest() -> (position: Int, merged: Int32)? {
    var best: (position: Int, rule: MergeTable.Rule)?
    for (position, rule) in rules.enumerated() {
      if let rule, rule.rank < best?.rule.rank ?? .max { best = (position, rule) }
    }
    return best.map { ($0.position, $0.rule.merged) }
  }

  private mutating func load(_ piece: [Int32]) {
    precondition(piece.count < Int(Int32.max), "a piece has fewer than 2³¹ bytes")
    tokens = piece
    previous.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    for position in piece.indices {
      previous.append(Int32(position) - 1)
      next.append(position + 1 < piece.count ? Int32(position) + 1 : Self.none)
    }
    candidates.removeAll()
  }

  private mutating func propose(at position: Int32, by table: MergeTable) {
    let right = next[Int(position)]
    guard right != Self.none, let rule = table[tokens[Int(position)], tokens[Int(right)]] else { return }
    candidates.insert(UInt64(rule.rank) << 32 | UInt64(position))
  }

  private mutating func join(_ left: Int32, _ right: Int32, as merged: Int32) {
    tokens[Int(left)] = merged
    tokens[Int(right)] = Self.none
    let after = next[Int(right)]
    next[Int(left)] = after
    if after != Self.none { previous[Int(after)] = left }
  }
}
