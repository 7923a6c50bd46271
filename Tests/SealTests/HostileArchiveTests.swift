import Archiving
import Artifacts
import Foundation
import Hashing
import Packaging
import Signing
import Testing

@Suite("Hostile archives")
struct HostileArchiveTests {
  private let folder: TemporaryFolder
  private let fixture = SoulFixture()

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The members of an archive, to be changed and written again as a tar in canonical form.
  private func members(_ archive: SoulArchive) throws -> [(name: String, bytes: Data)] {
    var reader = try TarReader(opening: archive.url)
    var members: [(String, Data)] = []
    while true {
      var bytes = Data()
      guard let member = try reader.next({ bytes.append(contentsOf: $0) }) else { return members }
      members.append((member.name, bytes))
    }
  }

  private func problem(_ members: [(name: String, bytes: Data)], sorted: Bool = true) throws -> ArchiveError.Problem? {
    let url = folder["\(UUID().uuidString).soul"]
    var writer = try TarWriter(creating: url)
    let blobs = members.dropFirst(2)
    for (name, bytes) in members.prefix(2) + (sorted ? blobs.sorted { $0.name < $1.name } : Array(blobs)) {
      try writer.append(name, contents: bytes)
    }
    try writer.finish()
    do throws(ArchiveError) {
      _ = try SoulArchive.open(url)
      return nil
    } catch {
      #expect(error.isVerificationFailure)
      return error.problem
    }
  }

  private func blob(_ bytes: Data) -> (name: String, bytes: Data) { ("blobs/sha256/" + Digest(hashing: bytes).hex, bytes) }

  @Test("members written again as they were are an archive: the tests below change one thing")
  func unchanged() throws {
    #expect(try problem(members(fixture.writeSigned(seeds: [1], in: folder))) == nil)
  }

  @Test("each blob is needed, and one more is refused")
  func missingAndExtra() throws {
    let whole = try members(fixture.writeSigned(seeds: [1], in: folder))
    for index in whole.indices.dropFirst(2) {
      var less = whole
      less.remove(at: index)
      guard case .missingBlob = try problem(less) else {
        Issue.record("\(whole[index].name) was not missed")
        continue
      }
    }
    let extra = blob(Data("extra".utf8))
    #expect(try problem(whole + [extra]) == .extraBlob(Digest(hashing: extra.bytes)))
  }

  @Test("a blob under another's digest, a member with no place and a changed order are refused")
  func misplaced() throws {
    let whole = try members(fixture.write(to: folder["a.soul"]))
    var wrong = whole
    wrong[3].bytes += [0]
    #expect(try problem(wrong) == .wrongDigest(whole[3].name))
    #expect(try problem(whole + [("blobs/sha512/aa", Data())]) == .unexpectedMember("blobs/sha512/aa"))
    #expect(try problem(whole + [("zzz", Data())]) == .unexpectedMember("zzz"))
    #expect(try problem(whole.prefix(2) + whole.dropFirst(2).reversed(), sorted: false) != nil)
    #expect(try problem([whole[1], whole[0]] + whole.dropFirst(2)) == .order(member: "index.json"))
    #expect(try problem(Array(whole.prefix(1))) == .document("index.json: is missing"))
    #expect(try problem([]) == .document("oci-layout: is missing"))
  }

  /// Rewrites a document of the archive and everything that names it by digest and size, so that only its content is at fault.
  private func replacing(_ old: Data, with new: Data, in members: [(name: String, bytes: Data)]) -> [(name: String, bytes: Data)] {
    var members = members
    for index in members.indices where members[index].bytes == old { members[index].bytes = new }
    while let index = members.firstIndex(where: { $0.name.hasPrefix("blobs/") && $0.name != blob($0.bytes).name }) {
      let (before, after) = (members[index].name.suffix(64), blob(members[index].bytes).name.suffix(64))
      let size = members[index].bytes.count
      for other in members.indices {
        guard let text = String(data: members[other].bytes, encoding: .utf8), text.contains(before) else { continue }
        let sized = text.replacingOccurrences(
          of: "(\(before)\",\"mediaType\":\"[^\"]*\",\"size\"):[0-9]+", with: "$1:\(size)", options: .regularExpression)
        members[other].bytes = Data(sized.replacingOccurrences(of: before, with: after).utf8)
      }
      members[index].name = blob(members[index].bytes).name
    }
    return members
  }

