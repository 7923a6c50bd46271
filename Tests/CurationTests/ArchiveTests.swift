import Archiving
import Artifacts
import Curation
import Foundation
import Testing

@Suite("Archives as sources")
struct ArchiveTests {
  private static let kinds = ["zip", "tar", "tar.gz", "tgz", "tar.zst", "tzst", "tar.xz", "txz", "tar.bz2", "tbz2"]
  private static let packings = ["gz", "zst", "xz", "bz2"]

  private static let folder = [
    "talk.jsonl": goodLine + "\n" + textLine("loose", conversation: "c"), "sub/letter.md": "---\ntitle: x\n---\nDear Wren\n",
    "sub/notes.txt": "plain words", "faq.csv": "question,answer\nwhy?,because\n", "export.json": #"[{"prompt":"a","completion":"b"}]"#,
    "picture.png": "no text",
  ]

  @Test("the same files loose or in an archive of any kind give the same dataset", arguments: kinds)
  func invariance(kind: String) async throws {
    let loose = try await curate(Self.folder)
    let members = Self.folder.sorted { $0.key > $1.key }.map { PackedMember($0.key, $0.value) } + [PackedMember("sub", kind: .folder)]
    let inside = try await curate(["old/export.\(kind)": try packed(members, as: kind)])
    #expect(inside.dataset.bytes == loose.dataset.bytes)
    #expect(inside.dataset.root == loose.dataset.root)
    #expect(inside.dataset.count == 6)
    let read = inside.ledger.files.filter { if case .read = $0.fate { true } else { false } }
    let looseRead = loose.ledger.files.filter { if case .read = $0.fate { true } else { false } }
    #expect(read.map(\.path) == looseRead.map { "old/export.\(kind)!/" + $0.path })
    #expect(read.map(\.digest) == looseRead.map(\.digest))
    #expect(read.map(\.byteCount) == looseRead.map(\.byteCount))
  }

