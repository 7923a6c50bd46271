package import Foundation

/// The bytes of a listing, and back: what `canonical` says, for a hundred thousand files at once. Building a document of as many objects
/// takes a second; these are the same bytes, and a test holds them together.
extension Snapshot {
  private static let head = Data(#"{"entries":["#.utf8)
  private static let tail = Data(#"],"schema":"soulpack.snapshot/1"}"#.utf8)

  /// RFC 8785, as `canonical.canonical`.
  package var canonicalBytes: Data {
    var writer = ListingWriter(entryCount: entries.count, pathByteCount: entries.reduce(0) { $0 + $1.path.utf8.count })
    for entry in entries {
      var path = entry.path
      path.withUTF8 { writer.append(path: UnsafeRawBufferPointer($0), byteCount: entry.byteCount, digest: entry.digest) }
    }
    return writer.finish()
  }

  /// Writes a listing entry by entry, by the bytes of paths, for who has no strings.
  package struct ListingWriter: ~Copyable {
    private var bytes: [UInt8] = []
    private var isFirst = true

    /// The counts are what to make room for.
    package init(entryCount: Int, pathByteCount: Int) {
      bytes.reserveCapacity(256 + pathByteCount + 128 * entryCount)
      bytes += head
    }

    package mutating func append(path: UnsafeRawBufferPointer, byteCount: Int64, digest: Digest) {
      bytes += isFirst ? Self.opening : Self.next
      isFirst = false
      append(byteCount)
      bytes += Self.digest
      append(digest)
      bytes += Self.path
      if path.allSatisfy(isPlain) {
        bytes.append(UInt8(ascii: "\""))
        bytes += path
        bytes.append(UInt8(ascii: "\""))
      } else {
        bytes += JSONValue.string(String(decoding: path, as: UTF8.self)).canonical
      }
      bytes.append(UInt8(ascii: "}"))
    }

    private mutating func append(_ byteCount: Int64) {
      guard byteCount < 0 || byteCount > 9 else { return bytes.append(UInt8(ascii: "0") + UInt8(byteCount)) }
      bytes += String(byteCount).utf8
    }

    private mutating func append(_ digest: Digest) {
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * Digest.byteCount) { text in
        digest.withUnsafeBytes { digest in
          for index in 0..<Digest.byteCount {
            text[2 * index] = digits[Int(digest[index] >> 4)]
            text[2 * index + 1] = digits[Int(digest[index] & 15)]
          }
        }
        bytes += text
      }
    }

    package consuming func finish() -> Data {
      bytes += tail
      return Data(bytes)
    }

    private static let opening = Array(#"{"bytes":"#.utf8)
    private static let next = Array(#",{"bytes":"#.utf8)
    private static let digest = Array(#","digest":"sha256:"#.utf8)
    private static let path = Array(#"","path":"#.utf8)
  }

  /// Reads what `canonicalBytes` gives. Nil for every other document, and for a path that could leave its folder.
  package init?(parsing bytes: Data) {
    if let entries = bytes.withUnsafeBytes({ Self.plainEntries($0) }) {
      self.init(entries: entries)
      let isStrict = zip(self.entries, self.entries.dropFirst()).allSatisfy { $0.path != $1.path }
      guard isStrict else { return nil }
      return
    }
    // With escapes in a path, or not ours: slowly, and by the rules.
    guard let value = try? JSONValue(parsingCanonical: bytes), let snapshot = Snapshot(canonical: value) else { return nil }
    self = snapshot
  }

  private static let digits = Array("0123456789abcdef".utf8)
  private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") }

  private static func plainEntries(_ bytes: UnsafeRawBufferPointer) -> [Entry]? {
    guard bytes.count >= head.count + tail.count, bytes.starts(with: head), bytes.suffix(tail.count).elementsEqual(tail) else { return nil }
    var scanner = ListingScanner(bytes: bytes, next: head.count, end: bytes.count - tail.count)
    var entries: [Entry] = []
    while scanner.next < scanner.end {
      guard entries.isEmpty || scanner.take(",") , let entry = scanner.entry() else { return nil }
      entries.append(entry)
    }
    return entries
  }
}

/// Reads rows of a listing in the one form that is written.
private struct ListingScanner {
  let bytes: UnsafeRawBufferPointer
  var next: Int
  let end: Int

  mutating func take(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard next + count <= end else { return false }
    for index in 0..<count where bytes[next + index] != text.utf8Start[index] { return false }
    next += count
    return true
  }

  mutating func entry() -> Snapshot.Entry? {
    guard take(#"{"bytes":"#), let byteCount = number(), take(#","digest":"sha256:"#), let digest = digest(), take(#"","path":""#),
      let path = path(), take(#""}"#)
    else { return nil }
    return Snapshot.Entry(path: path, byteCount: byteCount, digest: digest)
  }

  /// Without a sign, a leading zero or an overflow.
  private mutating func number() -> Int64? {
    let start = next
    var value: Int64 = 0
    while next < end, (0x30...0x39).contains(bytes[next]), next - start < 16 {
      value = value * 10 + Int64(bytes[next] - 0x30)
      next += 1
    }
    guard next > start, next - start == 1 || bytes[start] != 0x30 else { return nil }
    return value
  }

  private mutating func digest() -> Digest? {
    guard next + 64 <= end else { return nil }
    var raw = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    let isGood = withUnsafeMutableBytes(of: &raw) { raw in
      for index in 0..<32 {
        guard let high = nibble(bytes[next + 2 * index]), let low = nibble(bytes[next + 2 * index + 1]) else { return false }
        raw[index] = high << 4 | low
      }
      return true
    }
    guard isGood else { return nil }
    next += 64
    return withUnsafeBytes(of: &raw) { raw in raw.baseAddress.map { Digest(at: $0) } }
  }

  private func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  private mutating func path() -> String? {
    let start = next
    while next < end, bytes[next] != UInt8(ascii: "\"") {
      guard bytes[next] >= 0x20, bytes[next] != UInt8(ascii: "\\") else { return nil }
      next += 1
    }
    guard let path = String(validating: UnsafeRawBufferPointer(rebasing: bytes[start..<next]), as: UTF8.self), Snapshot.isContained(path) else { return nil }
    return path
  }
}
