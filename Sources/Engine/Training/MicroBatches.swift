/// Cuts a step into parts that fit in memory. Chains go on from one part to the next, so the cut never changes a byte.
enum MicroBatches {
  /// Consecutive examples, as many as stay within `tokenBound` rows; an example longer than that is a part of its own.
  static func split(_ examples: [EncodedExample], tokenBound: Int) -> [[EncodedExample]] {
    var parts: [[EncodedExample]] = []
    var rows = 0
    for example in examples {
      if !parts.isEmpty, rows + example.rowCount <= tokenBound {
        parts[parts.count - 1].append(example)
        rows += example.rowCount
      } else {
        parts.append([example])
        rows = example.rowCount
      }
    }
    return parts
  }

  /// The most rows, positions and supervised rows that any part of these steps has.
  static func largest(_ steps: some Sequence<[EncodedExample]>, tokenBound: Int) -> (rows: Int, positions: Int, supervised: Int) {
    var largest = (rows: 0, positions: 0, supervised: 0)
    for step in steps {
      for part in split(step, tokenBound: tokenBound) {
        largest.rows = max(largest.rows, part.reduce(0) { $0 + $1.rowCount })
        largest.positions = max(largest.positions, part.map(\.rowCount).max() ?? 0)
        largest.supervised = max(largest.supervised, part.reduce(0) { $0 + $1.supervisedTokenCount })
      }
    }
    return largest
  }
}
