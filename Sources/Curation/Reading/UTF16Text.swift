internal import Foundation

/// A text file in UTF-16, known by its byte order mark: what a spreadsheet calls "Unicode text". Readers are given it as UTF-8, and what they found
/// is brought back to the file's own bytes.
struct UTF16Text {
  /// Nil where the rest of the file is not well formed.
  private let utf8: [UInt8]?

  /// Nil for a file that is not in UTF-16.
  init?(_ data: Data) {
    guard data.count >= 2 else { return nil }
    let mark = [data[data.startIndex], data[data.startIndex + 1]]
    guard mark == [0xFF, 0xFE] || mark == [0xFE, 0xFF] else { return nil }
    let isLittle = mark[0] == 0xFF
    utf8 = data.withUnsafeBytes { bytes -> [UInt8]? in
      guard bytes.count.isMultiple(of: 2) else { return nil }
      let units = (1..<bytes.count / 2).map { index -> UInt16 in
        let (first, second) = (UInt16(bytes[2 * index]), UInt16(bytes[2 * index + 1]))
        return isLittle ? second << 8 | first : first << 8 | second
      }
      guard let text = String(validating: units, as: UTF16.self) else { return nil }
      return Array(text.utf8)
    }
  }

  /// What `read` makes of a file's text, at the file's own places.
  static func read(_ data: Data, file: String, _ read: (Data) -> [Outcome]) -> [Outcome] {
    guard let text = UTF16Text(data) else { return read(data) }
    guard let utf8 = text.utf8 else {
      return [Outcome(RecordSource(file: file, line: 1, byteRange: 0..<data.count), .failure(RecordFault(.invalidUTF16)))]
    }
    var places = Places(utf8: utf8)
    return read(Data(utf8)).map { outcome in
      let range = outcome.source.byteRange
      let start = places.place(of: range.lowerBound)
      return outcome.moved(to: start..<max(start, places.place(of: range.upperBound)))
    }
  }

  /// From places in the UTF-8 to those in the file. Made for places that come in order.
  private struct Places {
    let utf8: [UInt8]
    private var index = 0
    private var units = 0

    init(utf8: [UInt8]) { self.utf8 = utf8 }

    mutating func place(of target: Int) -> Int {
      if target < index { (index, units) = (0, 0) }
      while index < target {
        // A character of four bytes is two units; the other bytes of a character count for nothing.
        units += utf8[index] & 0xC0 == 0x80 ? 0 : utf8[index] >= 0xF0 ? 2 : 1
        index += 1
      }
      return 2 + 2 * units
    }
  }
}

extension Outcome {
  var source: RecordSource {
    switch self {
    case .alive(let draft): draft.source
    case .ended(let entry): entry.source
    }
  }

  fileprivate func moved(to range: Range<Int>) -> Outcome {
    let source = RecordSource(file: source.place.file, line: source.place.line, byteRange: range)
    switch self {
    case .alive(let draft):
      var moved = Draft(source: source, record: draft.record)
      moved.passages = draft.passages
      return .alive(moved)
    case .ended(let entry):
      return .ended(LedgerEntry(source: source, id: entry.id, fate: entry.fate, passages: entry.passages, characters: entry.characters))
    }
  }
}
