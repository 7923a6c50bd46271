internal import Artifacts

/// The places of the records that a ledger kept, by id.
struct KeptPlaces {
  /// A path is met a thousand times in a row, and held once.
  private var files: [[UInt8]] = []
  private var places: [RecordID: [(file: Int, line: Int)]] = [:]

  /// Takes a line of a ledger. False where it is none.
  mutating func take(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Bool {
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
      }
    }
    guard !members.isMalformed, let file, let number = line.flatMap(bytes.natural),
      let digest = id.flatMap({ Digest(String(decoding: bytes[$0].dropFirst().dropLast(), as: UTF8.self)) })
    else { return false }
    if !(files.last?.elementsEqual(bytes[file]) ?? false) { files.append(Array(bytes[file])) }
    places[RecordID(digest), default: []].append((files.count - 1, number))
    return true
  }

  /// Of the first, second… copy of a record, counted from 0. Nil where the ledger kept fewer.
  func place(of id: RecordID, copy: Int) -> SpelledPlace? {
    guard let known = places[id], copy < known.count else { return nil }
    return SpelledPlace(file: files[known[copy].file], line: known[copy].line)
  }
}
