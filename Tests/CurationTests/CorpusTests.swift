import Curation
import Foundation
import FuzzInvariants
import Testing

/// The inputs that the fuzzer begins with and those that it found, each held against the same invariants.
@Suite("Kept inputs")
struct CorpusTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

  private static func files() -> [String] {
    let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return paths.filter { $0.contains("/") }.sorted()
  }

  @Test("there are inputs of every format")
  func formats() {
    let formats = Set(CorpusTests.files().compactMap { $0.split(separator: "/").first.map(String.init) })
    #expect(formats == ["archives", "csv", "json", "jsonl", "prose", "telegram", "whatsapp"])
  }

  @Test("records lie in their files and apart, none is lost, and how a file is cut is no matter", arguments: files())
  func invariants(path: String) async throws {
    let data = try Data(contentsOf: CorpusTests.folder.appending(path: path))
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let isChat = path.hasPrefix("telegram") || path.hasPrefix("whatsapp")
    let reading = isChat ? ReadingRules(speakers: ["Anna"]) : .standard
    for size in [1, 7, 64] {
      let records = try await CurationInvariants(name: name, data: data, reading: reading).check(partByteCount: size)
      #expect(records > 0)
    }
  }
}
