import Artifacts
import Foundation
import Recipes
import Testing

@Suite("Reading a recipe")
struct RecipeReadingTests {
  @Test("a short recipe means the documented defaults")
  func defaults() throws {
    let recipe = try RecipeFixture.read(RecipeFixture.lines)
    let dataset = try #require(recipe.dataset("letters"))
    #expect(dataset.stages.count == 5 && dataset.stages.first == .normalize(unicode: "nfc", mojibake: "repair"))
    guard case .deduplicate(true, let near?) = dataset.stages[2] else {
      Issue.record("near duplicates stay")
      return
    }
    #expect(near.ngram == 5 && near.threshold.description == "0.75")
    #expect(dataset.stages.suffix(2) == [.pii(actions: Dictionary(uniqueKeysWithValues: ["card", "email", "iban", "ip", "phone", "secret"].map { ($0, "redact") })), .length(minCharacters: 1, maxCharacters: 20_000)])
    #expect(dataset.split.validation.partsPerMillion == 100_000 && dataset.split.holdout.partsPerMillion == 100_000)
    #expect(recipe.base == .path("models/ember"))
    let target = try #require(recipe.targets.first)
    guard case .adapter(let lora) = target.method else {
      Issue.record("not an adapter")
      return
    }
    #expect(lora.rank == 8 && lora.alpha == 16 && lora.targets == .allLinear)
    #expect(target.optimizer.learningRate.description == "0.0002" && target.optimizer.epsilon.description == "0.00000001")
    #expect(target.epochs == 3 && target.batch == 8 && target.context == 256 && target.substrate == .embedded)
    #expect(target.candidates.map(\.seed) == [1])
    #expect(recipe.selection.improvement.description == "1/1000")
    #expect(recipe.permissions.lease.seconds == 7 * 86_400 && recipe.permissions.runAllow == ["public"])
    #expect(recipe.contact == nil && recipe.limits.isEmpty && recipe.wallBudget == nil && recipe.memoryBudget == nil)
  }

  @Test("paths have one spelling, and a folder among a run's inputs ends in a slash")
  func paths() throws {
    let run = "license: MIT\nrun:\n  make: { command: [x, \"{output}\"], inputs: { a: ./tools//a.py, b: corpus/, c: /usr/share/dict/words } }"
    let recipe = try RecipeFixture.read(RecipeFixture.replacing(["license": run, "  letters:": "  letters: { from: ./data//letters/, license: MIT }"]))
    #expect(recipe.dataset("letters")?.origin == .path("data/letters"))
    #expect(recipe.run("make")?.inputs == ["a": .file("tools/a.py"), "b": .folder("corpus"), "c": .file("/usr/share/dict/words")])
  }

  @Test("the normalised form read as a recipe gives itself and the same values", arguments: ["lamplighter", "ember", "jargon"])
  func normalisedIsAFixedPoint(name: String) throws {
    let path = "recipes/\(name).yaml"
    let recipe = try Recipe(parsing: Data(contentsOf: RecipeFixture.repository.appending(path: path)), path: path)
    let again = try Recipe(parsing: recipe.normalised.canonical, path: path)
    #expect(again.normalised == recipe.normalised)
    #expect(again.datasets == recipe.datasets && again.runs == recipe.runs && again.targets == recipe.targets && again.gates == recipe.gates)
    #expect(again.selection == recipe.selection && again.permissions == recipe.permissions)
  }

  @Test("writing out a default, or a quantity in another way, leaves the normalised form")
  func normalisedHasOneSpelling() throws {
    let short = try RecipeFixture.read(RecipeFixture.lines)
    let long = try RecipeFixture.read(
      RecipeFixture.replacing([
        "license": "license: CC-BY-4.0\nselect: { improvement: 0.001 }\npermissions: { lease: 168h }\nbudget: { wall: 1h, memory: 2000MB }",
        "  letters:": "  letters: { license: CC-BY-4.0, from: datasets/letters, split: { holdout: 10.0% } }",
        "  letters-lora": "  letters-lora: { optimizer: { learning-rate: .0002, clip: 1.0 }, dataset: letters, method: sft, lora: { rank: 8 } }",
      ]))
    #expect(long.normalised == short.normalised)
    #expect(long.wallBudget?.seconds == 3_600)
    #expect(long.memoryBudget?.byteCount == 2_000_000_000 && long.memoryBudget?.description == "2GB")
  }