  private func document(_ marker: String, in members: [(name: String, bytes: Data)]) throws -> Data {
    try #require(members.map(\.bytes).first { String(decoding: $0, as: UTF8.self).contains(marker) })
  }

  /// A part of a document, what stands for it instead, and a mark by which the document is known.
  static let edits: [(String, String, String)] = [
    ("\"schema\":\"soulpack.soul/2\"", "\"schema\":\"soulpack.soul/2\"", "\"schema\":\"soulpack.soul/9\""),
    ("\"schema\":\"soulpack.soul/2\"", "\"version\":\"1.2.0\"", "\"version\":\"1.3.0\""),
    ("\"schema\":\"soulpack.soul/2\"", "{\"candidates\"", "{ \"candidates\""),
    ("\"schema\":\"soulpack.soul/2\"", "\"license\"", "\"licence\""),
    ("\"schema\":\"soulpack.soul/2\"", "\"seed\":2", "\"seed\":2.0"),
    ("\"modelfs\"", "\"version\":\"1.2.0\"", "\"version\":\"1.3.0\""),
    ("\"modelfs\"", "\"config\":{}", "\"config\":{\"format\":\"x\"}"),
    ("cncf.model.config", "\"schemaVersion\":2", "\"schemaVersion\":3"),
    ("cncf.model.config", "doc.v1.raw", "doc.v1.tar"),
    ("cncf.model.config", "weight.v1.raw", "dataset.v1.raw"),
    ("cncf.model.config", "model.manifest.v1", "model.manifest.v2"),
    ("cncf.model.config", "filepath\":\"lineage/graph.json\"", "filepath\":\"../graph.json\""),
    ("cncf.model.config", "filepath\":\"lineage/graph.json\"", "filepath\":\"recipe.json\""),
    ("cncf.model.config", "title\":\"recipe.json\"", "title\":\"recipe.yaml\""),
    ("imageLayoutVersion", "1.0.0", "1.0.1"),
    ("image.index", "\"schemaVersion\":2", "\"schemaVersion\":1"),
    ("image.index", "dev.soulpack.referrers", "dev.soulpack.referrerz"),
    ("image.index", "\"artifactType\":\"application/vnd.cncf.model.manifest.v1+json\"", "\"artifactType\":\"x\""),
    ("image.index", "}]", "},{}]"),
    ("\"subject\"", "vnd.in-toto.provenance+dsse", "vnd.in-toto.provenance+dss"),
    ("\"subject\"", "\"schemaVersion\":2", "\"schemaVersion\":2,\"x\":1"),
    ("\"payloadType\"", "\"payloadType\"", "\"payloadtype\""),
    ("\"payloadType\"", "\"signatures\"", " \"signatures\""),
  ]

  @Test("a document that says something else, with every digest made to fit, is refused", arguments: edits)
  func edited(mark: String, part: String, instead: String) throws {
    let whole = try members(fixture.writeSigned(seeds: [1], in: folder))
    let before = mark == "cncf.model.config" ? try document("\"layers\":[{\"annotations\"", in: whole) : try document(mark, in: whole)
    let text = String(decoding: before, as: UTF8.self)
    try #require(text.contains(part))
    let after = Data(text.replacingOccurrences(of: part, with: instead).utf8)
    #expect(try problem(replacing(before, with: after, in: whole)) != nil)
  }

  @Test("sizes that lie are refused, with the digests right")
  func sizes() throws {
    let whole = try members(fixture.writeSigned(seeds: [1], in: folder))
    for mark in ["\"layers\":[{\"annotations\"", "\"subject\"", "image.index"] {
      let before = try document(mark, in: whole)
      let text = String(decoding: before, as: UTF8.self)
      let after = Data(text.replacingOccurrences(of: "\"size\":([0-9]+)", with: "\"size\":1$1", options: .regularExpression).utf8)
      #expect(try problem(replacing(before, with: after, in: whole)) != nil)
    }
  }

