import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Markdown")
struct MarkdownTests {
  @Test("front matter is taken off, and the place is where the text begins")
  func frontMatter() async throws {
    let text = "---\ntitle: To Wren\n---\n\nDear Wren,\n\nthe clock is slow.\n"
    let result = try await curate(["a.md": text])
    #expect(try result.texts() == [Array("Dear Wren,\n\nthe clock is slow.".utf8)])
    let source = try #require(result.ledger.entries.first?.source)
    #expect(source.place.line == 5)
    #expect(String(decoding: Data(text.utf8)[source.byteRange], as: UTF8.self) == "Dear Wren,\n\nthe clock is slow.")
  }

  @Test(
    "what only looks like front matter is text",
    arguments: [
      ("---\nnever closed\n", "---\nnever closed"), ("x\n---\ny\n---\nz", "x\n---\ny\n---\nz"), ("----\na\n---\nb", "----\na\n---\nb"),
      ("\u{feff}--- \r\nt: 1\r\n...\r\nbody\r\n", "body"), ("---\n---\nbody", "body"),
    ])
  func lookAlikes(file: String, text: String) async throws {
    #expect(try await curate(["a.markdown": file]).texts() == [Array(text.utf8)])
  }

  @Test("a file without a visible character leaves a word in the ledger", arguments: ["", "\n \n", "---\ntitle: x\n---\n", "\u{feff}"])
  func empty(file: String) async throws {
    let result = try await curate(["a.md": file, "b.md": "text"])
    #expect(result.reason("a.md", 1) == .emptyText)
    #expect(result.dataset.count == 1)
  }

  @Test("bytes that are not UTF-8 drop the file and no other")
  func encoding() async throws {
    let result = try await curate(["a.md": Data([0x61, 0xFF]), "b.md": Data("text".utf8)])
    #expect(result.reason("a.md", 1) == .invalidUTF8)
    #expect(result.dataset.count == 1)
  }

  @Test("4,000 characters are one record, one more is cut")
  func wholeLimit() async throws {
    let half = String(repeating: "é", count: 1_999)
    let whole = half + "\n\n" + half
    #expect(try await curate(["a.md": whole]).dataset.count == 1)
    #expect(try await curate(["a.md": whole + "x"]).dataset.count == 2)
  }

  @Test("pieces are runs of paragraphs within the limit, nothing is lost, and all share the key that the bytes give")
  func pieces() async throws {
    var random = Seeded(7)
    let paragraphs = (0..<60).map { number in "\(number) " + String(repeating: "word ", count: 5 + random.below(60)) + "end." }
    let text = paragraphs.joined(separator: "\n\n")
    let result = try await curate(["deep/a.md": text], stages: [])
    #expect(result.dataset.count > 3)
    #expect(Set(result.dataset.rows.map(\.conversation)) == [Digest(hashing: Data(text.utf8)).description])
    let bytes = Data(text.utf8)
    let read = result.ledger.entries.map { String(decoding: bytes[$0.source.byteRange], as: UTF8.self) }
    #expect(read.joined(separator: "\n\n") == text)
    #expect(read.dropLast().allSatisfy { $0.count <= 2_000 && $0.count > 1_500 })
    let lines = result.ledger.entries.map(\.source.place.line)
    for (line, piece) in zip(lines, read) {
      #expect(piece.hasPrefix(text.split(separator: "\n", omittingEmptySubsequences: false)[line - 1]))
    }
  }

  @Test("a short end joins the piece before it, a heading goes with its text, a fence and a long paragraph stay whole")
  func cuts() async throws {
    let long = String(repeating: "a", count: 1_900)
    let fence = "```\n" + String(repeating: "b", count: 600) + "\n\n" + String(repeating: "c", count: 600) + "\n```"
    let huge = String(repeating: "d", count: 5_000)
    let text = [long, "# Title", "## Part", fence, huge, "short end"].joined(separator: "\n\n")
    let result = try await curate(["a.md": text], stages: [])
    #expect(try result.texts() == Set([long, "# Title\n\n## Part\n\n" + fence, huge + "\n\nshort end"].map { Array($0.utf8) }))
  }

  @Test("headings alone are a paragraph with what follows, however many blank lines are between them; a fence after one is text")
  func headings() async throws {
    let headings = (0..<40_000).map { "# \($0)" }.joined(separator: "\n\n")
    let result = try await curate(["a.md": headings + "\n\ntext\n\n# next\n\nmore " + String(repeating: "x", count: 2_000)], stages: [])
    #expect(result.dataset.count == 2 && result.reason("a.md", 1) == nil)
    #expect(try result.texts().contains { $0.starts(with: "# next\n\nmore ".utf8) })
    let fence = "# a\n```\n# b\n\n" + String(repeating: "c", count: 1_900) + "\n```"
    let text = [fence, String(repeating: "d", count: 1_900), String(repeating: "e", count: 1_900)]
    #expect(try await curate(["a.md": text.joined(separator: "\n\n")], stages: []).texts() == Set(text.map { Array($0.utf8) }))
  }

  @Test("a new name changes nothing of what comes out")
  func renamed() async throws {
    let text = (0..<50).map { "paragraph \($0) " + String(repeating: "x", count: 200) }.joined(separator: "\n\n")
    let first = try await curate(["a.md": text, "b.md": "other"])
    let second = try await curate(["z/new.md": text, "a.md": "other"])
    #expect(first.dataset.bytes == second.dataset.bytes)
  }
}

@Suite("Plain text")
struct PlainTextTests {
  @Test("nothing in it is markup: rules at its head, headings and fences are text like other text", arguments: ["a.txt", "a.TEXT"])
  func markup(name: String) async throws {
    let text = "---\ntitle: x\n---\n\n# one\n\n```\ntwo"
    #expect(try await curate([name: text]).texts() == [Array(text.utf8)])
  }

  @Test("a long one is cut between paragraphs, also within what would be a fence")
  func cuts() async throws {
    let parts = ["```\n" + String(repeating: "a", count: 1_900), String(repeating: "b", count: 1_900), String(repeating: "c", count: 1_900)]
    let result = try await curate(["a.txt": parts.joined(separator: "\n\n")], stages: [])
    #expect(try result.texts() == Set(parts.map { Array($0.utf8) }))
  }

  @Test("one that is not UTF-8 or empty leaves a word in the ledger")
  func faults() async throws {
    let result = try await curate(["a.txt": Data([0xFF]), "b.txt": Data(), "c.txt": Data("x".utf8)])
    #expect(result.reason("a.txt", 1) == .invalidUTF8)
    #expect(result.reason("b.txt", 1) == .emptyText)
  }
}
