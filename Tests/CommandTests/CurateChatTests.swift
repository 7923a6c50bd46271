import Foundation
import Testing

@Suite("Curating chats and judged answers")
struct CurateChatTests {
  private static let chat = """
    12/03/2024, 10:15 - Ben: is the lamp lit?
    12/03/2024, 10:16 - Anna: it is

    """

  @Test("without a speaker, curate says who speaks; with one, the chat is read; init writes down what was said")
  func speaker() throws {
    try Tool.inProject(["chats/ben.txt": Self.chat]) { tool in
      let refused = try tool.start(["curate", "chats"]).wait()
      #expect(refused.status == 1)
      #expect(refused.errors.contains(#"ben.txt: a chat, and nobody said who the Soul is in it; messages by "Anna" 1, "Ben" 1"#))
      let outcome = try tool.must("curate", "chats", "--speaker", "anna")
      #expect(outcome.output.contains("whatsapp"))
      let prose = try tool.must("curate", "chats", "--format", "plain-text")
      #expect(prose.output.contains("text"))
      // One chat is one conversation, which cannot be parted: others of her own stand beside it.
      for name in ["Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jon"] { try tool.write(Self.chat.replacing("Ben", with: name).replacing("the lamp", with: "the lamp of \(name)"), to: "chats/\(name).txt") }
      let recipe = try tool.must("init", "chats", "--speaker", "anna", "--print")
      #expect(recipe.output.contains(#"speaker: ["anna"]"#))
    }
  }

  @Test("a file of Parquet is named with what to do about it")
  func parquet() throws {
    try Tool.inProject(["data/a.parquet": "PAR1", "data/b.md": "kept"]) { tool in
      let outcome = try tool.must("curate", "data")
      #expect(outcome.output.contains("examples/parquet/to_jsonl.py"))
    }
  }

  @Test("training on preference pairs is refused with their number and a next step")
  func untrainable() throws {
    let pairs = (0..<30).map { #"{"prompt":"question \#($0)","chosen":"good \#($0)","rejected":"bad \#($0)"}"# }.joined(separator: "\n")
    try Tool.inProject(Project.tiny.merging(["talk/pairs.jsonl": pairs]) { own, _ in own }) { tool in
      try tool.must("curate", "recipes/voice.yaml")
      let outcome = try tool.start(["train", "recipes/voice.yaml"]).wait()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(#"of kind "preference pair": "sft" and "full" learn from conversations and texts alone"#))
    }
  }
}
