package import Artifacts

/// How long records are, in characters (Unicode code points) or tokens, in bins that a person can read.
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

  package init(_ lengths: some Sequence<Int>) {
    self.init(counts: lengths.reduce(into: [:]) { $0[$1, default: 0] += 1 })
  }

  /// How many records are of each length.
  init(counts: [Int: Int]) {
    let sorted = counts.sorted { $0.key < $1.key }
    shortest = sorted.first?.key ?? 0
    longest = sorted.last?.key ?? 0
    median = LengthDistribution.median(of: sorted)
    var bins: [Bin] = []
    var rest = sorted[...]
    for range in LengthDistribution.ranges where !sorted.isEmpty && range.upperBound >= shortest && range.lowerBound <= longest {
      let inside = rest.prefix { $0.key <= range.upperBound }
      rest = rest[inside.endIndex...]
      bins.append(Bin(range: range, count: inside.reduce(0) { $0 + $1.value }))
    }
    self.bins = bins
  }

  private static func median(of sorted: [(key: Int, value: Int)]) -> Int {
    var before = (sorted.reduce(0) { $0 + $1.value } - 1) / 2
    for (length, count) in sorted {
      guard before >= count else { return length }
      before -= count
    }
    return 0
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

// MARK: - JSON

extension LengthDistribution {
  package var canonical: JSONValue {
    [
      "shortest": .count(shortest), "median": .count(median), "longest": .count(longest),
      "bins": .array(bins.map { ["from": .count($0.range.lowerBound), "to": .count($0.range.upperBound), "records": .count($0.count)] }),
    ]
  }

  init?(canonical value: JSONValue) {
    guard let shortest = value.natural("shortest"), let median = value.natural("median"), let longest = value.natural("longest"),
      let values = value["bins"]?.array
    else { return nil }
    let bins = values.compactMap { value -> Bin? in
      guard let from = value.natural("from"), let to = value.natural("to"), from <= to, let count = value.natural("records") else { return nil }
      return Bin(range: from...to, count: count)
    }
    guard bins.count == values.count else { return nil }
    (self.shortest, self.median, self.longest, self.bins) = (shortest, median, longest, bins)
  }
}