  @Test("the normalised form of a short recipe is the reviewed one")
  func goldenNormalised() throws {
    let golden = #"""
      {"base":{"path":"models/ember"},"datasets":{"letters":{"curate":[{"normalize":{"mojibake":"repair","unicode":"nfc"}},{"quality":"chat"},{"deduplicate":{"exact":true,"near":{"ngram":5,"threshold":0.75}}},{"pii":"redact"},{"length":{"max-characters":20000,"min-characters":1}}],"from":"datasets/letters","license":"CC-BY-4.0","split":{"by":"conversation","holdout":"10%","salt":"soulpack","validation":"10%"}}},"description":"A lighthouse keeper.","gates":[],"intent":"Speaks as the keeper would.","license":"CC-BY-4.0","limits":[],"permissions":{"derive":true,"lease":"7d","prompt-logging":"none","run":{"allow":["public"]}},"run":{},"select":{"committee":"local","improvement":"1/1000","protocol":"albft","rounds":1},"soul":"lamplighter","train":{"letters-lora":{"batch":8,"candidates":[{"seed":1}],"context":256,"dataset":"letters","epochs":3,"lora":{"alpha":16,"rank":8,"targets":"all-linear"},"method":"sft","optimizer":{"betas":[0.9,0.999],"clip":1,"epsilon":1e-8,"learning-rate":0.0002,"schedule":"cosine","warmup":0.1,"weight-decay":0.01},"substrate":"embedded"}},"use":{"commercial":true,"redistribute":"weights","weights-are-adaptations":true},"version":"1.0.0"}
      """#
    #expect(String(decoding: try RecipeFixture.read(RecipeFixture.lines).normalised.canonical, as: UTF8.self) == golden)
  }
}

@Suite("Overrides")
struct OverrideTests {
  @Test("change a value by the schema's own types, and are recorded")
  func changes() throws {
    let set = ["train.letters-lora.epochs=1", "train.letters-lora.candidates.1.lora.rank=4", "datasets.letters.split.holdout=25%", "limits=[a, b]"]
    let recipe = try RecipeFixture.read(RecipeFixture.lines, set: set)
    #expect(recipe.targets.first?.epochs == 1 && recipe.targets.first?.candidates.first?.rank == 4)
    #expect(recipe.dataset("letters")?.split.holdout.partsPerMillion == 250_000)
    #expect(recipe.limits == ["a", "b"] && recipe.overrides == set)
    #expect(recipe.normalised["train"]?["letters-lora"]?["epochs"] == 1)
  }

  @Test("an override equal to the file changes nothing but the record of it")
  func sameValue() throws {
    let plain = try RecipeFixture.read(RecipeFixture.lines)
    let set = try RecipeFixture.read(RecipeFixture.lines, set: ["train.letters-lora.epochs=3"])
    #expect(set.normalised == plain.normalised && set.overrides != plain.overrides)
  }

  @Test(
    "are refused like a slip in the file",
    arguments: [
      ("train.letters-lora.epochs=many", "\"epochs\" needs a whole number from 1 to 100000, found \"many\"", nil),
      ("train.letters-lora.epochs=", "\"epochs\" needs a whole number from 1 to 100000, found nothing", nil),
      ("train.letters-lora.epoch=1", "unknown key \"epoch\" in train.letters-lora", "did you mean \"epochs\"?"),
      ("train.leters-lora.epochs=1", "unknown train target \"leters-lora\"", "did you mean \"letters-lora\"?"),
      ("datasets.letter.from=x", "unknown dataset \"letter\"", "did you mean \"letters\"?"),
      ("train.letters-lora.candidates.2.seed=1", "unknown item of \"candidates\" \"2\"", "known: 1"),
      ("train.letters-lora.dataset=leters", "unknown dataset \"leters\"", "did you mean \"letters\"?"),
      ("include=[]", "`include` is not in this version", nil),
      ("soul.name=x", "unknown key \"name\" in soul", nil),
      ("soul=&a x", "anchors and aliases are not allowed in a recipe", nil),
      ("limits=[a", "not valid YAML: did not find expected ',' or ']'", nil),
    ] as [(String, String, String?)])
  func refused(text: String, message: String, hint: String?) throws {
    let errors = try RecipeFixture.errors(in: RecipeFixture.lines, set: [text])
    #expect(errors.map(\.message) == ["--set \(text): \(message)"])
    if let hint { #expect(errors.first?.hint == hint) }
  }

  @Test("without a path or a value are no overrides", arguments: ["", "epochs", "=1", "train..epochs=1"])
  func malformed(text: String) {
    #expect(throws: RecipeError.self) { try Override(parsing: text) }
  }
}
