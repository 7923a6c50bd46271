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
    #expect(parameters == CurationParameters(files: ["prose/*.md"], stages: [.repair, .exact, .length(minimumInCharacters: 2, maximumInCharacters: 30)]))
    #expect(try parse(#"{"files":null,"stages":[{"length":{}},{"deduplicate":{"exact":false}}]}"#) == CurationParameters(stages: [.length(minimumInCharacters: 1, maximumInCharacters: 20_000)]))
    #expect(
      try parse(#"{"stages":[{"normalize":{"mojibake":"keep"}},{"quality":{}},{"deduplicate":{"exact":false,"near":{"ngram":3,"threshold-ppm":900000}}},{"pii":{"phone":"tag","email":"keep"}}]}"#)
        == CurationParameters(stages: [
          .normalize(repairsMojibake: false), .quality(.chat),
          .deduplicate(DeduplicationRule(exact: false, near: NearDuplicateRule(wordsInShingle: 3, thresholdPPM: 900_000))), .pii(.tag, kinds: [.phone]),
        ]))
    #expect(
      try parse(#"{"stages":[{"language":{"keep":["en","de"],"min-share-ppm":700000,"undecided":"drop"}},{"decontaminate":{"ngram":8,"threshold-ppm":1}},{"pii":{"email":"keep"}}]}"#)
        == CurationParameters(stages: [
          .language(LanguageRule(keep: ["de", "en"], minimumSharePPM: 700_000, keepsUndecided: false)), .decontaminate(DecontaminationRule(wordsInRun: 8, thresholdPPM: 1)),
        ]))
    #expect(
      try parse(#"{"stages":[{"language":{"keep":null}},{"decontaminate":{}},{"quality":{"profile":"fineweb"}}]}"#)
        == CurationParameters(stages: [.language(LanguageRule()), .decontaminate(DecontaminationRule()), .quality(.fineweb)]))
    let split: JSONValue = ["by": "conversation", "validation-ppm": 50_000, "holdout-ppm": 100_000, "salt": "ember"]
    #expect(try SplitParameters(split) == SplitParameters(validationPPM: 50_000, holdoutPPM: 100_000, salt: "ember"))
  }

  @Test(
    "what is not understood is refused with its place",
    arguments: [
      ("[]", ": must be an object"), ("{}", "stages: must be a list"), (#"{"stages":[],"near":1}"#, "near: is not known"),
      (#"{"stages":[{"quality":"gopher"}]}"#, "stages[0].quality: must be an object"), (#"{"stages":[{"langs":{}}]}"#, "stages[0]: unknown stage \"langs\""),
      (#"{"stages":[{"quality":{"profile":"c5"}}]}"#, "stages[0].quality.profile: must be \"chat\" or \"gopher\" or \"c4\" or \"fineweb\""),
      (#"{"stages":[{"normalize":{"mojibake":true}}]}"#, "stages[0].normalize.mojibake: must be \"repair\" or \"keep\""),
      (#"{"stages":[{"pii":{"iban":"hide"}}]}"#, "stages[0].pii.iban: must be \"redact\" or \"drop\" or \"tag\" or \"keep\""),
      (#"{"stages":[{"pii":{"name":"drop"}}]}"#, "stages[0].pii.name: is not known"),
      (#"{"stages":[{"language":{"keep":[]}}]}"#, "stages[0].language.keep: must be a list of languages"),
      (#"{"stages":[{"language":{"min-share-ppm":1000001}}]}"#, "stages[0].language.min-share-ppm: must be a whole number from 0 to 1000000"),
      (#"{"stages":[{"language":{"undecided":"maybe"}}]}"#, "stages[0].language.undecided: must be \"keep\" or \"drop\""),
      (#"{"stages":[{"decontaminate":{"ngram":4}}]}"#, "stages[0].decontaminate.ngram: must be a whole number from 5 to 32"),
      (#"{"stages":[{"decontaminate":{"against":"x"}}]}"#, "stages[0].decontaminate.against: is not known"),
      (#"{"stages":[{}]}"#, "stages[0]: must be an object with one member, the stage's name"),
      (#"{"stages":[{"normalize":{"unicode":"nfkc"}}]}"#, "stages[0].normalize.unicode: must be \"nfc\""),
      (#"{"stages":[{"normalize":{}},{"normalize":{}}]}"#, "stages[1]: \"normalize\" stands here a second time"),
      (#"{"stages":[{"deduplicate":{"near":true}}]}"#, "stages[0].deduplicate.near: must be an object"),
      (#"{"stages":[{"deduplicate":{"near":{"threshold-ppm":499999}}}]}"#, "stages[0].deduplicate.near.threshold-ppm: must be a whole number from 500000 to 1000000"),
      (#"{"stages":[{"deduplicate":{"near":{"ngram":0}}}]}"#, "stages[0].deduplicate.near.ngram: must be a whole number from 1 to 32"),
      (#"{"stages":[{"deduplicate":{"near":{"bands":9}}}]}"#, "stages[0].deduplicate.near.bands: is not known"),
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
