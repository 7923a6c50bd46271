/// Which shingles stand in so many records that sharing them is no sign of copying: a template, a signature, a set phrase.
enum TemplateShingles {
  /// One record in this many.
  static let share = 1_000
  /// Fewer records than this are no template, however small the dataset.
  static let leastRecords = 20

  /// A shingle in this many records is one of a template.
  ///
  /// Rounded up to four leading bits: in a growing dataset it moves seldom, and only then is every record compared anew.
  static func limit(records: Int) -> Int {
    let least = max(leastRecords, (records + share - 1) / share)
    let step = 1 << max(0, Int.bitWidth - least.leadingZeroBitCount - 4)
    return (least + step - 1) / step * step
  }
}

/// Counts shingles in a row of counters (Cormode and Muthukrishnan 2005, "Count-Min", with one row): it can only count too much, and names those
/// that have to be counted exactly.
struct ShingleSketch: Sendable {
  /// 2²² counters: at 200 shingles a record, one has too much by 50 for each million records.
  static let slotCount = 1 << 22
  private(set) var counters: [UInt16]

  init(_ counters: [UInt16] = .scattered(count: slotCount)) { self.counters = counters }

  static func slot(of shingle: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: shingle >> 2) & UInt32(slotCount - 1) }

  /// A counter that is full stays full: what it says is "many".
  mutating func count(_ slot: UInt32) { counters[Int(slot)] = Self.increased(counters[Int(slot)]) }

  mutating func count(_ slots: ArraySlice<UInt32>) {
    counters.withUnsafeMutableBufferPointer { counters in
      for slot in slots { counters[Int(slot)] = Self.increased(counters[Int(slot)]) }
    }
  }

  private static func increased(_ value: UInt16) -> UInt16 { value == .max ? value : value + 1 }

  /// One that is full no longer knows by how much, and stays.
  mutating func discount(_ slot: UInt32) {
    let value = counters[Int(slot)]
    counters[Int(slot)] = value == .max || value == 0 ? value : value - 1
  }

  func isSuspect(_ slot: UInt32, limit: Int) -> Bool { counters[Int(slot)] >= UInt16(clamping: limit) }

  mutating func add(_ other: ShingleSketch) {
    for index in counters.indices {
      let (sum, isOver) = counters[index].addingReportingOverflow(other.counters[index])
      counters[index] = isOver ? .max : sum
    }
  }

  /// A bit for each counter that reached `limit`; nil where none did.
  func suspects(limit: Int) -> SuspectSlots? {
    let limit = UInt16(clamping: limit)
    var suspects = SuspectSlots()
    var isAny = false
    for (slot, count) in counters.enumerated() where count >= limit {
      suspects.insert(UInt32(slot))
      isAny = true
    }
    return isAny ? suspects : nil
  }
}

/// A set of counters, by one bit each, so that it stays in the cache of a processor.
struct SuspectSlots: Sendable {
  private(set) var words: [UInt64]

  init(_ words: [UInt64] = [UInt64](repeating: 0, count: ShingleSketch.slotCount / 64)) { self.words = words }

  mutating func insert(_ slot: UInt32) { words[Int(slot >> 6)] |= 1 << UInt64(slot & 63) }

  /// In ascending order.
  var slots: [UInt32] {
    words.indices.lazy.filter { words[$0] != 0 }.flatMap { word in (0..<UInt32(64)).filter { words[word] >> UInt64($0) & 1 != 0 }.map { UInt32(word) << 6 | $0 } }
  }

  func contains(_ slot: UInt32) -> Bool { words[Int(slot >> 6)] >> UInt64(slot & 63) & 1 != 0 }
}
