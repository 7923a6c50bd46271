internal import Foundation

/// Walks over the members of one line of canonical JSON by their bytes: nothing is decoded, so that a million lines are read at the speed of
/// their bytes.
///
/// It relies on the line having been written by soulpack (RFC 8785: members sorted by name, no white space between tokens), and reads no more of
/// the form than it needs to find where a value ends.
package struct CanonicalLine {
  package typealias Bytes = UnsafeBufferPointer<UInt8>

  /// A member's name without its quotes, and its value as it is written; in the line's bytes.
  package struct Member {
    package let name: Range<Int>
    package let value: Range<Int>
  }

  private let bytes: Bytes
  private let end: Int
  private var index: Int
  package private(set) var isMalformed = false

  /// `range` is the line within `bytes`, without its line feed.
  package init(_ bytes: Bytes, _ range: Range<Int>) {
    self.bytes = bytes
    index = range.lowerBound + 1
    end = range.upperBound - 1
    isMalformed = range.count < 2 || bytes[range.lowerBound] != brace || bytes[range.upperBound - 1] != closingBrace
  }

  /// Nil at the end of the line, and where it is not of that form.
  package mutating func next() -> Member? {
    guard !isMalformed, index < end else { return nil }
    guard bytes[index] == quote, let nameEnd = endOfString(from: index), nameEnd < end, bytes[nameEnd] == colon,
      let valueEnd = endOfValue(from: nameEnd + 1), valueEnd == end || bytes[valueEnd] == comma
    else {
      isMalformed = true
      return nil
    }
    let member = Member(name: (index + 1)..<(nameEnd - 1), value: (nameEnd + 1)..<valueEnd)
    index = valueEnd + 1
    return member
  }

  // MARK: - Where things end

  /// One past the closing quote of the string that begins at `start`.
  private func endOfString(from start: Int) -> Int? {
    var index = start + 1
    while index < end {
      skipOrdinary(&index)
      guard index < end else { break }
      let byte = bytes[index]
      if byte == quote { return index + 1 }
      index += byte == backslash ? 2 : 1
    }
    return nil
  }

  /// Goes on by eight bytes at a time, to the first that is a quote or a backslash, or to where fewer are left (Lamport 1975, "Multiple byte
  /// processing with full-word instructions").
  private func skipOrdinary(_ index: inout Int) {
    guard let base = bytes.baseAddress else { return }
    let ones: UInt64 = 0x0101_0101_0101_0101
    while index &+ 8 <= end {
      let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
      let (quotes, backslashes) = (word ^ UInt64(quote) &* ones, word ^ UInt64(backslash) &* ones)
      // The lowest bit that is set belongs to the first such byte; those above it may be wrong.
      let found = ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & ones << 7
      if found != 0 {
        index &+= found.trailingZeroBitCount >> 3
        return
      }
      index &+= 8
    }
  }

  private func endOfValue(from start: Int) -> Int? {
    guard start < end else { return nil }
    switch bytes[start] {
    case quote: return endOfString(from: start)
    case brace, bracket: return endOfNested(from: start)
    default:
      var index = start
      while index < end, bytes[index] != comma { index += 1 }
      return index > start ? index : nil
    }
  }

  private func endOfNested(from start: Int) -> Int? {
    var depth = 0
    var index = start
    while index < end {
      switch bytes[index] {
      case quote:
        guard let next = endOfString(from: index) else { return nil }
        index = next
        continue
      case brace, bracket: depth += 1
      case closingBrace, closingBracket:
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    return nil
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether these bytes are those of an ASCII text.
  package func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount, let base = baseAddress else { return false }
    return memcmp(base + range.lowerBound, text.utf8Start, range.count) == 0
  }

  /// The number that these digits are. Nil where they are no whole number, or too large for a place in a file.
  package func natural(at range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 16 else { return nil }
    var number = 0
    for index in range {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      number = number * 10 + Int(digit)
    }
    return number
  }

  /// The record's id that stands there as a JSON string, quotes included. Nil where none does. Nothing is allocated for each of a million.
  package func recordID(at range: Range<Int>) -> RecordID? {
    let prefix: StaticString = "\"sha256:"
    let digits = range.lowerBound + prefix.utf8CodeUnitCount
    guard range.count == prefix.utf8CodeUnitCount + 65, holds(prefix, at: range.lowerBound..<digits), self[range.upperBound - 1] == quote else { return nil }
    return Digest(hexadecimal: UnsafeBufferPointer(rebasing: self[digits..<(digits + 64)])).map { RecordID($0) }
  }

  /// The next line feed at or after `start`, else the end.
  package func endOfLine(from start: Int) -> Int {
    guard start < count, let base = baseAddress, let feed = memchr(base + start, Int32(UInt8(ascii: "\n")), count - start) else { return count }
    return UnsafeRawPointer(feed) - UnsafeRawPointer(base)
  }
}

private let quote = UInt8(ascii: "\"")
private let backslash = UInt8(ascii: "\\")
private let brace = UInt8(ascii: "{")
private let closingBrace = UInt8(ascii: "}")
private let bracket = UInt8(ascii: "[")
private let closingBracket = UInt8(ascii: "]")
private let colon = UInt8(ascii: ":")
private let comma = UInt8(ascii: ",")