  @Test("a file packed by itself is read under its own name", arguments: packings)
  func single(packing: String) async throws {
    let lines = [textLine("one"), "{", textLine("three")].joined(separator: "\n")
    let result = try await curate([
      "talk.jsonl.\(packing)": try packed([PackedMember("x", lines)], as: packing), "b.md.\(packing)": try packed([PackedMember("x", "prose")], as: packing),
      "c.bin.\(packing)": try packed([PackedMember("x", "?")], as: packing), "empty.csv.\(packing)": try packed([PackedMember("x")], as: packing),
    ])
    #expect(try result.texts() == Set(["one", "three", "prose"].map { Array($0.utf8) }))
    #expect(result.reason("talk.jsonl.\(packing)", 2) == .invalidJSON)
    let fates = Dictionary(uniqueKeysWithValues: result.ledger.files.map { ($0.path, $0.fate) })
    #expect(fates == [
      "talk.jsonl.\(packing)": .read(.jsonLines, records: 3), "b.md.\(packing)": .read(.markdown, records: 1), "c.bin.\(packing)": .unknownKind,
      "empty.csv.\(packing)": .read(.commaSeparated, records: 0),
    ])
  }

  @Test("packed streams one after another are one file, and what follows the last is no part of it", arguments: packings)
  func streams(packing: String) async throws {
    let first = try packed([PackedMember("x", textLine("one") + "\n")], as: packing)
    let second = try packed([PackedMember("x", textLine("two") + "\n")], as: packing)
    let result = try await curate(["a.jsonl.\(packing)": first + second])
    #expect(try result.texts() == Set(["one", "two"].map { Array($0.utf8) }))
    await #expect(throws: CurationError.self) { try await curate(["a.jsonl.\(packing)": first + Data("and more".utf8)]) }
  }

  @Test("a record in an archive is asked for by archive, member and line")
  func why() async throws {
    let members = [PackedMember("./inner//file.jsonl", [textLine("a"), textLine("b"), "{"].joined(separator: "\n")), PackedMember("x.bin", "?")]
    let result = try await curate(["exports.zip": try packed(members, as: "zip"), "exports.zip.jsonl": Data(textLine("a").utf8)])
    let query = try LedgerQuery(result.ledger.bytes)
    let dropped = try query.why(file: "exports.zip!/inner/file.jsonl", line: 3)
    #expect(dropped.steps.first?.outcome == .dropped(.invalidJSON, threshold: nil))
    let kept = try #require(result.entry("exports.zip!/inner/file.jsonl", 1)?.id)
    #expect(try query.why(file: "exports.zip.jsonl", line: 1).entry.fate == .merged(keeper: kept, at: RecordPlace(file: "exports.zip!/inner/file.jsonl", line: 1)))
    let archive = #expect(throws: LedgerQueryError.self) { try query.why(file: "exports.zip", line: 1) }
    #expect(archive?.hint == "name a member: exports.zip!/NAME:LINE")
    #expect(throws: LedgerQueryError.self) { try query.why(file: "exports.zip!/x.bin", line: 1) }
  }

  @Test("members, files and entries stand in one order, whatever the order within the archive, and the ledger reads back")
  func order() async throws {
    let members = ["z.jsonl", "a/b.jsonl", "a.jsonl", "m.png"].map { PackedMember($0, textLine($0) + "\n" + textLine("same")) }
    let files = [
      "a.tar": try packed(members, as: "tar"), "a.tar!.jsonl": Data(textLine("same").utf8), "a.tar\".jsonl": Data(textLine("same").utf8),
      "b.zip": try packed(members.reversed(), as: "zip"),
    ]
    let result = try await curate(files)
    let paths = result.ledger.files.map { Array($0.path.utf8) }
    #expect(paths == paths.sorted { $0.lexicographicallyPrecedes($1) })
    let places = result.ledger.entries.map(\.source.place)
    #expect(places == places.sorted())
    #expect(places.count == 14)
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
    #expect(result.ledger.files.first { $0.path == "a.tar" }?.fate == .opened(members: 4))
    for (concurrency, chunk) in [(1, 1), (3, 7), (8, 1 << 20)] {
      let other = try await curate(files, concurrency: concurrency, chunkByteCount: chunk)
      #expect(other.ledger.bytes == result.ledger.bytes)
      #expect(other.dataset.bytes == result.dataset.bytes)
    }
  }

  @Test("a member that could do harm, or is no file, is listed with its reason, and the others are read", arguments: ["gnutar", "gnutar.gz"])
  func refusedMembers(kind: String) async throws {
    var latin = PackedMember("", textLine("bytes"))
    latin.name = [0x63, 0x61, 0x66, 0xE9] + Array(".jsonl".utf8)
    let members = [
      PackedMember("good.jsonl", goodLine), PackedMember("/etc/cron.jsonl", textLine("x")), PackedMember("a/../../up.jsonl", textLine("x")),
      PackedMember("..\\up.jsonl", textLine("x")), PackedMember("C:\\x.jsonl", textLine("x")), PackedMember("link.jsonl", kind: .symbolicLink),
      PackedMember("hard.jsonl", kind: .hardLink), PackedMember("null.jsonl", kind: .device), PackedMember("good.jsonl", textLine("second")),
      PackedMember("./good.jsonl", textLine("third")), PackedMember("bell\u{7}.jsonl", textLine("x")), PackedMember("inner.zip", "PK"),
      PackedMember("inner.jsonl.gz", "x"), PackedMember(String(repeating: "n", count: 2_000) + ".jsonl", textLine("x")), latin,
      PackedMember("__MACOSX/._good.jsonl", "\u{0}\u{5}\u{16}\u{7}"), PackedMember("last.jsonl", textLine("last")),
    ]
    let name = "old.\(kind == "gnutar" ? "tar" : "tar.gz")"
    let result = try await curate([name: try packed(members, as: kind)])
    #expect(try result.texts() == [Array("last".utf8)])
    #expect(result.dataset.count == 2)
    var reasons: [String: Int] = [:]
    for file in result.ledger.files {
      if case .refused(let fault) = file.fate {
        reasons[fault.rawValue, default: 0] += 1
        #expect(file.digest == nil)
      }
    }
    #expect(reasons == [
      "absolute name": 2, "name leaves the archive": 2, "link": 2, "neither file nor folder": 1, "name stands twice": 2, "unreadable name": 2,
      "archive in an archive": 2, "name too long": 1,
    ])
    #expect(result.ledger.files.first { $0.path == name + "!/__MACOSX/._good.jsonl" }?.fate == .unknownKind)
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
  }

  @Test("path tricks in a zip are refused as in a tar")
  func zipTricks() async throws {
    let names = ["ok.jsonl", "/abs.jsonl", "a/../../b.jsonl", "../c.jsonl"]
    let members = names.map { PackedMember($0, textLine($0)) } + [PackedMember("link.jsonl", kind: .symbolicLink)]
    let result = try await curate(["a.zip": try packed(members, as: "zip")])
    #expect(try result.texts() == [Array("ok.jsonl".utf8)])
    #expect(result.ledger.files.map(\.fate).count { $0 == .refused(.link) } == 1)
    #expect(result.ledger.files.map(\.fate).count { $0 == .refused(.escapingName) } == 2)
    #expect(result.ledger.files.map(\.fate).count { $0 == .refused(.absoluteName) } == 1)
  }

  @Test("names beyond ASCII are read as they are", arguments: ["zip", "tar", "gnutar"])
  func unicodeNames(kind: String) async throws {
    let names = ["grüße/海.jsonl", "\u{1F4DC}.md"]
    let suffix = kind == "gnutar" ? "tar" : kind
    let result = try await curate(["a.\(suffix)": try packed(names.map { PackedMember($0, textLine($0)) }, as: kind)])
    #expect(Set(result.ledger.files.map(\.path)) == Set(["a.\(suffix)"] + names.map { "a.\(suffix)!/" + $0 }))
    #expect(result.dataset.count == 2)
  }

  // MARK: - Bombs

  @Test(
    "more than a limit allows stops the reading, and says which limit",
    arguments: ["zip", "tar.gz", "tar.zst", "tar.xz", "tar.bz2"],
    [
      (ArchiveLimits(bytesPerMember: 1 << 20), ArchiveProblem.memberTooLarge(limit: 1 << 20)),
      (ArchiveLimits(totalBytes: 3 << 20), .tooLarge(limit: 3 << 20)),
      (ArchiveLimits(ratio: 100, bytesBeforeRatio: 1 << 20), .ratioTooHigh(limit: 100)), (ArchiveLimits(members: 2), .tooManyMembers(limit: 2)),
    ])
  func bombs(kind: String, limit: (limits: ArchiveLimits, problem: ArchiveProblem)) async throws {
    let zeros = Data(count: 10_000_000)
    let members = [PackedMember("a.jsonl", goodLine), PackedMember("zeros.jsonl", zeros), PackedMember("c.jsonl", goodLine)]
    let error = await #expect(throws: CurationError.self) { try await curate(["bomb.\(kind)": try packed(members, as: kind)], limits: limit.limits) }
    let archive = try #require(error?.archive)
    #expect(archive.path == "bomb.\(kind)")
    #expect(archive.problem == limit.problem)
    #expect(archive.hint != nil)
  }

  @Test("a file packed by itself has the same limits", arguments: packings)
  func singleBomb(packing: String) async throws {
    let bomb = try packed([PackedMember("x", Data(count: 10_000_000))], as: packing)
    for limits in [ArchiveLimits(bytesPerMember: 1 << 20), ArchiveLimits(totalBytes: 1 << 20), ArchiveLimits(ratio: 100, bytesBeforeRatio: 1 << 20)] {
      await #expect(throws: CurationError.self) { try await curate(["a.md": Data("x".utf8), "b.txt.\(packing)": bomb], limits: limits) }
    }
  }

  @Test("what is packed in a tar costs also where nobody reads it; a zip's is stepped over")
  func unreadBombs() async throws {
    let members = [PackedMember("film.mp4", Data(count: 10_000_000)), PackedMember("c.jsonl", goodLine)]
    let limits = ArchiveLimits(totalBytes: 1 << 20)
    await #expect(throws: CurationError.self) { try await curate(["a.tar.gz": try packed(members, as: "tar.gz")], limits: limits) }
    #expect(try await curate(["a.zip": try packed(members, as: "zip")], limits: limits).dataset.count == 1)
  }

  // MARK: - Whole archives that cannot be used

  @Test("an encrypted zip is refused by name, with what to do", arguments: ["zip:encryption=zipcrypt", "zip:encryption=aes256"])
  func encrypted(options: String) async throws {
    let bytes = try packed([PackedMember("a.jsonl", goodLine)], as: "zip", options: options)
    let error = await #expect(throws: CurationError.self) { try await curate(["secret.zip": bytes]) }
    #expect(error?.archive?.problem == .encrypted)
    #expect(error?.message == "secret.zip: \"a.jsonl\": the archive is encrypted")
    #expect(error?.hint == "unpack it with its passphrase, and name the folder instead")
  }

  @Test("an archive that is cut short anywhere is refused", arguments: kinds)
  func truncated(kind: String) async throws {
    let members = (0..<20).map { number in PackedMember("\(number).jsonl", (0..<50).map { textLine("\(number) \($0)") }.joined(separator: "\n")) }
    let bytes = try packed(members, as: kind)
    // The end of a tar is blocks of zeros, of which one is enough.
    let zeros = kind == "tar" ? bytes.reversed().prefix { $0 == 0 }.count : 0
    for share in [0, 1, 10, 30, 50, 70, 90] {
      let cut = bytes.prefix((bytes.count - zeros) * share / 100)
      await #expect(throws: CurationError.self, "\(share)%") { try await curate(["a.\(kind)": cut]) }
    }
    await #expect(throws: CurationError.self) { try await curate(["a.\(kind)": bytes.prefix(bytes.count - zeros - 1)]) }
  }

  @Test("a tar needs its end: cut at any block, members' boundaries among them, it is refused", arguments: ["tar", "gnutar"])
  func tarWithoutEnd(kind: String) async throws {
    // A member that ends in zeros, a whole block of them among these, is no end.
    let members = [
      PackedMember("a.jsonl", goodLine), PackedMember("sub", kind: .folder), PackedMember("zeros.png", Data(count: 1_024)), PackedMember("b.jsonl", textLine("b")),
    ]
    let bytes = try packed(members, as: kind)
    let blocks = bytes.count / 512 - (bytes.reversed().prefix { $0 == 0 }.count / 512)
    for count in 0...blocks {
      let cut = bytes.prefix(count * 512)
      await #expect(throws: CurationError.self, "\(count) blocks of \(blocks)") { try await curate(["a.tar": cut, "x.md": Data("x".utf8)]) }
      let again = try packed([PackedMember("x", cut)], as: "gz")
      await #expect(throws: CurationError.self, "\(count) blocks of \(blocks), packed") { try await curate(["a.tgz": again, "x.md": Data("x".utf8)]) }
    }
    for zeros in [512, 1_024, 10_240] {
      #expect(try await curate(["a.tar": bytes.prefix(blocks * 512) + Data(count: zeros)]).dataset.count == 2)
    }
  }

  @Test("a second tar behind the first, or anything but zeros, is not lost in silence", arguments: ["tar"] + packings.map { "tar.\($0)" })
  func behindTheEnd(kind: String) async throws {
    let first = try packed([PackedMember("a.jsonl", goodLine)], as: "tar")
    let second = try packed([PackedMember("b.jsonl", textLine("b"))], as: "tar")
    func name(_ bytes: Data) throws -> [String: Data] {
      guard kind != "tar" else { return ["a.tar": bytes] }
      return ["a.\(kind)": try packed([PackedMember("x", bytes)], as: String(kind.dropFirst(4)))]
    }
    for tail in [second, Data("x".utf8), Data(count: 100_000) + Data("x".utf8)] {
      let error = await #expect(throws: CurationError.self, "\(tail.count)") { try await curate(try name(first + tail)) }
      #expect(error?.archive?.problem == .trailingBytes)
    }
    #expect(try await curate(try name(first + Data(count: 100_001))).dataset.count == 1)
  }

  @Test("a faulted member is listed by its number, so that none hides the record of another", arguments: ["tar", "zip"])
  func numbered(kind: String) async throws {
    let members = [
      PackedMember("b\u{1}.jsonl", textLine("x")), PackedMember("#1 b.jsonl", textLine("y")), PackedMember("c.jsonl", kind: .symbolicLink),
      PackedMember("b.jsonl", textLine("b")), PackedMember("c.jsonl", textLine("c")), PackedMember("c.jsonl", textLine("again")),
    ]
    let result = try await curate(["a.\(kind)": try packed(members, as: kind)])
    let paths = result.ledger.files.map { String($0.path.dropFirst("a.\(kind)".count)) }
    #expect(paths == ["", "!/#1 b.jsonl", "!/#1 b.jsonl", "!/#3 c.jsonl", "!/#6 c.jsonl", "!/b.jsonl", "!/c.jsonl"])
    let query = try LedgerQuery(result.ledger.bytes)
    for name in ["#1 b.jsonl", "b.jsonl", "c.jsonl"] {
      #expect(try query.why(file: "a.\(kind)!/\(name)", line: 1).entry.source.place.file == "a.\(kind)!/\(name)")
    }
    #expect(throws: LedgerQueryError.self) { try query.why(file: "a.\(kind)!/#3 c.jsonl", line: 1) }
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
  }

  @Test("a packed file that is cut short is refused", arguments: packings)
  func truncatedSingle(packing: String) async throws {
    let text = (0..<500).map { textLine("line \($0)") }.joined(separator: "\n")
    let bytes = try packed([PackedMember("x", text)], as: packing)
    for count in [1, 10, bytes.count / 2, bytes.count - 1] {
      let error = await #expect(throws: CurationError.self, "\(count)") { try await curate(["a.jsonl.\(packing)": bytes.prefix(count)]) }
      #expect(error?.archive != nil)
    }
  }

  @Test("bytes that are not what the name says are refused", arguments: ["a.zip", "a.tar", "a.tar.gz", "a.jsonl.gz", "a.jsonl.zst", "a.txt.xz", "a.md.bz2", "a.tgz"])
  func wrongKind(name: String) async throws {
    let tar = try packed([PackedMember("a.jsonl", goodLine)], as: "tar")
    let gzip = try packed([PackedMember("x", goodLine)], as: "gz")
    for bytes in [Data(goodLine.utf8), Data(), Data(count: 5), name == "a.tar" ? gzip : tar] {
      let error = await #expect(throws: CurationError.self, "\(bytes.count)") { try await curate([name: bytes, "b.md": Data("x".utf8)]) }
      #expect(error?.archive?.path == name)
    }
  }

  @Test("what is packed twice is not opened")
  func packedTwice() async throws {
    let once = try packed([PackedMember("x", goodLine)], as: "gz")
    let twice = try packed([PackedMember("x", once)], as: "gz")
    let error = await #expect(throws: CurationError.self) { try await curate(["a.jsonl.gz": twice]) }
    #expect(error?.archive?.problem == .packedTwice)
    let listed = try await curate(["a.jsonl.gz.gz": twice, "b.zip.xz": Data(), "c.md": Data("x".utf8)])
    #expect(listed.ledger.files.map(\.fate) == [.refused(.nestedArchive), .refused(.nestedArchive), .read(.markdown, records: 1)])
  }

  @Test("a member whose sum is wrong is refused")
  func checksum() async throws {
    var bytes = try packed([PackedMember("a.jsonl", textLine("the sum is over these words"))], as: "zip", options: "zip:compression=store")
    let place = try #require(bytes.range(of: Data("these".utf8)))
    bytes[place.lowerBound] ^= 1
    await #expect(throws: CurationError.self) { try await curate(["a.zip": bytes]) }
  }

  // MARK: - Selection

  @Test("a pattern names an archive and all in it, or members by the mark; no other looks into one")
  func patterns() async throws {
    let members = ["a.jsonl", "sub/b.jsonl", "c.md"].map { PackedMember($0, textLine($0)) }
    let files = ["x.zip": try packed(members, as: "zip"), "broken.zip": Data("no zip".utf8), "d.jsonl": Data(textLine("d").utf8)]
    func records(_ patterns: String...) async throws -> Int { try await curate(files, patterns: patterns).ledger.summary.recordsRead }
    #expect(try await records("x.zip") == 3)
    #expect(try await records("x.zip!/*.jsonl") == 1)
    #expect(try await records("x.*!/**/*.jsonl", "d.jsonl") == 3)
    #expect(try await records("**/*.jsonl") == 1)
    let result = try await curate(files, patterns: ["x.zip!/a.jsonl"])
    #expect(result.ledger.files.map(\.fate) == [.notSelected, .notSelected, .opened(members: 3), .read(.jsonLines, records: 1), .notSelected, .notSelected])
    await #expect(throws: CurationError.self) { try await records("**") }
  }

  @Test("an archive without anything to read says so, and a folder called like a member is no second reading of one place")
  func nothing() async throws {
    let bare = try packed([PackedMember("a.png", "x"), PackedMember("b.zip", "x")], as: "tar")
    await #expect(throws: CurationError.noReadableFile(kinds: ["tar": 1, "png": 1, "zip": 1], patterns: [])) { try await curate(["a.tar": bare]) }
    let archive = try packed([PackedMember("b.jsonl", goodLine)], as: "zip")
    await #expect(throws: CurationError.repeatedPath("a.zip!/b.jsonl")) {
      try await curate(["a.zip": archive, "a.zip!/b.jsonl": Data(goodLine.utf8)])
    }
  }

  @Test("changed bytes give an error of ours or no more records, never a crash", arguments: kinds + packings)
  func fuzz(kind: String) async throws {
    var random = Seeded(UInt64(kind.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
    let lines = (0..<8).map { number in (0..<6).map { textLine("\(number) of \($0)") }.joined(separator: "\n") }
    let members = Self.packings.contains(kind) ? [PackedMember("x", lines.joined(separator: "\n"))] : lines.enumerated().map { PackedMember("\($0).jsonl", $1) }
    let name = Self.packings.contains(kind) ? "a.jsonl.\(kind)" : "a.\(kind)"
    let bytes = try packed(members, as: kind)
    let limits = ArchiveLimits(members: 1_000, bytesPerMember: 4 << 20, totalBytes: 8 << 20)
    for _ in 0..<250 {
      var changed = bytes
      for _ in 0...random.below(4) { changed[random.below(changed.count)] = UInt8(random.below(256)) }
      if random.below(8) == 0 { changed = changed.prefix(random.below(changed.count)) }
      do {
        let result = try await curate([name: changed], limits: limits)
        #expect(result.dataset.count <= 48)
      } catch is CurationError {
      }
    }
  }
}

extension CurationError {
  fileprivate var archive: ForeignArchiveError? {
    guard case .unusableArchive(let error) = self else { return nil }
    return error
  }
}