  @Test("bytes after the end, and an archive that was cut, are refused")
  func spare() throws {
    let bytes = try Data(contentsOf: fixture.writeSigned(seeds: [1], in: folder).url)
    for spare in [Data([0]), Data(repeating: 0, count: 512), Data("x".utf8)] {
      #expect(throws: ArchiveError.self) { try SoulArchive.open(try folder.write("spare.soul", bytes + spare)) }
    }
    for length in stride(from: 0, to: bytes.count, by: 97) {
      #expect(throws: ArchiveError.self) { try SoulArchive.open(try folder.write("cut.soul", bytes.prefix(length))) }
    }
  }

  @Test("what is no archive is refused", arguments: [Data(), Data("hello".utf8), Data(repeating: 0, count: 1024), Data(repeating: 0xFF, count: 4096)])
  func noArchive(_ bytes: Data) throws {
    #expect(throws: ArchiveError.self) { try SoulArchive.open(try folder.write("x.soul", bytes)) }
  }

  @Test("a folder, or nothing, is an error of the world and not of the bytes")
  func notAFile() throws {
    for url in [folder.url, folder["missing.soul"]] {
      let error = #expect(throws: ArchiveError.self) { try SoulArchive.open(url) }
      #expect(error?.isVerificationFailure == false)
    }
  }

  // MARK: - Single bits

  /// Whether the file is refused while one of its bits is another.
  private func isRefused(flipping bit: Int?, of bytes: Data, in file: FileHandle, at url: URL, trusting key: PublicKey) throws -> Bool {
    if let bit { try write(bytes[bit / 8] ^ 1 << (bit % 8), at: bit / 8, of: file) }
    defer {
      if let bit { do { try write(bytes[bit / 8], at: bit / 8, of: file) } catch { Issue.record(error) } }
    }
    do throws(ArchiveError) {
      let report = Verifier.verify(try SoulArchive.open(url), judge: SoulFixture.judge, named: { _ in [] }) { _, keys in
        keys.contains(key) ? .trusted(rule: "*", keys: keys) : .noRule
      }
      return !report.isTrusted
    } catch {
      return error.isVerificationFailure
    }
  }

  /// In place: writing the whole file anew each time would have the file system flush it.
  private func write(_ byte: UInt8, at offset: Int, of file: FileHandle) throws {
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: [byte])
  }

  /// The bits, of these, whose change was taken.
  private func taken(_ bits: [Int], of archive: SoulArchive) throws -> [Int] {
    let bytes = try Data(contentsOf: archive.url)
    let file = try FileHandle(forUpdating: archive.url)
    let key = try SoulFixture.key(1).publicKey
    #expect(try !isRefused(flipping: nil, of: bytes, in: file, at: archive.url, trusting: key))
    let taken = try bits.filter { try !isRefused(flipping: $0, of: bytes, in: file, at: archive.url, trusting: key) }
    #expect(try !isRefused(flipping: nil, of: bytes, in: file, at: archive.url, trusting: key))
    try file.close()
    return taken
  }

  /// Every bit of the first two members, of every header and of every padding's first byte; one bit of each other byte.
  private func bits(of bytes: Data) -> [Int] {
    bytes.indices.flatMap { offset -> [Int] in
      let block = offset / 512 * 512
      let isHeader = bytes[(block + 257)..<min(block + 262, bytes.count)].elementsEqual("ustar".utf8)
      return offset < 3072 || isHeader ? (0..<8).map { offset * 8 + $0 } : [offset * 8 + offset % 8]
    }
  }

  @Test("no single bit of a signed archive can be changed")
  func everyBit() throws {
    let archive = try fixture.writeSigned(seeds: [1], in: folder)
    #expect(try taken(bits(of: Data(contentsOf: archive.url)), of: archive) == [])
  }

  @Test("hundreds of random changes of a larger archive are all refused")
  func randomBits() throws {
    var large = fixture
    large.weights = SoulFixture.safetensors(values: (0..<50_000).map { Float($0) / 7 })
    let archive = try large.writeSigned(seeds: [1], in: folder)
    let byteCount = try Data(contentsOf: archive.url).count
    var random = SystemRandomNumberGenerator()
    #expect(try taken((0..<400).map { _ in Int.random(in: 0..<byteCount * 8, using: &random) }, of: archive) == [])
  }
}
