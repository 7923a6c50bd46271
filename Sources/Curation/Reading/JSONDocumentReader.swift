internal import Foundation

/// Reads a JSON text: an array of records, an export that holds one array of them, or a single record.
///
/// It is cut into its records first, and each is then parsed by itself, so that a bad one takes no other with it and memory does not grow
/// with the file. docs/curation.md, "JSON", is the contract.
enum JSONDocumentReader {
  /// Records that one task reads.
  struct Chunk: Sendable {
    let elements: [JSONScanner.Element]
    /// The number of the first in the file, from 1.
    let firstNumber: Int
  }

  enum Cut {
    /// The file is JSON Lines by another name.
    case lines
    case chunks([Chunk])
  }

  static func cut(_ data: Data, size: Int) -> Cut {
    data.withUnsafeBytes { bytes in
      guard let elements = elements(of: JSONScanner(bytes: bytes)) else { return .lines }
      return .chunks(chunks(of: elements, size: size))
    }
  }

  static func read(_ chunk: Chunk, of data: Data, file: String, _ dialect: RecordDialect? = nil) throws -> [Outcome] {
    let parser = try LineParser(dialect)
    var outcomes: [Outcome] = []
    try data.withUnsafeBytes { bytes in
      for (offset, element) in chunk.elements.enumerated() {
        let source = RecordSource(file: file, line: chunk.firstNumber + offset, byteRange: element.byteRange)
        let content = element.isBroken ? .failure(RecordFault(.invalidJSON)) : try parser.value(at: element.byteRange, of: bytes)
        outcomes.append(Outcome(source, content))
      }
    }
    return outcomes
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Nil for JSON Lines.
  private static func elements(of scanner: JSONScanner) -> [JSONScanner.Element]? {
    let bytes = scanner.bytes
    let start = scanner.skipSpace(from: bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0)
    guard start < bytes.count else { return [] }
    let whole = [JSONScanner.Element(byteRange: start..<bytes.count)]
    switch bytes[start] {
    case UInt8(ascii: "["):
      let (elements, end) = scanner.elements(ofArrayAt: start)
      return elements + trailing(scanner, from: end)
    case UInt8(ascii: "{"):
      guard let end = scanner.endOfValue(from: start) else { return whole }
      let next = scanner.skipSpace(from: end)
      let isFollowed = next < bytes.count && bytes[next] == UInt8(ascii: "{")
      guard isFollowed else { return records(scanner, of: start..<end) + trailing(scanner, from: end) }
      return bytes[start..<end].contains(UInt8(ascii: "\n")) ? sequence(scanner, from: start) : nil
    default: return whole
    }
  }

  /// What stands after the end of the text is broken.
  private static func trailing(_ scanner: JSONScanner, from end: Int) -> [JSONScanner.Element] {
    let rest = scanner.skipSpace(from: end)
    return rest < scanner.bytes.count ? [scanner.broken(from: rest)] : []
  }

  /// Objects one after another, each over several lines.
  private static func sequence(_ scanner: JSONScanner, from start: Int) -> [JSONScanner.Element] {
    var elements: [JSONScanner.Element] = []
    var index = start
    while index < scanner.bytes.count {
      guard let end = scanner.endOfValue(from: index), end > index else { return elements + [scanner.broken(from: index)] }
      elements.append(JSONScanner.Element(byteRange: index..<end))
      index = scanner.skipSpace(from: end)
    }
    return elements
  }

  /// An object that is no record and holds one array is an export: its records are that array's values.
  private static func records(_ scanner: JSONScanner, of range: Range<Int>) -> [JSONScanner.Element] {
    let single = [JSONScanner.Element(byteRange: range)]
    guard let members = scanner.members(ofObjectIn: range) else { return single }
    let bytes = scanner.bytes
    func name(_ key: Range<Int>) -> String { String(decoding: bytes[key], as: UTF8.self) }
    guard !members.contains(where: { recordKeys.contains(name($0.key)) }) else { return single }
    let arrays = members.filter { bytes[$0.value.lowerBound] == UInt8(ascii: "[") }
    guard arrays.count == 1, let array = arrays.first else { return single }
    let elements = scanner.elements(ofArrayIn: array.value)
    let isRecord = name(array.key) == "conversations" && elements.first.map { isTurn(scanner, $0.byteRange) } ?? true
    return isRecord ? single : elements
  }

  private static let recordKeys = Set(["messages", "text"] + FieldName.allCases.filter { ![.system, .label].contains($0) }.map(\.rawValue))

  /// `conversations` is also what some exports call their list of records.
  private static func isTurn(_ scanner: JSONScanner, _ range: Range<Int>) -> Bool {
    guard scanner.bytes[range].first == UInt8(ascii: "{"), let members = scanner.members(ofObjectIn: range) else { return true }
    return members.contains { ["from", "value", "role", "content"].contains(String(decoding: scanner.bytes[$0.key], as: UTF8.self)) }
  }

  private static func chunks(of elements: [JSONScanner.Element], size: Int) -> [Chunk] {
    var chunks: [Chunk] = []
    var start = 0
    for (index, element) in elements.enumerated() {
      let isLast = index + 1 == elements.count
      guard isLast || element.byteRange.upperBound - elements[start].byteRange.lowerBound >= size else { continue }
      chunks.append(Chunk(elements: Array(elements[start...index]), firstNumber: start + 1))
      start = index + 1
    }
    return chunks
  }
}
