import Artifacts
import Foundation
import Hashing
import Testing

@Suite("Digests")
struct DigestTests {
  @Test("the digests of FIPS 180-4's examples")
  func examples() {
    #expect(Digest(hashing: Data()).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Digest(hashing: Data("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  /// Lengths around a block's, an odd one before and after a long one, and nothing at all.
  private static let pieces = [[], [0], [3], [64], [0, 1, 0], [55, 1, 8], [56, 56], [63, 65, 128], [1, 4_096, 62, 2], [70_001, 64, 5, 0, 131_072]]

  @Test("pieces and the whole are hashed at once as each by itself", arguments: pieces, [true, false])
  func piecewise(lengths: [Int], sideBySide: Bool) {
    let bytes = (0..<lengths.reduce(0, +)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    var hasher = PiecewiseSHA256(sideBySide: sideBySide)
    var start = 0
    for length in lengths {
      let piece = bytes[start..<(start + length)]
      #expect(piece.withUnsafeBytes { hasher.take($0) } == Digest(hashing: Array(piece)))
      start += length
    }
    #expect(hasher.finalize() == Digest(hashing: bytes))
  }

  @Test("every length up to three blocks")
  func shortPieces() {
    let bytes = (0..<192).map { UInt8($0) }
    for first in 0...bytes.count {
      var hasher = PiecewiseSHA256()
      let digests = [bytes[..<first], bytes[first...]].map { piece in piece.withUnsafeBytes { hasher.take($0) } }
      #expect(digests == [Digest(hashing: Array(bytes[..<first])), Digest(hashing: Array(bytes[first...]))], "\(first)")
      #expect(hasher.finalize() == Digest(hashing: bytes), "\(first)")
    }
  }

  @Test("RFC 4231, test case 2")
  func authentication() {
    let tag = Digest(authenticating: Data("what do ya want for nothing?".utf8), key: Data("Jefe".utf8))
    #expect(tag.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test("one digest has one spelling", arguments: ["", "sha256:", "SHA256:" + String(repeating: "a", count: 64), String(repeating: "A", count: 64), String(repeating: "a", count: 63)])
  func refusals(text: String) {
    #expect(Digest(text) == nil)
  }

  @Test("sixteen digits at a time are read as one at a time, and refused alike")
  func hexadecimal() throws {
    let digest = Digest(hashing: Array("abc".utf8))
    func read(_ digits: [UInt8]) -> Digest? { digits.withUnsafeBufferPointer { Digest(hexadecimal: $0) } }
    #expect(read(Array(digest.hex.utf8)) == digest)
    for value in UInt8.min...UInt8.max {
      for place in [0, 7, 8, 37, 63] {
        var digits = Array(digest.hex.utf8)
        digits[place] = value
        #expect(read(digits) == Digest(String(decoding: digits, as: UTF8.self)), "\(value) at \(place)")
      }
    }
    #expect(read(Array(digest.hex.utf8.dropLast())) == nil)
  }

  @Test("the tree of RFC 9162: an odd leaf rises, and a node cannot pass for a leaf")
  func merkle() {
    func leaf(_ digest: Digest) -> Digest { Digest(hashing: [0] + digest.bytes) }
    func node(_ left: Digest, _ right: Digest) -> Digest { Digest(hashing: [1] + left.bytes + right.bytes) }
    let leaves = (0..<5).map { Digest(hashing: [UInt8($0)]) }
    let left = node(node(leaf(leaves[0]), leaf(leaves[1])), node(leaf(leaves[2]), leaf(leaves[3])))
    #expect(MerkleTree.root(of: leaves) == node(left, leaf(leaves[4])))
    #expect(MerkleTree.root(of: [leaves[0]]) == leaf(leaves[0]))
    #expect(MerkleTree.root(of: []) == Digest(hashing: Data()))
  }

  @Test("a record's id is its content's, not its place's")
  func recordIDs() {
    let turn = Message(role: .user, content: "x")
    let record = DatasetRecord(content: .messages([turn]))
    #expect(record.id == DatasetRecord(content: .messages([turn]), conversation: "elsewhere").id)
    #expect(record.id != DatasetRecord(content: .text("x")).id)
    #expect(DatasetRecord(line: record.canonicalLine) == record)
  }
}
