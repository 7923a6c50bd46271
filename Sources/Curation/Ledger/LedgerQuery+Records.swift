package import Artifacts
internal import Foundation

/// Asking for several records at once: however many they are, the bytes of the ledger are gone through a few times.
extension LedgerQuery {
  /// What `why(record:)` says of each of these ids that it knows, in the order of the sources.
  package func why(records ids: Set<RecordID>) throws -> [Explanation] {
    guard !ids.isEmpty else { return [] }
    var entries: [LedgerEntry] = []
    try forEachSpelledLine { number, bytes, range in
      guard Self.names(ids, bytes, range) else { return true }
      entries.append(try Self.entry(bytes, range, number))
      return true
    }
    let own = entries.filter { $0.id.map(ids.contains) ?? false }
    let missing = ids.subtracting(own.compactMap(\.id))
    // A keeper that a later stage changed has another id in the end; what was merged into it names the one that it had then.
    let changed = Set(entries.compactMap { $0.keeper.flatMap { missing.contains($0.id) ? $0.place : nil } })
    // One that is asked for by both of its ids is answered once.
    let keepers = try self.entries(atEach: changed.subtracting(own.map(\.source.place)))
    return try explanations(of: (own + keepers).sorted { $0.source.place < $1.source.place })
  }

  /// What `why(file:line:)` says of each of these places, of those that it has an answer for.
  package func why(places: Set<RecordPlace>) throws -> [RecordPlace: Explanation] {
    guard !places.isEmpty else { return [:] }
    let beginnings = try beginnings(of: places)
    let found = try entries(at: Set(beginnings.values)).values.sorted { $0.source.place < $1.source.place }
    let explanations = Dictionary(uniqueKeysWithValues: try explanations(of: found).map { ($0.entry.source.place, $0) })
    return beginnings.compactMapValues { explanations[$0] }
  }

  /// Each with what was merged into it, in the order of the sources.
  ///
  /// What a record was merged into is named by its place: with copies left in, an id may stand for several, and a stage after the merge may have
  /// given the keeper another.
  func explanations(of entries: [LedgerEntry]) throws -> [Explanation] {
    guard !entries.isEmpty else { return [] }
    let places = Set(entries.map(\.source.place))
    let lines = Set(places.map(\.line))
    var members: [RecordPlace: [LedgerEntry]] = [:]
    try forEachSpelledLine { number, bytes, range in
      guard let line = Self.lineOfKeeper(bytes, range), lines.contains(line) else { return true }
      let entry = try Self.entry(bytes, range, number)
      if let place = entry.keeper?.place, places.contains(place) { members[place, default: []].append(entry) }
      return true
    }
    return entries.map { Explanation($0, ledger.parameters, members: members[$0.source.place, default: []]) }
  }

