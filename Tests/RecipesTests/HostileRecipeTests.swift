import Foundation
import Recipes
import Testing

@Suite("Recipes that are not recipes")
struct HostileRecipeTests {
  struct Hostile: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: Data
    let message: String
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ message: String) { self.init(name, bytes: Data(text.utf8), message) }
    init(_ name: String, bytes: Data, _ message: String) { (self.name, self.bytes, self.message) = (name, bytes, message) }
  }

  /// Each level stands for two of the level below; used as a key, composing it would take 2⁶⁰ hashes.
  private static let aliasBomb: String =
    "a0: &a0 [x, x]\n" + (1...60).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined() + "? *a60\n: x\n"

  static let cases: [Hostile] = [
    Hostile("no bytes", "", ": the recipe is empty"),
    Hostile("only comments", "# nothing\n\n# here\n", ": the recipe is empty"),
    Hostile("only null", "~\n", ": the recipe is empty"),
    Hostile("a list", "- soul: x\n", ":1:1: \"the recipe\" needs a mapping, found a list"),
    Hostile("a word", "soul\n", ":1:1: \"the recipe\" needs a mapping, found \"soul\""),
    Hostile("two documents", RecipeFixture.lines + "\n---\nsoul: y\n", ":12:1: a second YAML document in one recipe"),
    Hostile("bytes that are no UTF-8", bytes: Data("soul: é\nintent: a".utf8) + [0xFF, 0x0A], ":2:10: not UTF-8"),
    Hostile("UTF-16", bytes: Data([0xFF, 0xFE, 0x73, 0x00]), ":1:1: not UTF-8"),
    Hostile("a NUL", "soul: a\u{0}b\n", ":1:8: not valid YAML: control characters are not allowed"),
    Hostile("a duplicate key", "soul: a\nversion: 1.0.0\nsoul: b\n", ":1:1: key \"soul\" is given twice"),
    Hostile("a duplicate key in other quotes", "soul: a\n\"soul\": b\n", ":1:1: key \"soul\" is given twice"),
    Hostile("an anchor", "soul: &name a\n", ":1:7: anchors and aliases are not allowed in a recipe"),
    Hostile("an alias", "soul: *name\n", ":1:7: anchors and aliases are not allowed in a recipe"),
    Hostile("a merge key", "base: &b {}\ntrain: { <<: *b }\n", ":1:7: anchors and aliases are not allowed in a recipe"),
    Hostile("an alias bomb", aliasBomb, ":1:5: anchors and aliases are not allowed in a recipe"),
    Hostile("a tag", "soul: !!python/object a\n", ":1:7: tag \"tag:yaml.org,2002:python/object\" is not allowed in a recipe"),
    Hostile("a key that is a list", "? [a]\n: b\n", ":1:3: a key must be a word, not a list or a mapping"),
    Hostile("an open bracket", "soul: [a\n", ":2:1: not valid YAML: did not find expected ',' or ']'"),
    Hostile("a tab as indent", "base:\n\tpath: x\n", ":2:1: not valid YAML: found character that cannot start any token"),
    Hostile(
      "a page too long", String(repeating: "#", count: (1 << 20) + 1), ": a recipe of 1048577 bytes; at most 1048576 are read"),
  ]

  @Test("are refused with their place", arguments: cases)
  func refuses(hostile: Hostile) throws {
    let errors = try RecipeFixture.errors(in: hostile.bytes)
    #expect(errors.map(\.message).contains("recipes/x.yaml" + hostile.message), "only \(errors.map(\.message))")
  }

  @Test("a hundred thousand brackets do not end the process")
  func deepNesting() throws {
    let errors = try RecipeFixture.errors(in: "soul: " + String(repeating: "[", count: 100_000))
    #expect(errors.count == 1)
  }

  /// SplitMix64 (Steele, Lea, Flood 2014): the same mutations in every run.
  private struct Mutations: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  @Test(
    "a recipe with bytes changed, dropped or doubled is read or refused, and every refusal has a place",
    arguments: ["ember", "lamplighter", "jargon"])
  func mutated(name: String) throws {
    let original = try Data(contentsOf: RecipeFixture.repository.appending(path: "recipes/\(name).yaml"))
    let marks = Data("{}[]:,-&*!|>%\"'#\n\t 0\u{e9}".utf8) + [0xFF, 0x00]
    var mutations = Mutations(state: 1)
    var refused = 0
    for _ in 0..<1_500 {
      var bytes = original
      for _ in 0...Int.random(in: 0..<3, using: &mutations) {
        let place = Int.random(in: 0..<bytes.count, using: &mutations)
        switch Int.random(in: 0..<3, using: &mutations) {
        case 0: bytes[place] = marks.randomElement(using: &mutations) ?? 0
        case 1: bytes.remove(at: place)
        default: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
        }
      }
      let errors = try RecipeFixture.errors(in: bytes)
      refused += errors.isEmpty ? 0 : 1
      #expect(errors.allSatisfy { $0.message.hasPrefix("recipes/x.yaml:") })
    }
    #expect(refused > 100)
  }

  @Test("stars and ampersands inside text are text")
  func starsInText() throws {
    let text = RecipeFixture.replacing([
      "intent": "intent: salt & sea, *really* & truly", "description": "description: |\n  &this is text\n  *so is this  # and this",
      "  letters:": "  letters: { from: d, attribution: A&B, license: MIT, files: [\"*.md\", 'talk/*.jsonl'] } # &no *alias",
    ])
    let recipe = try RecipeFixture.read(text)
    #expect(recipe.intent == "salt & sea, *really* & truly")
    #expect(recipe.description == "&this is text\n*so is this  # and this\n" || recipe.description == "&this is text\n*so is this  # and this")
    #expect(recipe.datasets.first?.files == ["*.md", "talk/*.jsonl"])
  }

  @Test("a byte order mark before the first line changes nothing")
  func byteOrderMark() throws {
    let bytes = Data(RecipeFixture.lines.utf8)
    #expect(try Recipe(parsing: [0xEF, 0xBB, 0xBF] + bytes, path: "x.yaml") == Recipe(parsing: bytes, path: "x.yaml"))
  }
}
