/// Finds the shingles that stand in so many records that sharing them is no sign of copying: a template, a signature, a set phrase.
///
/// The number of records that hold a shingle, its document frequency, is counted exactly, in two passes and in bounded memory: a row of
/// counters (Cormode and Muthukrishnan 2005, "Count-Min") that can only count too much names suspects, and the second pass counts these.
enum TemplateShingles {
  /// One record in this many.
  static let share = 1_000
  /// Fewer records than this are no template, however small the dataset.
  static let leastRecords = 20

  /// A shingle in this many records is one of a template.
  static func limit(records: Int) -> Int { max(leastRecords, (records + share - 1) / share) }

  struct Sketch: Sendable {
    private var counters: [UInt32]

    /// At 200 shingles a record, what a counter has too much is about 3 up to 65,536 records, and a twentieth of the limit beyond.
    init(records: Int) { counters = Array(repeating: 0, count: min(max(records * 64, 1 << 12).nextPowerOfTwo, 1 << 22)) }

    mutating func count(_ shingle: UInt64) { counters[slot(of: shingle)] &+= 1 }

    func estimate(_ shingle: UInt64) -> Int { Int(counters[slot(of: shingle)]) }

    mutating func add(_ other: Sketch) {
      for index in counters.indices { counters[index] &+= other.counters[index] }
    }

    var greatest: Int { Int(counters.max() ?? 0) }

    private func slot(of shingle: UInt64) -> Int { Int(truncatingIfNeeded: shingle >> 2) & (counters.count - 1) }
  }
}