  /// The line of what a record was merged into. Nil where it was not merged.
  private static func lineOfKeeper(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Int? {
    var members = CanonicalLine(bytes, range)
    while let member = members.next() {
      if bytes.holds("fate", at: member.name), !bytes.holds("\"merged\"", at: member.value) { return nil }
      guard bytes.holds("keeper", at: member.name) else { continue }
      var keeper = CanonicalLine(bytes, member.value)
      while let part = keeper.next() {
        if bytes.holds("line", at: part.name) { return bytes.natural(at: part.value) }
      }
      return nil
    }
    return nil
  }

  // MARK: - Places

  /// Where the record begins that holds a line: in prose and in tables, any line of a record names it.
  private func beginnings(of places: Set<RecordPlace>) throws -> [RecordPlace: RecordPlace] {
    let byFile = Dictionary(grouping: places) { spelled($0.file) }
    let long = Set(files.lazy.filter(\.hasRecordsOfManyLines).map { spelled($0.path) }).intersection(byFile.keys)
    var lines: [[UInt8]: [Int]] = [:]
    if !long.isEmpty { try forEachRecord(of: long) { file, line, _, _, _ in lines[file, default: []].append(line) } }
    var beginnings: [RecordPlace: RecordPlace] = [:]
    for (file, places) in byFile {
      for place in places {
        guard let lines = lines[file] else {
          beginnings[place] = place
          continue
        }
        let after = lines.partitionPoint { $0 > place.line }
        if after > 0 { beginnings[place] = RecordPlace(file: place.file, line: lines[after - 1]) }
      }
    }
    return beginnings
  }

  /// The records that begin at places where a ledger says that some do.
  func entries(atEach places: Set<RecordPlace>) throws -> [LedgerEntry] {
    let found = try entries(at: places)
    return try places.sorted().map { place in
      guard let entry = found[place] else { throw LedgerQueryError.noRecord(place) }
      return entry
    }
  }

  /// The records that begin at these places, where some do.
  private func entries(at places: Set<RecordPlace>) throws -> [RecordPlace: LedgerEntry] {
    guard !places.isEmpty else { return [:] }
    let lines = Dictionary(grouping: places) { spelled($0.file) }.mapValues { Set($0.map(\.line)) }
    var found: [RecordPlace: LedgerEntry] = [:]
    try forEachRecord(of: Set(lines.keys)) { file, line, number, bytes, range in
      guard lines[file]?.contains(line) ?? false else { return }
      let entry = try Self.entry(bytes, range, number)
      found[entry.source.place] = entry
    }
    return found
  }

  /// The records that were read from some files, whose paths are spelled as the ledger spells them.
  private func forEachRecord(
    of files: Set<[UInt8]>, _ body: (_ file: [UInt8], _ line: Int, _ number: Int, CanonicalLine.Bytes, Range<Int>) throws -> Void
  ) throws {
    // A path is met a thousand times in a row, and looked up once.
    var last: (file: [UInt8], isAsked: Bool)?
    try forEachSpelledLine { number, bytes, range in
      guard let (file, line) = SpelledPlace.members(bytes, range) else { throw CurationError.malformedLedger(line: number) }
      if !(last?.file.elementsEqual(bytes[file]) ?? false) {
        let path = Array(bytes[file])
        last = (path, files.contains(path))
      }
      if let last, last.isAsked { try body(last.file, line, number, bytes, range) }
      return true
    }
  }

  private func spelled(_ path: String) -> [UInt8] { Array(JSONValue.string(path).canonicalText.utf8) }

  private static func entry(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>, _ number: Int) throws -> LedgerEntry {
    // Why it does not parse says no more than that it is none.
    guard let value = try? JSONValue(parsing: Data(bytes[range])), let entry = LedgerEntry(canonical: value) else {
      throw CurationError.malformedLedger(line: number)
    }
    return entry
  }

  /// Whether a line has one of the ids, its own or its keeper's. In quotation marks, a name is met as a member alone (`forEachLine`).
  private static func names(_ ids: Set<RecordID>, _ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Bool {
    let name: StaticString = "\"id\":"
    let spelledByteCount = 73  // "sha256:", 64 digits and quotation marks.
    var start = range.lowerBound
    while let base = bytes.baseAddress, start < range.upperBound, let hit = memchr(base + start, Int32(UInt8(ascii: "\"")), range.upperBound - start) {
      start = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(hit))
      let value = start + name.utf8CodeUnitCount
      guard value + spelledByteCount <= range.upperBound else { return false }
      if bytes.holds(name, at: start..<value), let id = bytes.recordID(at: value..<(value + spelledByteCount)), ids.contains(id) { return true }
      start += 1
    }
    return false
  }
}

extension LedgerEntry {
  /// What it was merged into, by the id and the place that the keeper had then.
  fileprivate var keeper: (id: RecordID, place: RecordPlace)? {
    guard case .merged(let keeper, let place, _) = fate else { return nil }
    return (keeper, place)
  }
}

extension Ledger.File {
  fileprivate var hasRecordsOfManyLines: Bool {
    guard case .read(let kind, _) = fate else { return false }
    return kind.hasRecordsOfManyLines
  }
}
