import Artifacts
import Curation
import Foundation
import Testing

@Suite("Curation parameters")
struct ParameterTests {
  private func parse(_ text: String) throws -> CurationParameters { try CurationParameters(try JSONValue(parsing: Data(text.utf8))) }

  @Test("what the planner writes is read")
  func planned() throws {
    let parameters = try parse(
      #"{"files":["prose/*.md"],"stages":[{"normalize":{"unicode":"nfc"}},{"deduplicate":{"exact":true}},{"length":{"min-characters":2,"max-characters":30}}]}"#)
    #expect(parameters == CurationParameters(files: ["prose/*.md"], stages: [.normalize, .deduplicate, .length(minimumInCharacters: 2, maximumInCharacters: 30)]))
    #expect(try parse(#"{"files":null,"stages":[{"length":{}},{"deduplicate":{"exact":false}}]}"#) == CurationParameters(stages: [.length(minimumInCharacters: 1, maximumInCharacters: 20_000)]))
    let split: JSONValue = ["by": "conversation", "validation-ppm": 50_000, "holdout-ppm": 100_000, "salt": "ember"]
    #expect(try SplitParameters(split) == SplitParameters(validationPPM: 50_000, holdoutPPM: 100_000, salt: "ember"))
  }

  @Test(
    "what is not understood is refused with its place",
    arguments: [
      ("[]", ": must be an object"), ("{}", "stages: must be a list"), (#"{"stages":[],"near":1}"#, "near: is not known"),
      (#"{"stages":[{"quality":"gopher"}]}"#, "stages[0].quality: must be an object"), (#"{"stages":[{"pii":{}}]}"#, "stages[0]: unknown stage \"pii\""),
      (#"{"stages":[{}]}"#, "stages[0]: must be an object with one member, the stage's name"),
      (#"{"stages":[{"normalize":{"unicode":"nfkc"}}]}"#, "stages[0].normalize.unicode: must be \"nfc\""),
      (#"{"stages":[{"normalize":{}},{"normalize":{}}]}"#, "stages[1]: \"normalize\" stands here a second time"),
      (#"{"stages":[{"deduplicate":{"exact":true,"near":{}}}]}"#, "stages[0].deduplicate.near: is not known"),
      (#"{"stages":[{"deduplicate":{"exact":1}}]}"#, "stages[0].deduplicate.exact: must be true or false"),
      (#"{"stages":[{"length":{"min-characters":-1}}]}"#, "stages[0].length.min-characters: must be a whole number from 0 to 1000000000"),
      (#"{"stages":[{"length":{"min-characters":5,"max-characters":4}}]}"#, "stages[0].length.min-characters: is more than max-characters"),
      (#"{"files":[],"stages":[]}"#, "files: must be a list of patterns"), (#"{"files":[7],"stages":[]}"#, "files: must be a list of patterns"),
    ])
  func refusals(text: String, message: String) throws {
    let error = #expect(throws: ParameterError.self) { try parse(text) }
    #expect(error?.message == message)
  }

  @Test("split shares are whole numbers within the whole", arguments: [
    ["validation-ppm": 0, "salt": "x"], ["validation-ppm": 600_000, "holdout-ppm": 400_001, "salt": "x"], ["validation-ppm": 0.5, "holdout-ppm": 1, "salt": "x"],
    ["validation-ppm": 0, "holdout-ppm": -1, "salt": "x"], ["validation-ppm": 0, "holdout-ppm": 1], ["by": "record", "validation-ppm": 0, "holdout-ppm": 1, "salt": "x"],
  ] as [JSONValue])
  func splitRefusals(value: JSONValue) {
    #expect(throws: ParameterError.self) { try SplitParameters(value) }
  }
}
