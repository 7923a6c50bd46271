/// One header block of a canonical tar: USTAR (POSIX.1-1988), a regular file, and nothing that could differ between two machines.
///
/// mode 0644, owner and group 0 without names, time 0, device numbers 0, no prefix. What is left is a name of at most 100 bytes and a size of at
/// most 8 GiB − 1. Larger files would need a pax or GNU extension, each of which has several spellings: they are refused, and weights are
/// sharded well below that anyway.
struct TarHeader: Equatable {
  static let byteCount = 512
  static let largestFile: Int64 = 0o777_7777_7777

  let name: String
  let fileByteCount: Int64

  /// Fails for a name that is not relative and contained, or has other bytes than printable ASCII, and for a size that has no place.
  init(name: String, fileByteCount: Int64) throws(TarProblem) {
    guard Self.isName(name) else { throw .name }
    guard (0...Self.largestFile).contains(fileByteCount) else { throw .size(fileByteCount) }
    self.name = name
    self.fileByteCount = fileByteCount
  }

  /// Relative, `/` between parts, no empty part, no `.`, no `..`; printable ASCII without a space or a backslash; 1 to 100 bytes.
  private static func isName(_ name: String) -> Bool {
    let bytes = name.utf8
    guard (1...100).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else { return false }
    return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// The zeros between the end of the file and the next header.
  var paddingByteCount: Int { Self.padding(after: fileByteCount) }

  static func padding(after count: Int64) -> Int { Int((512 - count % 512) % 512) }
}

// MARK: - Bytes

extension TarHeader {
  /// Where each field of a header lies (POSIX.1-1988, section 10.1.1).
  private enum Field {
    static let name = 0..<100
    static let mode = 100..<108
    static let owner = 108..<116
    static let group = 116..<124
    static let size = 124..<136
    static let time = 136..<148
    static let checksum = 148..<156
    static let type = 156
    static let magic = 257..<265
    static let majorDevice = 329..<337
    static let minorDevice = 337..<345
  }

  /// The one spelling of this header.
  var block: [UInt8] {
    var block = [UInt8](repeating: 0, count: Self.byteCount)
    func place(_ text: String, at range: Range<Int>) { block.replaceSubrange(range.lowerBound..<(range.lowerBound + text.utf8.count), with: text.utf8) }
    place(name, at: Field.name)
    place("0000644", at: Field.mode)
    place("0000000", at: Field.owner)
    place("0000000", at: Field.group)
    place(Self.octal(fileByteCount, digits: 11), at: Field.size)
    place("00000000000", at: Field.time)
    block[Field.type] = UInt8(ascii: "0")
    place("ustar\u{0}00", at: Field.magic)
    place("0000000", at: Field.majorDevice)
    place("0000000", at: Field.minorDevice)
    // The sum is taken with spaces in its own place, and written as six digits, a zero byte, a space.
    place("        ", at: Field.checksum)
    place(Self.octal(block.reduce(0) { $0 + Int64($1) }, digits: 6) + "\u{0} ", at: Field.checksum)
    return block
  }

  /// Reads a block that `block` wrote, byte for byte. What else it is, is only looked at to say why it is refused.
  init(parsing block: [UInt8]) throws(TarProblem) {
    let nameBytes = block[Field.name].prefix { $0 != 0 }
    guard let type = block.dropFirst(Field.type).first, type == UInt8(ascii: "0") || type == 0 else {
      throw .notARegularFile(type: block[Field.type])
    }
    guard let size = Self.number(block[Field.size]) else { throw .header }
    try self.init(name: String(decoding: nameBytes, as: UTF8.self), fileByteCount: size)
    guard self.block == block else { throw .header }
  }

  private static func octal(_ number: Int64, digits: Int) -> String {
    let text = String(number, radix: 8)
    return String(repeating: "0", count: digits - text.count) + text
  }

  /// Eleven octal digits and a zero byte; base-256 numbers, which other tools write for large sizes, are not ours.
  private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
    guard field.last == 0 else { return nil }
    var number: Int64 = 0
    for digit in field.dropLast() {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
      number = number * 8 + Int64(digit - UInt8(ascii: "0"))
    }
    return number
  }
}
