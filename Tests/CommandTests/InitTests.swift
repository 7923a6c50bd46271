import Artifacts
import Foundation
import Testing

@Suite("Proposing a recipe")
struct InitTests {
  private static let talk = ["letters/talk.jsonl": Project.talk(count: 40)]

  @Test("what is proposed is written, printed, and in order; check asks what only a person can answer")
  func inOrder() throws {
    try Tool.inProject(Self.talk) { tool in
      let outcome = try tool.must("init", "letters")
      #expect(try Data(outcome.output.utf8) == tool.read("soul.yaml"))
      #expect(outcome.output.hasPrefix("# yaml-language-server: $schema=recipe.schema.json\n"))
      #expect(outcome.errors.contains("40 records, 40 kept: 40 conversations") && outcome.errors.contains("wrote soul.yaml and recipe.schema.json"))
      let check = try tool.must("check")
      #expect(check.output == "soul.yaml: in order (letters 0.1.0)\n")
      #expect(check.errors.contains("still to answer: license, datasets.letters.license"))
      #expect(try tool.must("check", "--json").json()["openQuestions"] == ["license", "datasets.letters.license"])
      try tool.edit("soul.yaml", "license: NOASSERTION", "license: CC0-1.0")
      #expect(try tool.must("check").errors.isEmpty)
    }
  }

  @Test("a curation of the folder is one of the proposed recipe: nothing runs again")
  func sameKey() throws {
    try Tool.inProject(Self.talk) { tool in
      try tool.must("curate", "letters")
      try tool.must("init", "letters")
      #expect(try tool.must("curate").output.hasSuffix("\n0 actions run, 1 up to date\n"))
    }
  }

  @Test("the proposed recipe of a small folder builds once the texts have a licence")
  func builds() throws {
    try Tool.inProject(Self.talk) { tool in
      try tool.must("init", "letters")
      try tool.run("build").expectFailure(
        2, "soul.yaml: nobody has said under which licence the texts of \"letters\" were given", hint: "answer \"datasets.letters.license\": LicenseRef-own")
      let outcome = try tool.must(
        "build", "--threads", "2", "--set", "datasets.letters.license=LicenseRef-own", "--set", "train.letters-full.epochs=1", "--set", "base.new.layers=1")
      #expect(outcome.output.contains("out/letters-0.1.0.soul"))
    }
  }

  @Test("without FOLDER being a folder of its own, it says which could be meant")
  func project() throws {
    try Tool.inProject(Self.talk) { tool in
      try tool.run("init").expectFailure(2, "\"\(tool.folder.path)\" holds the project itself", hint: "name the folder of texts: soulpack init letters")
      try tool.run("init", "..").expectFailure(2, "\"\(tool.folder.deletingLastPathComponent().path)\" holds the project itself")
      #expect(try tool.shell("cd letters; soulpack init -q").status == 0)
      #expect(tool.exists("soul.yaml") && !tool.exists("letters/soul.yaml"))
    }
  }

  @Test("nothing is overwritten; --name gives another, --print writes nothing")
  func nothingOverwritten() throws {
    try Tool.inProject(Self.talk) { tool in
      let printed = try tool.must("init", "letters", "--print", "-q")
      #expect(try tool.names() == [".git", "letters"] && printed.errors.isEmpty)
      try tool.write("mine", to: "soul.yaml")
      try tool.must("init", "letters")
      #expect(try tool.read("soul.yaml") == Data("mine".utf8) && tool.names(in: "recipes") == ["letters.yaml", "recipe.schema.json"])
      let before = try tool.read("recipes/letters.yaml")
      try tool.run("init", "letters").expectFailure(2, "recipes/letters.yaml: a recipe is there already", hint: "--name gives the new one another name")
      #expect(try tool.read("recipes/letters.yaml") == before)
      try tool.must("init", "letters", "--name", "second")
      try tool.must("check", "recipes/second.yaml")
      try tool.run("init", "letters", "--name", "No Name").expectFailure(2, "--name takes lower-case letters")
    }
  }

