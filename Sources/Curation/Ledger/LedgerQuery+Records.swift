package import Artifacts
internal import Foundation

/// Asking for several records at once: as often as for one are the bytes of the ledger gone through, which is twice.
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
    let keepers = try changed.map { try entry(at: $0) }
    return try explanations(of: (own + keepers).sorted { $0.source.place < $1.source.place })
  }

  /// Each with what was merged into it.
  private func explanations(of entries: [LedgerEntry]) throws -> [Explanation] {
    guard !entries.isEmpty else { return [] }
    let needles = Set(entries.map(\.source.place.line)).flatMap { Self.endsOfKeepers(onLine: $0) }.map { Array($0.utf8) }
    let places = Set(entries.map(\.source.place))
    var members: [RecordPlace: [LedgerEntry]] = [:]
    try forEachSpelledLine { number, bytes, range in
      let line = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range]))
      guard needles.contains(where: line.holds) else { return true }
      let entry = try Self.entry(bytes, range, number)
      if let place = entry.keeper?.place, places.contains(place) { members[place, default: []].append(entry) }
      return true
    }
    return entries.map { Explanation($0, ledger.parameters, members: members[$0.source.place, default: []]) }
  }

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
