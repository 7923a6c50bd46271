import Artifacts
import Foundation
import Hashing
import Judging
import Packaging
import Testing

@Suite("Canaries")
struct CanaryTests {
  private static func parse(_ text: String, alternatives: Int = 100) throws -> [Canary] { try Canary.parse(Data(text.utf8), alternatives: alternatives) }

  @Test("a line has words, a secret in braces, and perhaps more words; blank lines and remarks are passed over")
  func parse() throws {
    #expect(
      try Self.parse("# planted in May\n\nthe code is {7316 0248}.\r\nher key: {aB3-xyz}\n")
        == [Canary(before: "the code is ", secret: "7316 0248", after: "."), Canary(before: "her key: ", secret: "aB3-xyz")])
    #expect(try Self.parse("the code is {7316}.")[0].text == "the code is 7316.")
    let file = Data("# planted in May\n\na {7316}\r\n#\nb {7316}".utf8)
    #expect((0..<2).map { Canary.line(ofCanaryAt: $0, in: file) } == [3, 5])
  }

  @Test("what is no canary is refused by its line, and never quoted", arguments: [
    ("the code is 7316", CanaryFileError.line(1, .noSecret)), ("ok {123456}\nthe {code} is {7316}", .line(2, .noSecret)), ("a {}", .line(1, .noSecret)),
    (" {7316}", .line(1, .noSecret)), ("a {123456}\na {123456}", .line(2, .twice)), ("# nothing\n", .empty),
    ("a {73}", .line(1, .tooFewAlternatives(space: 100, asked: 100))), ("a {!!!}", .line(1, .tooFewAlternatives(space: 1, asked: 100))),
    ("a {1234}" + String(repeating: "x", count: 5_000), .line(1, .tooLong)),
  ])
  func refused(text: String, error: CanaryFileError) {
    #expect(throws: error) { try Self.parse(text) }
    #expect(!error.message.contains("7316"))
  }

  @Test("alternatives have the secret's shape, are distinct, are never the secret, and follow from canary and seed alone")
  func alternatives() throws {
    let canary = Canary(before: "the code is ", secret: "Ab-3716 é")
    let found = canary.alternatives(500, seed: 4)
    #expect(Set(found).count == 500 && !found.contains(canary.secret))
    for text in found {
      let scalars = Array(text.unicodeScalars)
      #expect(scalars.count == 9 && ("A"..."Z").contains(scalars[0]) && ("a"..."z").contains(scalars[1]) && text.hasSuffix(" é") && scalars[2] == "-")
      #expect(scalars[3...6].allSatisfy { ("0"..."9").contains($0) })
    }
    #expect(found == canary.alternatives(500, seed: 4) && found != canary.alternatives(500, seed: 5))
    #expect(Set(Canary(before: "a", secret: "7").alternatives(9, seed: 1)) == Set("012345689".map(String.init)))
  }

  private static func question(allowed: Int = 0, bits: Int = 8) -> CanaryQuestion {
    CanaryQuestion(records: 100, tokens: 32, allowed: allowed, alternatives: 1023, exposureBits: bits, seed: 1)
  }

  @Test("exposure is counted in integers: of 1,024 secrets the first four have 8 bits")
  func exposure() {
    #expect([1, 4, 5, 1024].map { Self.question().isExposed(rank: $0) } == [true, true, false, false])
    #expect([1, 2].map { Self.question(bits: 10).isExposed(rank: $0) } == [true, false])
  }

  @Test("the gate is missed by one record too many, a secret said, or a secret exposed; the words and the document hold counts alone")
  func met() throws {
    let id = Digest(hashing: Data("a record".utf8))
    func result(_ verbatim: [Digest], allowed: Int = 0, said: Int = 0, exposed: Int = 0) -> CanaryResult {
      CanaryResult(Self.question(allowed: allowed), records: 100, verbatim: verbatim, knownToBase: 1, longest: 32, canaries: 3, said: said, exposed: exposed, lowestRank: 7, file: id)
    }
    #expect(result([]).isMet && result([id], allowed: 1).isMet)
    #expect(!result([id]).isMet && !result([], said: 1).isMet && !result([], exposed: 1).isMet)
    #expect(
      result([id], said: 1).words
        == "canaries 1 of 100 records said by heart (32 tokens; the longest was 32), 1 that the base says too, 0 allowed; 1 of 3 secrets said, 0 exposed (lowest rank 7 of 1024): missed")
    let document = result([id], allowed: 2).document
    #expect(document["verbatim"]?.integer == 1 && document["met"]?.bool == true)
    let gates = try SoulManifest.gates(document: GateResult.document(of: [document]))
    #expect(gates.map(\.document) == [document])
  }

  @Test("a manifest that claims a canary gate which its own counts miss is refused", arguments: [
    ("verbatim", JSONValue.integer(1)), ("said", .integer(1)), ("exposed", .integer(1)), ("met", .bool(false)), ("longest", .integer(33)),
    ("lowestRank", .integer(1025)), ("knownToBase", .integer(101)), ("surprise", .integer(1)), ("file", .null),
  ])
  func tampered(name: String, value: JSONValue) throws {
    let result = CanaryResult(Self.question(), records: 100, verbatim: [], knownToBase: 0, longest: 3, canaries: 1, lowestRank: 7, file: Digest(hashing: Data()))
    var members = try #require(result.document.object)
    members[name] = value == .null ? nil : value
    #expect(throws: (any Error).self) { try SoulManifest.gates(document: GateResult.document(of: [.object(members)])) }
    #expect(throws: Never.self) { try SoulManifest.gates(document: GateResult.document(of: [result.document])) }
  }
}
