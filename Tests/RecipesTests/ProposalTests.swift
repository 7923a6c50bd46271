import Artifacts
import Foundation
import Planning
import Recipes
import Testing

@Suite("A proposed recipe")
struct ProposalTests {
  private func proposal(
    name: String = "letters", from: String = "letters", records: Int64 = 300, chats: Int64 = 300, usual: Int64 = 400,
    base: RecipeProposal.Base = .none, holdout: Int64 = 10
  ) -> RecipeProposal {
    let sight = RecipeProposal.Sight(
      records: records, chats: chats, characters: records * usual, usualLengthInCharacters: usual, holdoutPercent: holdout)
    return RecipeProposal(name: name, from: from, sight: sight, base: base, schema: "recipe.schema.json")
  }

  private func read(_ proposal: RecipeProposal) throws -> Recipe { try Recipe(parsing: Data(proposal.text.utf8), path: "soul.yaml") }

  @Test("is in order for any amount of data, and trains no more than ten passes", arguments: [
    (1, 10, 4), (40, 10, 4), (300, 10, 4), (1_000, 4, 4), (10_000, 1, 8), (5_000_000, 1, 8),
  ] as [(Int64, Int64, Int64)])
  func amounts(records: Int64, epochs: Int64, batch: Int64) throws {
    for base in [RecipeProposal.Base.none, .recipe(path: "recipes/base.yaml"), .model(path: "/models/a b", positions: 100)] {
      let target = try #require(try read(proposal(records: records, base: base)).targets.first)
      #expect(target.epochs == epochs && target.batch == batch && target.candidates.count == 2)
    }
  }

  @Test("holds nine of ten records whole, and no more than the model can", arguments: [(10, 128), (400, 256), (1_500, 512), (100_000, 512)] as [(Int64, Int64)])
  func context(usual: Int64, context: Int64) throws {
    #expect(try read(proposal(usual: usual)).targets.first?.context == context)
    let small = proposal(usual: usual, base: .model(path: "m", positions: 100))
    #expect(try read(small).targets.first?.context == 100)
  }

  @Test("asks for the licences, and says so until they are named")
  func questions() throws {
    let text = proposal().text
    #expect(try read(proposal()).openQuestions == ["license", "datasets.letters.license"])
    let answered = text.replacing("license: NOASSERTION", with: "license: CC0-1.0")
    #expect(try Recipe(parsing: Data(answered.utf8), path: "soul.yaml").openQuestions.isEmpty)
  }

  @Test("means the curation that a folder without a recipe gets")
  func sameCuration() throws {
    let plan = try Planner.plan(try read(proposal())) { _ in throw CancellationError() }
    #expect(plan["curate.letters"] == Planner.curation(named: "letters", of: "letters"))
  }

  @Test("names come from paths, whatever these hold", arguments: [
    ("data/My Letters.zip", "my-letters"), ("/", "data"), ("", "data"), (".hidden", "data"), ("a.tar.gz", "a"), ("--x--y", "x-y"), ("ünïcode", "n-code"),
    (String(repeating: "a", count: 80), String(repeating: "a", count: 64)), ("Ａ", "data"),
  ])
  func names(path: String, name: String) { #expect(RecipeProposal.name(fromPath: path) == name) }

  @Test("a text that YAML would read otherwise is quoted", arguments: ["null", "yes", "a b", "a: b", "#c", "- d", "\"e\"", "1", "ü", "x\\y"])
  func quoting(path: String) throws {
    let recipe = try read(proposal(from: path))
    #expect(recipe.datasets.first?.origin == .path(path))
  }
}

@Suite("Stages by themselves")
struct OnlyStagesTests {
  private func stages(_ action: Action) -> [String] {
    (action.parameters["stages"]?.array ?? []).compactMap { $0.object?.keys.first }
  }

  @Test("without names a curation stays as it is; a stage that it has keeps its settings, another is as its name means")
  func only() {
    let action = Planner.curation(named: "x", of: "x")
    #expect(action.running(only: []) == action)
    // What it is to be held against only a person can say.
    let names = CurationStage.names.filter { $0 != "decontaminate" }
    for name in names { #expect(stages(action.running(only: [name])) == [name]) }
    #expect(stages(action.running(only: ["decontaminate"])) == [])
    #expect(Set(stages(action.running(only: CurationStage.names))) == Set(names))
    let short: JSONValue = ["length": ["min-characters": 3, "max-characters": 9]]
    let own = Action(id: "curate.x", kind: .curate, parameters: ["files": nil, "stages": [short]], inputs: [:])
    #expect(own.running(only: ["normalize", "length"]).parameters["stages"]?.array?.first == short)
    #expect(stages(own.running(only: ["normalize"])) == ["normalize"])
  }

  @Test("an unknown stage is refused, with the nearest name where there is one", arguments: [("dedup", nil), ("normalise", "normalize"), ("", nil)] as [(String, String?)])
  func unknown(name: String, nearest: String?) {
    #expect(throws: UnknownStage.self) { try CurationStage.requireKnown(name) }
    do throws(UnknownStage) { try CurationStage.requireKnown(name) } catch {
      #expect(error.hint?.contains(nearest ?? "known: normalize") == true, "\(error.hint ?? "")")
    }
  }
}
