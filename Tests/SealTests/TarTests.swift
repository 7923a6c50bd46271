import Archiving
import Foundation
import Testing

@Suite("Canonical tar")
struct TarTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(_ members: [(String, Data)]) throws -> Data {
    let url = folder["\(UUID().uuidString).tar"]
    var writer = try TarWriter(creating: url)
    for (name, contents) in members { try writer.append(name, contents: contents) }
    try writer.finish()
    return try Data(contentsOf: url)
  }

  private func read(_ bytes: Data) throws -> [(String, Data)] {
    var reader = try TarReader(opening: try folder.write("\(UUID().uuidString).tar", bytes))
    var members: [(String, Data)] = []
    while true {
      var contents = Data()
      guard let member = try reader.next({ contents.append(contentsOf: $0) }) else { return members }
      #expect(contents == bytes.dropFirst(Int(member.offset)).prefix(Int(member.byteCount)))
      members.append((member.name, contents))
    }
  }

  private func problem(_ bytes: Data) -> TarProblem? {
    do {
      _ = try read(bytes)
      return nil
    } catch {
      return (error as? TarError)?.problem
    }
  }

  private static let fileSizes = [0, 1, 511, 512, 513, 3_000_000]

  @Test("members come back in the order and with the bytes they were given", arguments: fileSizes)
  func roundTrip(size: Int) throws {
    let contents = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
    let bytes = try write([("z/first", contents), ("a", Data("x".utf8))])
    #expect(bytes.count == 512 + (size + 511) / 512 * 512 + 1024 + 1024)
    let members = try read(bytes)
    #expect(members.map(\.0) == ["z/first", "a"])
    #expect(members.map(\.1) == [contents, Data("x".utf8)])
  }

  @Test("a header is the one that POSIX describes, byte for byte")
  func header() throws {
    let bytes = Array(try write([("blobs/a", Data("hello".utf8))]))
    var expected = [UInt8](repeating: 0, count: 512)
    func place(_ text: String, _ offset: Int) { expected.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8) }
    place("blobs/a", 0)
    place("0000644\u{0}0000000\u{0}0000000\u{0}00000000005\u{0}00000000000\u{0}", 100)
    place("        0", 148)
    place("ustar\u{0}00", 257)
    place("0000000\u{0}0000000\u{0}", 329)
    let sum = String(expected.reduce(0) { $0 + Int($1) }, radix: 8)
    place(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ", 148)
    #expect(Array(bytes[..<512]) == expected)
    #expect(Array(bytes[512..<517]) == Array("hello".utf8))
    #expect(bytes[517...].allSatisfy { $0 == 0 } && bytes.count == 2048)
  }

  @Test("a stretch of a file is copied as it stands, and one that is too short stops the writing")
  func copying() throws {
    let source = try folder.write("source", Data("0123456789".utf8))
    let url = folder["copied.tar"]
    var writer = try TarWriter(creating: url)
    var seen = Data()
    try writer.append("part", copying: Extent(file: source, offset: 2, byteCount: 5)) { seen.append(contentsOf: $0) }
    #expect(throws: TarError.self) { try writer.append("more", copying: Extent(file: source, offset: 6, byteCount: 5)) { _ in } }
    try writer.finish()
    #expect(seen == Data("23456".utf8))
  }

  @Test(
    "names that could leave the folder, or mean two things, are not written",
    arguments: ["", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", ".", "a b", "a\\b", "é", "a\u{0}b", "a\nb", String(repeating: "a", count: 101)])
  func badNames(_ name: String) throws {
    #expect(throws: TarError.self) { try write([(name, Data())]) }
  }

  @Test("a name occurs once, in writing and in reading")
  func duplicates() throws {
    #expect(throws: TarError.self) { try write([("a", Data()), ("a", Data())]) }
    let one = try write([("a", Data())])
    #expect(problem(one.prefix(512) + one) == .duplicate)
  }

  @Test("a file that exists is not written over")
  func exists() throws {
    let url = try folder.write("there.tar", Data("mine".utf8))
    let refused: Bool
    do {
      _ = try TarWriter(creating: url)
      refused = false
    } catch {
      refused = true
    }
    #expect(refused)
    #expect(try Data(contentsOf: url) == Data("mine".utf8))
  }

  /// A header with some fields changed and a checksum that fits them.
  private func forged(_ fields: [(Int, String)], over bytes: Data) -> Data {
    var block = Array(bytes.prefix(512))
    for (offset, text) in fields { block.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8) }
    block.replaceSubrange(148..<156, with: "        ".utf8)
    let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    block.replaceSubrange(148..<156, with: (String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ").utf8)
    return Data(block) + bytes.dropFirst(512)
  }

  @Test(
    "links, devices, folders and extensions are refused", arguments: ["1", "2", "3", "4", "5", "6", "7", "x", "g", "L", "K", "S", "V"])
  func types(_ type: String) throws {
    let bytes = try write([("a", Data())])
    #expect(problem(forged([(156, type)], over: bytes)) == .notARegularFile(type: Array(type.utf8)[0]))
  }

  @Test(
    "a header that is right but not ours is refused",
    arguments: [
      (100, "0000755"), (108, "0001750"), (116, "0001750"), (136, "14000000000"), (157, "target"), (257, "ustar  \u{0}"), (265, "root"),
      (297, "root"), (329, "0000001"), (345, "prefix"), (500, "x"), (3, "x"), (124, " 0000000005"), (124, "0000000005 "), (156, "\u{0}"),
    ] as [(Int, String)])
  func notCanonical(offset: Int, text: String) throws {
    let bytes = try write([("a", Data("hello".utf8))])
    #expect(problem(forged([(offset, text)], over: bytes)) == .header)
  }

  @Test("names that could leave the folder are refused in reading too", arguments: ["/abs", "../up", "a/../../up", "a\\b"])
  func hostileNames(_ name: String) throws {
    let bytes = try write([("name/name/name", Data())])
    let cleared = forged([(0, String(repeating: "\u{0}", count: 14))], over: bytes)
    #expect(problem(forged([(0, name)], over: cleared)) == .name)
  }

  @Test("sizes that lie are refused before a byte is believed", arguments: ["77777777777", "00000003000", "00000001001"])
  func sizes(_ size: String) throws {
    let bytes = try write([("a", Data("hello".utf8))])
    let result = problem(forged([(124, size)], over: bytes))
    #expect(result == .truncated)
  }

  @Test("a size that takes in the next member, or leaves bytes over, is refused", arguments: ["00000000006", "00000000004", "00000000000"])
  func wrongSizes(_ size: String) throws {
    let bytes = try write([("a", Data("hello".utf8))])
    let forged = forged([(124, size)], over: bytes)
    // A smaller size leaves text where zeros must be; one more byte is a zero, so the reader sees another file: the digest's business.
    #expect(size == "00000000006" ? problem(forged) == nil : problem(forged) != nil)
  }

  @Test("a file that was cut at any place, or has a byte more, is refused")
  func cut() throws {
    let bytes = try write([("a", Data("hello".utf8)), ("b", Data())])
    for length in stride(from: 0, to: bytes.count, by: 7) { #expect(problem(bytes.prefix(length)) == .truncated) }
    #expect(problem(bytes + [0]) == .trailingBytes)
    #expect(problem(bytes + Data(repeating: 0, count: 512)) == .trailingBytes)
    #expect(problem(bytes.dropLast(512)) == .truncated)
    var padded = bytes
    padded[512 + 100] = 1
    #expect(problem(padded) == .padding)
    var end = bytes
    end[bytes.count - 1] = 1
    #expect(problem(end) == .header)
  }
}
