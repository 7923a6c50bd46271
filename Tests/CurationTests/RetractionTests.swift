import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Retractions")
struct RetractionTests {
  private static let salt = Data((0..<32).map { UInt8($0) })
  private static let other = Data((0..<32).map { UInt8(200 - $0) })

  private static func holding(_ subjects: [Retractions.Subject], salt: Data = salt) -> Retractions {
    var retractions = Retractions()
    retractions.add(salt: salt)
    for subject in subjects { retractions.insert(subject, reason: Retractions.standardReason) }
    return retractions
  }

  private static func id(_ text: String) -> RecordID { DatasetRecord(content: .text(text)).id }

  private static func curate(_ lines: [String], _ retractions: Retractions?, stages: [CurationParameters.Stage] = standardStages) async throws -> Curation {
    let data = Data(lines.joined(separator: "\n").utf8)
    let snapshot = Snapshot(entries: [Snapshot.Entry(path: "a.jsonl", byteCount: Int64(data.count), digest: Digest(hashing: data))])
    return try await Curator(parameters: CurationParameters(stages: stages, retractions: retractions)).curate(snapshot) { _ in data }
  }

  // MARK: - Curation

  @Test("a retracted record is dropped under its reason, in every spelling that normalisation makes the same, whatever stages there are",
    arguments: [standardStages, [], [.exact], [.near], everyStage])
  func spelling(stages: [CurationParameters.Stage]) async throws {
    let lines = [goodLine, textLine("keep the lamp lit"), textLine(" keep the lamp lit  \r\n"), textLine("keep the lamp unlit")]
    let result = try await Self.curate(lines, Self.holding([.record(Self.id("keep the lamp lit"))]), stages: stages)
    #expect(result.reason("a.jsonl", 2) == .retracted)
    #expect(result.reason("a.jsonl", 3) == .retracted)
    #expect(result.reason("a.jsonl", 1) == nil && result.reason("a.jsonl", 4) == nil)
    #expect(result.ledger.summary.dropped.contains { $0.stage == .retract && $0.count == 2 })
  }

  @Test("it is taken out before records are compared, so that it is nobody's keeper")
  func keeper() async throws {
    let words = (1...40).map { "word\($0)" }.joined(separator: " ")
    let lines = [textLine(words + " and a longer end"), textLine(words)]
    let before = try await Self.curate(lines, nil, stages: [.repair, .near])
    #expect(before.dataset.count == 1)
    let after = try await Self.curate(lines, Self.holding([.record(Self.id(words + " and a longer end"))]), stages: [.repair, .near])
    #expect(after.reason("a.jsonl", 1) == .retracted)
    #expect(after.entry("a.jsonl", 2)?.fate == .kept)
  }

  @Test("the id that a record has in the dataset, after redaction, holds too")
  func redacted() async throws {
    let lines = [goodLine, textLine("write to keeper@lamp.example today")]
    let stages: [CurationParameters.Stage] = [.repair, .pii(.redact, kinds: Set(PersonalData.allCases))]
    let kept = try #require(try await Self.curate(lines, nil, stages: stages).entry("a.jsonl", 2)?.id)
    #expect(kept == Self.id("write to [EMAIL] today"))
    let result = try await Self.curate(lines, Self.holding([.record(kept)]), stages: stages)
    #expect(result.entry("a.jsonl", 2)?.fate == .dropped(Drop(stage: .retractResult, reason: .retracted)))
  }

  @Test("with nothing to take out, a file changes nothing of the dataset; without one, the ledger is as it was")
  func unchanged() async throws {
    let lines = [goodLine, textLine("keep the lamp lit")]
    let without = try await Self.curate(lines, nil)
    let with = try await Self.curate(lines, Self.holding([.record(Self.id("something else"))]))
    #expect(with.dataset.bytes == without.dataset.bytes)
    #expect(!String(decoding: without.ledger.bytes, as: UTF8.self).contains("retract"))
    // Whoever reads the ledger knows that it was asked, and nothing of what was looked for.
    let header = try #require(String(decoding: with.ledger.bytes, as: UTF8.self).split(separator: "\n").first)
    #expect(header.contains(#""retractions":true"#))
    #expect(try Ledger(parsing: with.ledger.bytes).bytes == with.ledger.bytes)
    #expect(try LedgerQuery(with.ledger.bytes).why(file: "a.jsonl", line: 2).steps.map(\.stage).contains(.retract))
    #expect(try !LedgerQuery(without.ledger.bytes).why(file: "a.jsonl", line: 2).steps.map(\.stage).contains(.retract))
  }

  // MARK: - The file

