internal import Artifacts

/// How long the records of a dataset are, in characters (Unicode code points), in bins that a person can read.
package struct LengthDistribution: Hashable, Sendable {
  package struct Bin: Hashable, Sendable {
    package let range: ClosedRange<Int>
    package let count: Int
  }

  /// Next to each other, the first and the last not empty. None where there is no record.
  package let bins: [Bin]
  package let shortest: Int
  /// The lower one of the two in the middle, where their number is even.
  package let median: Int
  package let longest: Int

  package init(lengthsInCharacters: [Int]) {
    let sorted = lengthsInCharacters.sorted()
    shortest = sorted.first ?? 0
    longest = sorted.last ?? 0
    median = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
    var bins: [Bin] = []
    var from = sorted[...]
    for range in LengthDistribution.ranges where range.upperBound >= shortest && range.lowerBound <= longest {
      let rest = from.drop { $0 <= range.upperBound }
      bins.append(Bin(range: range, count: from.count - rest.count))
      from = rest
    }
    self.bins = sorted.isEmpty ? [] : bins
  }

  /// 0, 1–9, then each power of ten cut at 1.5, 2, 3, 5 and 7: each about half as wide again as the one before.
  private static let ranges: [ClosedRange<Int>] = {
    var starts = [0, 1]
    var ten = 10
    while ten <= 1_000_000_000 {
      starts += [10, 15, 20, 30, 50, 70].map { $0 * ten / 10 }
      ten *= 10
    }
    return zip(starts, starts.dropFirst()).map { $0...($1 - 1) } + [starts[starts.count - 1]...Int.max]
  }()
}

extension StoredDataset {
  /// Of each record, in order. Parses the lines again.
  package func lengthsInCharacters() throws -> [Int] {
    var lengths: [Int] = []
    try forEachRecord { _, record in lengths.append(LengthStage.characters(of: record.content)) }
    return lengths
  }
}

extension LengthDistribution {
  /// The same of another unit.
  package init(lengthsInTokens: [Int]) { self.init(lengthsInCharacters: lengthsInTokens) }
}
