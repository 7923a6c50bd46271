internal import Artifacts

/// The places of the records that a ledger kept, by id.
struct KeptPlaces: Sendable {
  fileprivate struct Place: Sendable {
    /// Into `files`.
    var file: Int
    let line: Int
  }

  /// A path is met a thousand times in a row, and held once.
  private var files: [[UInt8]] = []
  private var places: [RecordID: Place] = [:]
  /// Of records that were kept more than once, which are few: the others, in the order of the sources.
  private var further: [RecordID: [Place]] = [:]

  init(_ ledger: LedgerQuery) throws {
    let chunks = ledger.ledger.chunks
    places.reserveCapacity(chunks.reduce(0) { $0 + $1.recordCount })
    for chunk in try concurrentMap(chunks.count, { try KeptChunk(ledger, $0) }) {
      for (id, var place) in chunk.kept {
        place.file += files.count
        if places[id] == nil { places[id] = place } else { further[id, default: []].append(place) }
      }
      files += chunk.files
    }
  }

  /// Of the first, second… copy of a record, counted from 0. Nil where the ledger kept fewer.
  func place(of id: RecordID, copy: Int) -> SpelledPlace? {
    let others = copy == 0 ? [] : further[id] ?? []
    guard let place = copy == 0 ? places[id] : copy <= others.count ? others[copy - 1] : nil else { return nil }
    return SpelledPlace(file: files[place.file], line: place.line)
  }
}

/// What one chunk of a ledger kept, in the order of the sources.
private struct KeptChunk: Sendable {
  private(set) var files: [[UInt8]] = []
  private(set) var kept: [(id: RecordID, place: KeptPlaces.Place)] = []

  init(_ ledger: LedgerQuery, _ chunk: Int) throws {
    try ledger.forEachSpelledLine(in: ledger.ledger.chunks[chunk...chunk]) { number, bytes, range in
      guard take(bytes, range) else { throw CurationError.malformedLedger(line: number) }
      return true
    }
  }

  /// Takes a line. False where it is none.
  private mutating func take(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Bool {
    var members = CanonicalLine(bytes, range)
    var id, file, line: Range<Int>?
    while let member = members.next() {
      if bytes.holds("fate", at: member.name) {
        guard bytes.holds("\"kept\"", at: member.value) else { return true }
      } else if bytes.holds("id", at: member.name) {
        id = member.value
      } else if bytes.holds("file", at: member.name) {
        file = member.value
      } else if bytes.holds("line", at: member.name) {
        line = member.value
        // Nothing that is asked for has a later name. Whether the rest has the form is not looked at: the chunk's bytes have been held against its
        // digest, and the export of the ledger goes through whole lines.
        break
      }
    }
    guard !members.isMalformed, let file, let number = line.flatMap(bytes.natural), let id = id.flatMap(bytes.recordID) else { return false }
    if !(files.last?.elementsEqual(bytes[file]) ?? false) { files.append(Array(bytes[file])) }
    kept.append((id, KeptPlaces.Place(file: files.count - 1, line: number)))
    return true
  }
}