  @Test("the file has sorted lines, names nobody, and reads back as itself in any order")
  func file() throws {
    let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    let retractions = Self.holding([.record(Self.id("ok")), .contributor(key)])
    let text = String(decoding: retractions.bytes, as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines == lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } && lines.count == 5)
    #expect(!text.contains(Self.id("ok").digest.hex) && !text.contains("did:key"))
    for order in [lines.reversed(), lines + lines] {
      let copy = try Retractions(parsing: Data((order.joined(separator: "\r\n") + "\n").utf8))
      #expect(copy == retractions && copy.hold(Self.id("ok")) && copy.hold(contributor: key) && !copy.hold(Self.id("no")))
    }
  }

  @Test("two clones that began the file apart can be merged line by line, and both salts hold")
  func merged() throws {
    let (left, right) = (Self.holding([.record(Self.id("left"))]), Self.holding([.record(Self.id("right"))], salt: Self.other))
    var both = try Retractions(parsing: left.bytes + right.bytes)
    #expect(both.hold(Self.id("left")) && both.hold(Self.id("right")) && !both.hold(Self.id("neither")))
    let isNew = both.insert(.record(Self.id("left")), reason: "again")
    let wasThere = both.remove(.record(Self.id("right")))
    #expect(!isNew && wasThere && !both.hold(Self.id("right")) && both.hold(Self.id("left")))
    let wasThereStill = both.remove(.record(Self.id("right")))
    #expect(!wasThereStill)
  }

  @Test("another salt gives other codes, so that two projects' files do not tell who is in both")
  func salts() {
    let left = Self.holding([.record(Self.id("ok"))]).code(of: .record(Self.id("ok")))
    #expect(left != Self.holding([.record(Self.id("ok"))], salt: Self.other).code(of: .record(Self.id("ok"))))
    // The formula of docs/consent.md.
    let message = "soulpack.retraction/1\nrecord\n\(Self.id("ok"))"
    #expect(left == Digest(authenticating: Data(message.utf8), key: Self.salt))
  }

  @Test("a line that is not understood is an error that names it: it could be somebody's withdrawal", arguments: [
    ("", RetractionsError.noHeading), ("# soulpack.retractions/1\nrecord x y z\n", .malformed(line: 2)),
    ("# soulpack.retractions/1\n<<<<<<< HEAD\n", .halfMerged(line: 2)), ("# soulpack.retractions/1\n\n=======\n", .halfMerged(line: 3)),
    ("# soulpack.retractions/1\nsalt 00000000 \(String(repeating: "ab", count: 32))\n", .malformed(line: 2)),
    ("# soulpack.retractions/1\nrecord 00000000 \(String(repeating: "ab", count: 32)) withdrawn\n", .saltMissing("00000000")),
    ("# soulpack.retractions/1\nrecord 00000000 \(String(repeating: "ab", count: 32)) by Anna\n", .malformed(line: 2)),
  ])
  func refused(text: String, error: RetractionsError) {
    #expect(throws: error) { try Retractions(parsing: Data(text.utf8)) }
    #expect(error.message.hasPrefix("retractions") && error.hint != nil)
  }

  @Test("bytes that are no text are refused")
  func notText() {
    #expect(throws: RetractionsError.notUTF8) { try Retractions(parsing: Data([0x23, 0xFF, 0x0A])) }
  }

  @Test("a reason is a word, so that nobody is named by it", arguments: [("withdrawn", true), ("gdpr-17", true), ("Anna", false), ("a b", false), ("", false)])
  func reasons(text: String, isOne: Bool) { #expect(Retractions.isReason(text) == isOne) }
}

@Suite("Why, after a stage changed the keeper")
struct ChangedKeeperTests {
  private static let words = (1...40).map { "word\($0)" }.joined(separator: " ")
  private static let lines = [textLine("write to keeper@lamp.example: " + words + " and more"), textLine("write to keeper@lamp.example: " + words), goodLine]

  @Test("a keeper whose text was redacted after the merge says what was merged into it, and what was merged names it by the id that it has")
  func keeper() async throws {
    let result = try await curate(["a.jsonl": Data(Self.lines.joined(separator: "\n").utf8)], stages: [.repair, .near, .pii(.redact, kinds: Set(PersonalData.allCases))])
    let query = try LedgerQuery(result.ledger.bytes)
    let keeper = try query.why(file: "a.jsonl", line: 1)
    #expect(keeper.members.map(\.source.place.line) == [2])
    guard case .merged(let named, let place, .some) = try query.why(file: "a.jsonl", line: 2).entry.fate else { return #expect(Bool(false), "line 2 was not merged") }
    #expect(place.line == 1 && named == keeper.entry.id)
    #expect(try query.why(record: #require(keeper.entry.id).description) == [keeper])
    #expect(try query.why(records: [named]) == [keeper])

    // Ledgers of before name a keeper by the id that it had when it was merged into: asked for by both, it is answered once.
    let then = RecordID(Digest(words: Digest.Words(1, 2, 3, 4)))
    let old = String(decoding: result.ledger.bytes, as: UTF8.self).replacing("\"keeper\":{\"file\":\"a.jsonl\",\"id\":\"\(named)\"", with: "\"keeper\":{\"file\":\"a.jsonl\",\"id\":\"\(then)\"")
    let older = try LedgerQuery(Data(old.utf8))
    for ids in [[then], [named], [named, then]] as [Set<RecordID>] {
      #expect(try older.why(records: ids).map(\.entry.source.place.line) == [1])
      #expect(try older.why(records: ids).first?.members.map(\.id) == keeper.members.map(\.id))
    }
    #expect(try older.why(record: then.description).map(\.entry) == [keeper.entry])
    #expect(try query.why(file: "a.jsonl", line: 3).members.isEmpty)
  }
}