  @Test("the base: a model folder, a recipe, the only model of the project; what is none is refused")
  func bases() throws {
    try Tool.inProject(Project.tiny) { tool in
      try tool.must("init", "talk", "--base", "recipes/base.yaml", "--name", "one")
      #expect(try tool.must("plan", "recipes/one.yaml").output.contains("\nbase/train.base.1 "))
      try tool.run("init", "talk", "--base", "texts").expectFailure(2, "\"texts\": no model folder: it holds no config.json")
      try tool.run("init", "talk", "--base", "none.yaml").expectFailure(2, "none.yaml: there is no such file")
      let model = #"{"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":32,"num_hidden_layers":1,"num_attention_heads":2,"#
        + #""num_key_value_heads":1,"intermediate_size":64,"vocab_size":320,"max_position_embeddings":96,"rms_norm_eps":1e-6,"rope_theta":10000.0}"#
      try tool.write(model, to: "models/small/config.json")
      for arguments in [["init", "talk", "--name", "two"], ["init", "talk", "--name", "three", "--base", "models/small"]] {
        let outcome = try tool.start(arguments).wait()
        #expect(outcome.output.contains("  path: models/small\n") && outcome.output.contains("context: 96\n"), "\(outcome.errors)")
        try tool.must("check", "recipes/\(arguments[3]).yaml")
      }
      #expect(try tool.must("init", "talk", "--print", "--base", "none").output.contains("\n  new:\n"))
      try tool.write(#"{"model_type":"mamba"}"#, to: "models/small/config.json")
      let unreadable = try tool.must("init", "talk", "--print")
      #expect(unreadable.output.contains("\n  new:\n") && unreadable.errors.contains("models/small was not taken as the base"), "\(unreadable.errors)")
      #expect(try tool.run("init", "talk", "--print", "--base", "models/small").status != 0)
      try tool.write(model, to: "models/small/config.json")
      try tool.write(model, to: "models/other/config.json")
      let several = try tool.must("init", "talk", "--print")
      #expect(several.output.contains("\n  new:\n") && several.errors.contains("--base names one of models/other, models/small"))
    }
  }

  @Test("whatever the folder is called, the recipe is in order", arguments: ["Briefe an Ines", "überall", "null", "2024", "a: b", "--", "x'y\"z", "yes", "#1"])
  func names(folder: String) throws {
    try Tool.inProject(["data/\(folder)/talk.jsonl": Project.talk(count: 30)]) { tool in
      try tool.must("init", "data/\(folder)", "-q")
      try tool.must("check", "-q")
      #expect(try tool.must("curate").output.hasSuffix("\n1 action run, 0 up to date\n"))
    }
  }

  @Test("a name that a recipe reads otherwise is refused in words")
  func pattern() throws {
    try Tool.inProject(["my [x]/talk.jsonl": Project.talk(count: 30)]) { tool in
      try tool.run("init", "my [x]").expectFailure(2, "no recipe can say this: ", hint: "name the folder in \"from\"")
      #expect(try tool.names() == [".git", "my [x]"])
    }
  }

  @Test("a folder with nothing to read lists what was seen; too little to part says how little it is")
  func nothing() throws {
    try Tool.inProject(["pictures/a.png": "x", "few/one.md": "A single note.\n"]) { tool in
      try tool.run("init", "pictures").expectFailure(1, "the source holds no file that can be read; found 1 .png", hint: "curation reads ")
      try tool.run("init", "few").expectFailure(1, "the ", hint: "a dataset of one conversation cannot be parted")
      #expect(try tool.names() == [".git", "few", "pictures"])
    }
  }

  @Test("in a git work tree it says what git should leave out, until that is done; it does not write there")
  func git() throws {
    try Tool.inProject(Self.talk) { tool in
      #expect(try tool.must("init", "letters").errors.contains("git: add /out/ to .gitignore"))
      #expect(!tool.exists(".gitignore"))
      try tool.write("/out/\n", to: ".gitignore")
      #expect(try !tool.must("init", "letters", "--name", "two").errors.contains("git:"))
    }
  }
}
