/// How much of the lines or paragraphs of a text was there before. Equal are those of the same bytes, as Swift's own comparison of texts follows
/// the Unicode version that it was made with.
package struct Repetition: Hashable {
  package private(set) var count = 0
  package private(set) var characters = 0
  package private(set) var repeated = 0
  package private(set) var repeatedCharacters = 0

  /// `parts` are ranges of the text, none empty. A table of open addresses holds the first of each kind; their hashes only save comparisons.
  package init(of parts: [Range<Int>], in utf8: UnsafeBufferPointer<UInt8>) {
    count = parts.count
    let mask = (parts.count * 2).nextPowerOfTwo - 1
    var table = [Int](repeating: -1, count: mask + 1)
    var hashes: [UInt64] = []
    hashes.reserveCapacity(parts.count)
    for (index, part) in parts.enumerated() {
      let bytes = UnsafeBufferPointer(rebasing: utf8[part])
      let length = bytes.characterCount
      characters += length
      let hash = Repetition.hash(of: bytes)
      hashes.append(hash)
      var place = Int(truncatingIfNeeded: hash) & mask
      while table[place] >= 0, hashes[table[place]] != hash || !Repetition.isSame(part, parts[table[place]], utf8) { place = (place + 1) & mask }
      if table[place] < 0 {
        table[place] = index
      } else {
        repeated += 1
        repeatedCharacters += length
      }
    }
  }

  /// Of parts that are no ranges of one text; empty ones do not count.
  package init(_ parts: [Substring]) {
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    for part in parts where !part.isEmpty {
      let start = bytes.count
      bytes.append(contentsOf: part.utf8)
      ranges.append(start..<bytes.count)
    }
    self = bytes.withUnsafeBufferPointer { Repetition(of: ranges, in: $0) }
  }

  private static func isSame(_ left: Range<Int>, _ right: Range<Int>, _ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
    left.count == right.count && utf8[left].elementsEqual(utf8[right])
  }

  private static func hash(of bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = UInt64(bytes.count)
    var index = 0
    while index + EightBytes.count <= bytes.count {
      hash = Words.mixed(hash ^ EightBytes(bytes, at: index).word)
      index += EightBytes.count
    }
    let rest = bytes[index...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Words.mixed(hash ^ rest)
  }
}

/// Where the lines of a text are, and its paragraphs. A line ends at U+000A alone; CR before it is white space.
package enum Lines {
  /// Without white space at either end, and without those that are blank.
  package static func trimmed(in utf8: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    all(in: utf8).map { trimmed($0, in: utf8) }.filter { !$0.isEmpty }
  }

  /// Runs of lines between blank ones, without white space at either end.
  package static func paragraphs(in utf8: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    var paragraphs: [Range<Int>] = []
    var open: Range<Int>?
    for line in all(in: utf8) {
      let bare = trimmed(line, in: utf8)
      if !bare.isEmpty {
        open = (open?.lowerBound ?? bare.lowerBound)..<bare.upperBound
      } else if let paragraph = open {
        paragraphs.append(paragraph)
        open = nil
      }
    }
    return paragraphs + (open.map { [$0] } ?? [])
  }

  private static func all(in utf8: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    for index in utf8.indices where utf8[index] == UInt8(ascii: "\n") {
      lines.append(start..<index)
      start = index + 1
    }
    lines.append(start..<utf8.count)
    return lines
  }

  private static func trimmed(_ line: Range<Int>, in utf8: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    var (start, end) = (line.lowerBound, line.upperBound)
    while start < end {
      let (scalar, length) = Words.scalar(in: utf8, at: start)
      guard scalar.isWhiteSpace else { break }
      start += length
    }
    while start < end {
      var last = end - 1
      while utf8[last] & 0xC0 == 0x80 { last -= 1 }
      guard Words.scalar(in: utf8, at: last).0.isWhiteSpace else { break }
      end = last
    }
    return start..<end
  }
}

extension UInt32 {
  /// Of a scalar.
  fileprivate var isWhiteSpace: Bool {
    if self < 0x80 { return self == 0x20 || (0x09...0x0D).contains(self) }
    return Unicode.Scalar(self)?.properties.isWhitespace == true
  }
}
