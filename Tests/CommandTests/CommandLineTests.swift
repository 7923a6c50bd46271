import Artifacts
import Foundation
import Testing

@Suite("The command line and the recipe")
struct CommandLineTests {
  struct Case: CustomTestStringConvertible {
    let arguments: [String]
    let message: String
    var hint: String?

    init(_ arguments: String, _ message: String, hint: String? = nil) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.message = message
      self.hint = hint
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  @Test("what is typed wrongly is refused with exit code 2, in words, before anything is touched",
    arguments: [
      Case("build", "several recipes and none chosen: recipes/base.yaml, recipes/voice.yaml", hint: "name one: recipes/base.yaml"),
      Case("build recipes/none.yaml", "recipes/none.yaml: there is no such file", hint: "a recipe is found from the folder"),
      Case("check recipes", "recipes: a folder, where a recipe is asked for", hint: "name the file in it"),
      Case("build recipes/voice.yaml --nope", "unknown option '--nope'", hint: "soulpack build [<options>] [<recipe>]"),
      Case("build recipes/voice.yaml recipes/base.yaml", "unexpected argument 'recipes/base.yaml'"),
      Case("build recipes/voice.yaml -j 0", "-j must be between 1 and 1024"),
      Case("build recipes/voice.yaml --threads many", "the value 'many' is invalid for '--threads <n>'"),
      Case("nonsense", "unexpected argument 'nonsense'", hint: "soulpack <subcommand>"),
      Case(
        "build recipes/voice.yaml --set train.talk-lora.epochs=few",
        #"--set train.talk-lora.epochs=few: "epochs" needs a whole number from 1 to 100000, found "few""#),
      Case(
        "build recipes/voice.yaml --set train.talk-lora.epochs", "--set train.talk-lora.epochs: an override is written PATH=VALUE",
        hint: "for example --set"),
      Case("build recipes/voice.yaml --set train.other.epochs=1", "--set train.other.epochs=1: "),
      Case("build recipes/voice.yaml --set train.talk-lora.optimizer.learning-rate=11", "--set train.talk-lora.optimizer.learning-rate=11: "),
      Case("explain nothing --recipe recipes/voice.yaml", #"recipes/voice.yaml: there is no action "nothing""#, hint: "`soulpack plan recipes/voice.yaml`"),
      Case("explain recipes/voice.yaml --recipe recipes/voice.yaml", "recipes/voice.yaml: there is no action", hint: "a recipe goes behind --recipe"),
      Case("trust add voice nobody", "\"nobody\" is not a did:key of an Ed25519 key"),
      Case("curate talks", "\"talks\": there is no such file or folder", hint: "name a folder of texts"),
    ])
  func usage(of wrong: Case) throws {
    try Tool.inProject { tool in
      let outcome = try tool.start(wrong.arguments).wait()
      outcome.expectFailure(2, wrong.message, hint: wrong.hint)
      #expect(try tool.names() == [".git", "recipes", "talk", "texts"])
    }
  }

  struct Mistake: CustomTestStringConvertible {
    let old: String
    let new: String
    let message: String

    init(_ old: String, _ new: String, _ message: String) {
      self.old = old
      self.new = new
      self.message = message
    }

    var testDescription: String { new }
  }

  @Test("a mistake in a recipe is named by file, line and column, and nothing is built",
    arguments: [
      Mistake("license: CC0-1.0\nbase", "licence: CC0-1.0\nbase", "recipes/voice.yaml:1:1: the recipe needs the key \"license\"\nrecipes/voice.yaml:5:1: unknown key \"licence\""),
      Mistake("epochs: 4", "epochs: four", #"recipes/voice.yaml:14:117: "epochs" needs a whole number from 1 to 100000, found "four""#),
      Mistake("epochs: 4", "epochs: \"4\"", #"recipes/voice.yaml:14:117: "epochs" needs a whole number"#),
      Mistake("holdout: 20%", "holdout: 0%", #"recipes/voice.yaml:12:58: dataset "talk" has no holdout"#),
      Mistake("dataset: talk", "dataset: walk", #"recipes/voice.yaml:14:"#),
      Mistake("from: talk", "from: ../talk", #"recipes/voice.yaml:9:11: "#),
      Mistake("recipes/base.yaml", "recipes/none.yaml", #"recipes/voice.yaml:6:17: cannot read base recipe "recipes/none.yaml": there is no such file"#),
      Mistake("{ recipe: recipes/base.yaml }", "{ recipe: recipes/voice.yaml }", "recipes/voice.yaml:6:"),
      Mistake("soul: voice", "soul: [", "recipes/voice.yaml:"),
      Mistake("soul: voice", "soul: \u{1}", "recipes/voice.yaml:1:"),
    ])
  func recipe(mistake: Mistake) throws {
    try Tool.inProject { tool in
      try tool.edit("recipes/voice.yaml", mistake.old, mistake.new)
      for command in ["check", "build"] {
        let outcome = try tool.run(command, "recipes/voice.yaml")
        outcome.expectFailure(2, mistake.message)
      }
      #expect(!tool.exists(".soulpack"))
    }
  }

  @Test("recipes that are each other's base are a cycle, which is shown")
  func cycle() throws {
    try Tool.inProject { tool in
      let full = Project.base.replacing("soul: small-base", with: "soul: other")
      let start = try #require(full.range(of: "base:\n  new:"))
      let end = try #require(full.range(of: "datasets:"))
      let text = full.replacingCharacters(in: start.lowerBound..<end.lowerBound, with: "base: { recipe: recipes/RECIPE.yaml }\n")
      try tool.write(text.replacing("RECIPE", with: "two"), to: "recipes/one.yaml")
      try tool.write(text.replacing("RECIPE", with: "one"), to: "recipes/two.yaml")
      let outcome = try tool.run("check", "recipes/one.yaml")
      #expect(outcome.status == 2 && outcome.errors.contains("recipes/one.yaml") && outcome.errors.contains("recipes/two.yaml"), "\(outcome.errors)")
    }
  }

  @Test("the version and the help are results", arguments: [["--version"], ["--help"], ["help", "build"], ["build", "--help"], ["keys"], []])
  func help(arguments: [String]) throws {
    try Tool.inProject([:]) { tool in
      let outcome = try tool.start(arguments).wait()
      #expect(outcome.status == 0 && !outcome.output.isEmpty && outcome.errors.isEmpty)
    }
  }

  @Test("a recipe is found without its name: soul.yaml, else the only one in recipes/; and -C works elsewhere")
  func found() throws {
    try Tool.inProject { tool in
      try FileManager.default.moveItem(at: tool.place("recipes/voice.yaml"), to: tool.place("soul.yaml"))
      #expect(try tool.must("check").output == "soul.yaml: in order (voice 1.0.0)\n")
      try tool.remove("soul.yaml")
      #expect(try tool.must("check").output.hasPrefix("recipes/base.yaml: in order"))
      #expect(try tool.must("check", "-C", tool.folder.path).output.hasPrefix("recipes/base.yaml: in order"))
      try tool.remove("recipes")
      try tool.run("check").expectFailure(2, "no recipe: ")
    }
  }

  @Test("plan and check touch nothing")
  func pure() throws {
    try Tool.inProject { tool in
      let plan = try tool.must("plan", "recipes/voice.yaml", "--json").json()
      #expect(plan["actions"]?.array?.count == 13 && plan["root"]?.string == tool.folder.path)
      #expect(try tool.names() == [".git", "recipes", "talk", "texts"])
    }
  }
}
