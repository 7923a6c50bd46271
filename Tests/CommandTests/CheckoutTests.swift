import Foundation
import Testing

@Suite("A version of a folder, brought back")
struct CheckoutTests {
  @Test("it is not written into the folder that it is of, nor into the store; where the folder is gone it comes back there")
  func places() throws {
    try Tool.inProject { tool in
      try tool.must("snapshot", "talk")
      let before = try tool.names(in: "talk")
      try tool.run("checkout", "talk", "--to", "talk/again").expectFailure(
        2, tool.place("talk/again").path + ": lies in the folder that it is a version of", hint: "nothing was written; name a folder elsewhere")
      try tool.run("checkout", "talk", "--to", ".soulpack/again").expectFailure(2, tool.place(".soulpack/again").path + ": lies in the store")
      #expect(try tool.names(in: "talk") == before && !tool.exists(".soulpack/again"))
      let bytes = try tool.read("talk/talk.jsonl")
      try tool.remove("talk")
      try tool.must("checkout", "talk", "--to", "talk")
      #expect(try tool.read("talk/talk.jsonl") == bytes)
    }
  }

  @Test("a dataset's name is enough among several recipes, unless they mean several folders by it")
  func names() throws {
    try Tool.inProject { tool in
      try FileManager.default.moveItem(at: tool.place("talk"), to: tool.place("letters"))
      try tool.edit("recipes/voice.yaml", "from: talk", "from: letters")
      for folder in ["letters", "texts"] { try tool.must("snapshot", folder) }
      try tool.must("checkout", "talk", "--to", "one")
      #expect(try tool.read("one/talk.jsonl") == tool.read("letters/talk.jsonl"))
      try tool.write(Project.voice.replacing("soul: voice", with: "soul: other").replacing("from: talk", with: "from: texts"), to: "recipes/other.yaml")
      let unsure = try tool.run("checkout", "talk", "--to", "two")
      unsure.expectFailure(1, "\"talk\": several recipes have such a dataset, of \(tool.place("letters").path), ", hint: "name the folder")
    }
  }
}
