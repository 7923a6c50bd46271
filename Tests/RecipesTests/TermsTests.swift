import Artifacts
import Foundation
import Licensing
import Planning
import Recipes
import Testing

@Suite("Licences in a recipe")
struct TermsTests {
  private static let ada = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
  private static let eve = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

  /// The recipe's text with one thing wrong at ▸, and the error that it must get.
  struct Case: CustomTestStringConvertible, Sendable {
    var soul = "CC-BY-4.0"
    var head = ""
    var dataset = "license: CC-BY-4.0, from: d"
    let message: String
    var hint: String?
    var testDescription: String { message }
  }

  private static func text(_ item: Case) -> String {
    RecipeFixture.replacing([
      "license": "license: \(item.soul)\n\(item.head)", "  letters:": "  letters: { \(item.dataset) }",
    ])
  }

  @Test(
    "an error stands where the licence does, and says which, which clause, and what next",
    arguments: [
      Case(dataset: "from: d, license: ▸CC-BY-NC-4.0", message: "dataset \"letters\": CC-BY-NC-4.0, section 2(a)(1), allows no commercial use", hint: "if nobody earns with it, say so: \"use: { commercial: false }\"; else leave the texts out"),
      Case(
        head: "use: { commercial: false }", dataset: "from: d, license: ▸CC-BY-NC-4.0",
        message: "dataset \"letters\": CC-BY-NC-4.0, section 2(a)(1), allows no commercial use, which the Soul's licence CC-BY-4.0 would give to others",
        hint: "give the Soul a licence that keeps to it, such as CC-BY-NC-4.0"),
      Case(
        dataset: "from: d, license: ▸CC-BY-SA-4.0",
        message: "dataset \"letters\": CC-BY-SA-4.0, section 3(b), wants what is made from the texts under the same terms, and CC-BY-4.0 is not among those that it accepts"),
      Case(
        dataset: "from: d, license: ▸CC-BY-ND-4.0", message: "dataset \"letters\": CC-BY-ND-4.0, section 2(a)(1)(B), does not allow passing on what was made from the texts"),
      Case(
        soul: "ODbL-1.0 OR MIT", head: "use: { redistribute: data }", dataset: "from: d, license: ▸ODbL-1.0",
        message: "dataset \"letters\": ODbL-1.0, section 4.4, wants what is made from the texts under the same terms, and MIT is not among those that it accepts"),
      Case(dataset: "from: d, license: ▸CC-BY-40", message: "unknown licence \"CC-BY-40\"", hint: "did you mean \"CC-BY-4.0\"?"),
      Case(dataset: "from: d, license: ▸MIT AND", message: "a licence expression that is not complete"),
      Case(dataset: "from: d, license: ▸NONE", message: "\"NONE\" is no licence: what is not known is not allowed"),
      Case(soul: "▸Proprietary", message: "unknown licence \"Proprietary\""),
      Case(soul: "▸Proprietary", dataset: "license: CC-BY-SA-4.0, from: d", message: "unknown licence \"Proprietary\""),
      Case(
        soul: "NOASSERTION", dataset: "from: d, license: ▸CC-BY-SA-4.0",
        message: "dataset \"letters\": CC-BY-SA-4.0, section 3(b), wants what is made from the texts under the same terms, and NOASSERTION is not among those that it accepts"),
      Case(
        head: "licenses: [{ id: LicenseRef-letters, redistribute: weights }]", dataset: "from: d, license: ▸LicenseRef-letters",
        message: "dataset \"letters\": LicenseRef-letters allows no commercial use"),
      Case(head: "licenses: [{ id: ▸MIT }]", message: "the terms of MIT are known to soulpack", hint: "remove it from \"licenses\""),
      Case(head: "licenses: [{ id: ▸my licence }]", message: "\"my licence\" cannot be the id of a licence", hint: "for example LicenseRef-letters"),
      Case(head: "licenses: [{ id: ▸LicenseRef-consent-a }]", message: "\"LicenseRef-consent-a\" cannot be the id of a licence"),
      Case(head: "licenses: [{ id: LicenseRef-a }, { id: ▸LicenseRef-A }]", message: "licence \"LicenseRef-A\" is declared twice"),
      Case(head: "licenses: ▸[]", message: "\"licenses\" needs at least one value, found 0"),
      Case(head: "use: { ▸comercial: true }", message: "unknown key \"comercial\" in use", hint: "did you mean \"commercial\"?"),
      Case(head: "use: { redistribute: ▸texts }", message: "unknown value \"texts\" for \"redistribute\""),
      Case(head: "consents: [{ id: ada, scopes: [train] }, { id: ▸ada, scopes: [train] }]", message: "consent \"ada\" is declared twice"),
      Case(dataset: "from: d, license: MIT, consent: ▸ada", message: "unknown consent \"ada\""),
      Case(
        head: "consents: [{ id: ada, scopes: [weights, commercial] }]", dataset: "from: d, consent: ada, license: ▸LicenseRef-own",
        message: "dataset \"letters\": LicenseRef-consent-ada does not allow learning from the texts"),
      Case(
        head: "consents: [{ id: ada, contributor: \(ada), scopes: [train, weights, commercial] }]",
        dataset: "from: d, license: MIT, contributor: \(eve), consent: ▸ada", message: "consent \"ada\" is another contributor's", hint: "it was given by \(ada)"),
      Case(
        head: "consents: [{ id: ada, contributor: \(ada), scopes: [train, weights, commercial] }]",
        dataset: "from: d, contributor: \(eve), license: ▸MIT AND LicenseRef-consent-ada", message: "dataset \"letters\": LicenseRef-consent-ada is another contributor's"),
      Case(
        head: "consents: [{ id: ada, contributor: \(ada), scopes: [train, weights, commercial] }]\nrun:\n  make: { command: [x, \"{output}\"], inputs: { a: a.txt }, licenses: { a: LicenseRef-consent-ada } }",
        dataset: "from: { run: make }, contributor: \(eve), license: ▸MIT", message: "dataset \"letters\": LicenseRef-consent-ada is another contributor's"),
      Case(
        soul: "▸LicenseRef-consent-ada", head: "consents: [{ id: ada, scopes: [train, weights, commercial] }]",
        message: "a consent is given for data, and is no licence of a Soul"),
      Case(
        head: "consents: [{ id: ada, scopes: [train, weights, commercial] }]", dataset: "from: d, consent: ada, license: ▸per-record",
        message: "\"per-record\" with a consent or a licence of the whole dataset"),
      Case(dataset: "from: d, license: ▸from-inputs", message: "\"from-inputs\" without an input that has a licence"),
      Case(
        head: "run:\n  make: { command: [x, \"{output}\"], inputs: { a: a.txt, b: b.txt }, licenses: { ▸c: MIT } }",
        dataset: "from: { run: make }, license: MIT", message: "unknown input \"c\""),
      Case(
        head: "run:\n  make: { command: [x, \"{output}\"], inputs: { a: a.txt, b: b.txt }, licenses: { a: MIT, b: CC-BY-NC-4.0 } }",
        dataset: "from: { run: make }, license: ▸from-inputs", message: "dataset \"letters\": CC-BY-NC-4.0, section 2(a)(1), allows no commercial use"),
      // Of a run step before the last one, and beside a licence that the dataset has itself.
      Case(
        head: "run:\n  first: { command: [x, \"{output}\"], inputs: { a: a.txt }, licenses: { a: CC-BY-SA-4.0 } }\n  make: { command: [x, \"{output}\"], inputs: { b: { run: first } } }",
        dataset: "from: { run: make }, license: ▸MIT",
        message: "dataset \"letters\": CC-BY-SA-4.0, section 3(b), wants what is made from the texts under the same terms, and CC-BY-4.0 is not among those that it accepts"),
    ])
  func refused(_ item: Case) throws {
    let marked = Self.text(item)
    let before = try #require(marked.components(separatedBy: "▸").first).components(separatedBy: "\n")
    let errors = try RecipeFixture.errors(in: marked.replacing("▸", with: ""))
    #expect(errors.map(\.message) == ["recipes/x.yaml:\(before.count):\((before.last?.count ?? 0) + 1): \(item.message)"])
    if let hint = item.hint { #expect(errors.first?.hint == hint) }
  }

  @Test("the terms of a dataset are those of all it is made from, and of the choices the one that asks for least")
  func terms() throws {
    let text = RecipeFixture.replacing([
      "license": """
      license: CC-BY-SA-4.0
      consents: [{ id: ada, scopes: [train, weights, commercial] }]
      run:
        make: { command: [x, "{output}"], inputs: { a: a.txt, b: b.txt }, licenses: { a: MIT OR GPL-2.0-only, b: CC-BY-SA-3.0 } }
      """,
      "  letters:": "  letters: { from: { run: make }, license: from-inputs, consent: ada }",
    ])
    let recipe = try RecipeFixture.read(text)
    #expect(recipe.datasets.first?.terms?.standard?.expression == "CC-BY-SA-3.0 AND LicenseRef-consent-ada AND MIT")
    let plan = try RecipeFixture.plan(text)
    #expect(plan["curate.letters"]?.parameters["terms"]?["license"] == "CC-BY-SA-3.0 AND LicenseRef-consent-ada AND MIT")
    #expect(plan["seal"]?.parameters["terms"] == "CC-BY-SA-3.0 AND LicenseRef-consent-ada AND MIT")
  }

  @Test("a record takes the consents of its dataset's contributor, and those that name nobody")
  func consentsOfRecords() throws {
    let recipe = try RecipeFixture.read(RecipeFixture.replacing([
      "license": """
      license: CC-BY-4.0
      consents:
        - { id: ada, contributor: \(Self.ada), scopes: [train, weights, commercial] }
        - { id: eve, contributor: \(Self.eve), scopes: [train, weights, commercial] }
        - { id: all, scopes: [train, weights, commercial] }
      """,
      "  letters:": "  letters: { from: d, license: per-record, contributor: \(Self.eve) }",
    ]))
    let rule = try #require(recipe.datasets.first?.terms)
    let judged = ["ada", "eve", "all"].map { name -> Bool in
      if case .allowed = rule.judge(stated: "LicenseRef-consent-" + name) { true } else { false }
    }
    #expect(judged == [false, true, true])
  }

  @Test("what builds without a use builds under a narrower one, and a narrower one lets more build")
  func narrower() throws {
    let home = "license: LicenseRef-private\nuse: { commercial: false, redistribute: none }"
    for license in ["CC-BY-NC-ND-4.0", "LicenseRef-private", "CC-BY-SA-4.0", "LicenseRef-own"] {
      let text = RecipeFixture.replacing(["license": home, "  letters:": "  letters: { from: d, license: \(license) }"])
      #expect(try RecipeFixture.errors(in: text).isEmpty, "\(license)")
    }
    let own = RecipeFixture.replacing(["  letters:": "  letters: { from: d, license: LicenseRef-own }"])
    #expect(try RecipeFixture.errors(in: own).isEmpty)
    #expect(try RecipeFixture.read(own).datasets.first?.terms?.standard?.clauses.isEmpty == true)
  }

  @Test("a dataset without a licence has no terms, and its recipe does not train")
  func open() throws {
    let recipe = try RecipeFixture.read(RecipeFixture.replacing(["  letters:": "  letters: { from: d, license: NOASSERTION }"]))
    #expect(recipe.datasets.first?.terms == nil)
    #expect(throws: UnknownTerms(recipe: "recipes/x.yaml", dataset: "letters")) { try recipe.requireKnownTerms() }
    #expect(try RecipeFixture.plan(RecipeFixture.replacing(["  letters:": "  letters: { from: d, license: NOASSERTION }"]))["curate.letters"]?.parameters["terms"] == nil)
  }

  @Test("a base whose Soul may not be used so is refused where it is named")
  func base() throws {
    let own = RecipeFixture.replacing(["base": "base: { recipe: recipes/base.yaml }"])
    let base = RecipeFixture.replacing([
      "license": "license: CC-BY-NC-4.0", "base": "base: { path: m }", "  letters-lora": "  letters-full: { dataset: letters, method: full }",
    ])
    do {
      _ = try Planner.plan(RecipeFixture.read(own)) { _ in try RecipeFixture.read(base, path: "recipes/base.yaml") }
      Issue.record("a base for non-commercial use was taken")
    } catch let error as PlanError {
      #expect(error.message == "recipes/x.yaml:6:17: base recipe \"recipes/base.yaml\": CC-BY-NC-4.0, section 2(a)(1), allows no commercial use")
      #expect(error.hint?.contains("commercial: false") == true)
    }
  }

  @Test("what a base recipe learned from binds too, however its own Soul is licensed; terms that agree do not")
  func textsOfABase() throws {
    func plan(_ dataset: String, _ use: String = "use: { commercial: true }") throws -> Plan {
      let own = RecipeFixture.replacing(["base": "base: { recipe: recipes/base.yaml }", "license": "license: CC0-1.0\n\(use)"])
      let base = RecipeFixture.replacing([
        "license": "license: CC0-1.0\nuse: { commercial: false, redistribute: none }", "base": "base: { path: m }",
        "  letters:": "  letters: { from: d, license: \(dataset) }", "  letters-lora": "  letters-full: { dataset: letters, method: full }",
      ])
      return try Planner.plan(RecipeFixture.read(own)) { _ in try RecipeFixture.read(base, path: "recipes/base.yaml") }
    }
    let refused = #expect(throws: PlanError.self) { try plan("CC-BY-NC-4.0") }
    #expect(refused?.message.hasSuffix("base recipe \"recipes/base.yaml\": CC-BY-NC-4.0, section 2(a)(1), allows no commercial use") == true, "\(refused?.message ?? "")")
    #expect(throws: Never.self) { try plan("CC0-1.0") }
    #expect(throws: Never.self) { try plan("CC-BY-NC-4.0", "use: { commercial: false, redistribute: none }") }
  }
}
