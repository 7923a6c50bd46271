import Foundation
import Recipes
import Testing

@Suite("What is wrong with a recipe, and where")
struct RecipeErrorTests {
  /// A recipe with one slip, and the message and hint it should get.
  struct Slip: CustomTestStringConvertible, Sendable {
    let line: String
    let replacement: String
    let message: String
    let hint: String?
    var testDescription: String { message }

    init(_ line: String, _ replacement: String, _ message: String, _ hint: String? = nil) {
      (self.line, self.replacement, self.message, self.hint) = (line, replacement, message, hint)
    }

    static func train(_ text: String, _ message: String, _ hint: String? = nil) -> Slip {
      Slip("  letters-lora", "  letters-lora: { dataset: letters, \(text) }", message, hint)
    }
    static func data(_ text: String, _ message: String, _ hint: String? = nil) -> Slip {
      Slip("  letters:", "  letters: { license: MIT, \(text) }", message, hint)
    }
    static func split(_ text: String, _ message: String, _ hint: String? = nil) -> Slip {
      data("from: d, split: { \(text) }", message, hint)
    }
    static func run(_ text: String, _ message: String, _ hint: String? = nil) -> Slip {
      Slip("license", "license: MIT\nrun:\n  make: { \(text) }", message, hint)
    }
  }

  static let keysAndTypes: [Slip] = [
    Slip("license", "licence: MIT", "the recipe needs the key \"license\""),
    Slip("intent", "▸intnt: x\nintent: y", "unknown key \"intnt\" in the recipe", "did you mean \"intent\"?"),
    Slip("soul", "soul: ▸Lamp Lighter", "\"soul\" needs lower-case letters, digits and hyphens, at most 64, found \"Lamp Lighter\""),
    Slip("soul", "soul: ▸[a]", "\"soul\" needs lower-case letters, digits and hyphens, at most 64, found a list"),
    Slip("soul", "soul:▸", "\"soul\" needs lower-case letters, digits and hyphens, at most 64, found nothing"),
    Slip("version", "version: ▸1.0", "\"version\" needs a semantic version such as 1.0.0, found \"1.0\""),
    Slip("version", "version: ▸1.0.0-01", "\"version\" needs a semantic version such as 1.0.0, found \"1.0.0-01\""),
    Slip(
      "base", "base: ▸models/ember", "\"base\" needs a model of the hub such as hf://owner/name@revision, found \"models/ember\"",
      "a folder is base: { path: FOLDER }; of the hub the revision is said too: hf://owner/name@main"),
    Slip("base", "base: ▸{}", "base needs exactly one of \"path\", \"recipe\", \"soul\", \"new\""),
    Slip("base", "base: { path: a, ▸recipe: b }", "base needs exactly one of \"path\", \"recipe\", \"soul\", \"new\""),
    Slip("base", "base: { ▸pth: a }", "unknown key \"pth\" in base", "did you mean \"path\"?"),
    Slip("base", "base: { recipe: ▸../x.yaml }", "\"recipe\" needs a path inside the root, found \"../x.yaml\""),
    Slip("base", "base: { path: ▸~/models }", "\"path\" needs a path relative to the root, or absolute, found \"~/models\""),
    .train("epochs: ▸three", "\"epochs\" needs a whole number from 1 to 100000, found \"three\""),
    .train("epochs: ▸\"3\"", "\"epochs\" needs a whole number from 1 to 100000, found the text \"3\""),
    .train("epochs: ▸0x10", "\"epochs\" needs a whole number from 1 to 100000, found \"0x10\""),
    .train("epochs: ▸0", "\"epochs\" needs a whole number from 1 to 100000, found \"0\""),
    .train("▸epoch: 3", "unknown key \"epoch\" in train.letters-lora", "did you mean \"epochs\"?"),
    .train("method: ▸stf", "unknown value \"stf\" for \"method\"", "did you mean \"sft\"?"),
    .train("lora: { rank: ▸0 }", "\"rank\" needs a whole number from 1 to 4096, found \"0\""),
    .train("lora: { alpha: ▸-1 }", "\"alpha\" needs a number above 0 to 1000000, at most 15 digits, found \"-1\""),
    .train("lora: { targets: [▸q_prj] }", "unknown value \"q_prj\" for \"targets\"", "did you mean \"q_proj\"?"),
    .train("lora: { dropout: ▸1 }", "\"dropout\" needs a number from 0 and below 1, at most 15 digits, found \"1\""),
    .train("validate: { every: ▸1e3 }", "\"every\" needs \"epoch\", or a whole number from 1 to 1000000000, found \"1e3\""),
    .train("validate: { every: ▸0 }", "\"every\" needs a whole number from 1 to 1000000000, found \"0\""),
    .train("validate: { every: ▸epok }", "unknown value \"epok\" for \"every\"", "known: epoch"),
    .train("early-stopping: { patience: ▸0 }", "\"patience\" needs a whole number from 1 to 1000000, found \"0\""),
    .train("early-stopping: { minimum-change: ▸-0.1 }", "\"minimum-change\" needs a number from 0 to 1000, at most 15 digits, found \"-0.1\""),
    .train("early-stopping: { ▸min-change: 1 }", "unknown key \"min-change\" in early-stopping", "known: minimum-change, patience"),
    .train("validate: { every: ▸epochs }", "unknown value \"epochs\" for \"every\"", "did you mean \"epoch\"?"),
    .train("validate: { every: ▸0 }", "\"every\" needs a whole number from 1 to 1000000000, found \"0\""),
    .train("lora: { rank-stabilized: ▸maybe }", "\"rank-stabilized\" needs true or false, found \"maybe\""),
    .train("lora: { targets: ▸[q_proj, q_proj] }", "\"targets\" names a layer twice"),
    .train(
      "optimizer: { learning-rate: ▸-2e-4 }",
      "\"learning-rate\" needs a number above 0 to 10, at most 15 digits, found \"-2e-4\""),
    .train("optimizer: { learning-rate: ▸nan }", "\"learning-rate\" needs a number above 0 to 10, at most 15 digits, found \"nan\""),
    .train("optimizer: { schedule: ▸cosin }", "unknown value \"cosin\" for \"schedule\"", "did you mean \"cosine\"?"),
    .train("optimizer: { betas: ▸[0.9] }", "\"betas\" needs 2 values, found 1"),
    .train("optimizer: { betas: ▸[0.9, 0.99, 0.999] }", "\"betas\" needs two values, found 3"),
    .train("optimizer: { betas: [0.9, ▸1] }", "\"betas\" needs a number from 0 and below 1, at most 15 digits, found \"1\""),
    .train("optimizer: { warmup: ▸2 }", "\"warmup\" needs a number from 0 to 1, at most 15 digits, found \"2\""),
    .train("candidates: ▸[]", "\"candidates\" needs at least one value, found 0"),
    .data("from: ▸[d]", "\"from\" needs a path relative to the root, or absolute, or a mapping, found a list"),
    .data("from: ▸{ rnu: x }", "from needs the key \"run\""),
    .data("from: { ▸rnu: x }", "unknown key \"rnu\" in from", "did you mean \"run\"?"),
    .train("lora: { targets: ▸{} }", "\"targets\" needs \"all-linear\", or a list, found a mapping"),
    .data("from: d, contributor: ▸bob", "\"contributor\" needs a key such as did:key:z6Mk…, found \"bob\""),
    .data("from: d, files: [▸\"../*\"]", "\"files\" needs a pattern inside \"from\" such as talk/*.jsonl, found the text \"../*\""),
    .split("holdout: ▸110%", "\"holdout\" needs a percentage from 0% to 100%, at most four decimals, found \"110%\""),
    .split("holdout: ▸0.1", "\"holdout\" needs a percentage from 0% to 100%, at most four decimals, found \"0.1\""),
    .split("holdout: ▸-5%", "\"holdout\" needs a percentage from 0% to 100%, at most four decimals, found \"-5%\""),
    Slip("license", "license: MIT\npermissions: { derive: ▸perhaps }", "\"derive\" needs true or false, found \"perhaps\""),
    Slip("license", "license: MIT\npermissions: { lease: ▸7 days }", "\"lease\" needs a length of time such as 90s, 20m, 12h or 7d, found \"7 days\""),
    Slip("license", "license: MIT\nbudget: { memory: ▸4 GB }", "\"memory\" needs a size such as 512MB or 8GB, found \"4 GB\""),
    Slip("license", "license: MIT\nselect: { improvement: ▸1/0 }", "\"improvement\" needs a ratio such as 1/1000, not negative, found \"1/0\""),
    Slip(
      "  letters-lora", "  ▸Letters: { dataset: letters }",
      "\"name of a train target\" needs lower-case letters, digits and hyphens, at most 64, found \"Letters\""),
  ]

  static let meaning: [Slip] = [
    Slip("  letters-lora", "  x: { dataset: ▸leters }", "unknown dataset \"leters\"", "did you mean \"letters\"?"),
    Slip("  letters-lora", "  x: { dataset: ▸novels }", "unknown dataset \"novels\"", "known: letters"),
    Slip("train:", "train: ▸{}\nlimits:", "a recipe needs a train target"),
    .data("from: { run: ▸mak }", "unknown run step \"mak\""),
    .data("from: ▸\"d/*.md\"", "\"from\" takes a folder or file, found a pattern", "name the folder in \"from\" and the pattern in \"files\""),
    .split("validation: 50%, holdout: ▸50%", "validation 50% and holdout 50% leave nothing to train on", "together they must stay under 100%"),
    .split("holdout: ▸0%", "dataset \"letters\" has no holdout, so no candidate could be scored", "set \"holdout\" above 0%"),
    .data("from: d, curate: [{ length: {} }, { ▸length: {} }]", "stage \"length\" is given twice", "keep one of the two"),
    .data(
      "from: d, curate: [{ length: { min-characters: ▸9, max-characters: 3 } }]",
      "\"min-characters\" 9 is more than \"max-characters\" 3"),
    .train("candidates: [{ seed: 1 }, ▸{ seed: 1, lora.rank: 8 }]", "candidate 2 repeats candidate 1"),
    .train(
      "substrate: { command: [x] }, ▸early-stopping: {}", "\"early-stopping\" is for soulpack's own engine, and this target is trained by a command",
      "a command is given the validation part and may stop when it likes: remove \"early-stopping\""),
    .train(
      "substrate: { command: [x] }, ▸validate: {}", "\"validate\" is for soulpack's own engine, and this target is trained by a command",
      "a command is given the validation part and may stop when it likes: remove \"validate\""),
    .train("method: full, ▸lora: { rank: 8 }", "\"lora\" has no meaning with \"method: full\"", "remove it, or use \"method: sft\""),
    .train("method: full, candidates: [{ ▸lora.rank: 8 }]", "\"lora.rank\" has no meaning with \"method: full\""),
    .data(
      "from: d, curate: [{ ▸deduplicate: { exact: false } }]", "\"deduplicate\" with neither \"exact\" nor \"near\" does nothing",
      "remove the stage"),
    .data("from: d, curate: [{ quality: ▸gophre }]", "unknown value \"gophre\" for \"quality\"", "did you mean \"gopher\"?"),
    .data("from: d, curate: [{ language: { keep: [▸eng] } }]", "unknown value \"eng\" for \"keep\"", "did you mean \"en\"?"),
    .data("from: d, curate: [{ language: { keep: ▸[] } }]", "\"keep\" needs at least one value, found 0"),
    .data("from: d, curate: [{ language: { keep: [en], min-share: ▸0.5 } }]", "\"min-share\" needs a percentage from 0% to 100%, at most four decimals, found \"0.5\""),
    .data("from: d, curate: [{ language: { undecided: ▸drop } }]", "\"undecided: drop\" without \"keep\" drops nothing", "name the languages to keep"),
    .data("from: d, curate: [{ decontaminate: ▸{} }]", "decontaminate needs the key \"against\""),
    .data("from: d, curate: [{ decontaminate: { against: ▸[] } }]", "\"against\" needs at least one value, found 0"),
    .data("from: d, curate: [{ decontaminate: { against: ▸\"hf://a/b\" } }]", "`hf://` is not in this version", "fetch the file and name it"),
    .data("from: d, curate: [{ decontaminate: { against: [a.jsonl, ▸\"s3://b\"] } }]", "`s3://` is not in this version", "fetch the file and name it"),
    .data("from: d, curate: [{ decontaminate: { against: a, ngram: ▸4 } }]", "\"ngram\" needs a whole number from 5 to 32, found \"4\""),
    .data("from: d, curate: [{ decontaminate: { against: a, threshold: ▸2 } }]", "\"threshold\" needs a number from 0 to 1, at most 15 digits, found \"2\""),
    .data("from: d, curate: [{ pii: ▸hide }]", "unknown value \"hide\" for \"pii\""),
    .data("from: d, curate: [{ pii: { ▸mail: drop } }]", "unknown key \"mail\" in pii"),
    .data("from: d, curate: [{ pii: { iban: ▸remove } }]", "unknown value \"remove\" for \"iban\""),
    .data(
      "from: d, curate: [{ ▸pii: { card: keep, email: keep, iban: keep, ip: keep, phone: keep, secret: keep } }]",
      "\"pii\" that keeps every kind does nothing", "remove the stage"),
    .data(
      "from: d, curate: [{ deduplicate: { near: { threshold: ▸1.5 } } }]",
      "\"threshold\" needs a number above 0 to 1, at most 15 digits, found \"1.5\""),
    .data(
      "from: d, curate: [{ deduplicate: { near: { threshold: ▸0.4 } } }]", "\"threshold\" 0.4 is below 0.5",
      "records that share less than half of their shingles are not the same; 0.75 is usual"),
    Slip(
      "  letters-lora", "  a: { dataset: letters }\n  b: { dataset: letters, method: ▸full }",
      "train.b has \"method: full\", train.a \"method: sft\"",
      "an adapter and a whole model are not the same kind of Soul: give one of them a recipe of its own"),
    .train("substrate: { command: [▸\"{output}\"] }", "unknown placeholder \"{output}\""),
    .train("substrate: { command: [▸\"{input.a}\"] }", "unknown input \"a\""),
    .train("substrate: { command: [x], inputs: { a: { run: ▸b } } }", "unknown run step \"b\""),
    .train("substrate: ▸{ inputs: {} }", "substrate needs the key \"command\""),
    Slip("license", "license: MIT\ngates: [▸{}]", "gates needs exactly one of \"holdout-loss\", \"canaries\""),
    Slip(
      "license", "license: MIT\ngates: [{ holdout-loss: { below-base-by: ▸0.05 } }]",
      "\"below-base-by\" needs a percentage from 0% to 100%, at most four decimals, found \"0.05\""),
    Slip("license", "license: MIT\ngates: [{ canaries: { tokens: ▸7 } }]", "\"tokens\" needs a whole number from 8 to 1000, found \"7\""),
    Slip(
      "license", "license: MIT\ngates: [{ canaries: { records: ▸0 } }]", "\"canaries\" with no \"records\" and no \"file\" looks for nothing", "remove the gate"),
    Slip(
      "license", "license: MIT\ngates: [{ canaries: { alternatives: 100, exposure: ▸8 } }]", "100 alternatives never come to an exposure of 8 bits",
      "with 8 bits, at least 255 alternatives"),
    Slip("license", "license: MIT\ngates: [{ canaries: {} }, { canaries: ▸{ tokens: 50 } }]", "\"canaries\" is given twice", "keep one of the two"),
    .run("command: ▸[python3]", "the command is not told where to write", "give it \"{output}\", the folder of its results"),
    .run("command: [▸\"{outptu}\", \"{output}\"]", "unknown placeholder \"{outptu}\"", "did you mean \"{output}\"?"),
    .run(
      "command: [▸\"{input.scrip}\", \"{output}\"], inputs: { script: a.py }", "unknown input \"scrip\"", "did you mean \"script\"?"),
    Slip(
      "license", "license: MIT\nrun:\n  ▸make: { command: [\"{output}\"], inputs: { me: { run: make } } }",
      "run steps depend on each other in a circle: make → make"),
    .run("command: [\"{output}\"], inputs: { other: { run: ▸mkae } }", "unknown run step \"mkae\"", "did you mean \"make\"?"),
  ]

  static let later: [Slip] = [
    Slip("license", "license: MIT\n▸include: [a.yaml]", "`include` is not in this version"),
    Slip("license", "license: MIT\nbudget: { wall: 1m, ▸cost: 1 USD }", "`cost` is not in this version"),
    Slip("license", "license: MIT\nselect: { rounds: ▸2 }", "`rounds: 2` is not in this version"),
    Slip(
      "license", "license: MIT\nselect: { committee: ▸keys.json }", "`committee: keys.json` is not in this version",
      "this version has \"local\""),
    Slip("license", "license: MIT\nselect: { committee: ▸locl }", "unknown value \"locl\" for \"committee\"", "did you mean \"local\"?"),
    Slip(
      "license", "license: MIT\npermissions: { run: { allow: [▸did:key:z6Mk] } }",
      "`allow: did:key:z6Mk` is not in this version", "this version has \"public\" and keys such as did:key:z6Mk…"),
    Slip("base", "base: { path: ▸\"s3://owner/name\" }", "`s3://` is not in this version", "fetch the model and name its folder"),
    Slip(
      "base", "base: ▸hf://owner/name", "\"base\" needs a model of the hub such as hf://owner/name@revision, found \"hf://owner/name\"",
      "a folder is base: { path: FOLDER }; of the hub the revision is said too: hf://owner/name@main"),
    Slip(
      "base", "base: { path: ▸\"hf://owner/name\" }", "\"path\" is a folder, and \"hf://\" names a model of the hub", "base: hf://owner/name@revision"),
    Slip("base", "base: { path: ▸out/ember.soul }", "\"path\" is a folder, and \"out/ember.soul\" is a Soul", "base: { soul: out/ember.soul }"),
    .train("method: ▸dpo", "`method: dpo` is not in this version"),
    .train("substrate: ▸slurm", "`substrate: slurm` is not in this version"),
    .data("from: d, ▸include: [a]", "`include` is not in this version", "name the files to read with \"files\""),
    .data("from: ▸letters.7z", "`from: a .7z archive` is not in this version", "unpack it, or let a run step do so"),
    .train(
      "method: full, substrate: ▸{ command: [x] }", "`method: full by a command` is not in this version",
      "a command trains adapters; leave \"substrate\" out for whole models"),
  ]

  /// The mark `▸` stands before what the error should point at; where there is none, that is the start of the file.
  @Test("names the place, the trouble and the nearest word", arguments: keysAndTypes + meaning + later)
  func explains(slip: Slip) throws {
    let marked = RecipeFixture.replacing([slip.line: slip.replacement])
    let rows = marked.prefix { $0 != "▸" }.split(separator: "\n", omittingEmptySubsequences: false)
    let place = marked.contains("▸") ? "\(rows.count):\((rows.last?.count ?? 0) + 1)" : "1:1"
    let errors = try RecipeFixture.errors(in: marked.replacing("▸", with: ""))
    let found = try #require(errors.first { $0.message == "recipes/x.yaml:\(place): \(slip.message)" }, "only \(errors.map(\.message))")
    if let hint = slip.hint { #expect(found.hint == hint) }
  }

  @Test("says everything it can find in one pass, in the order of the file")
  func severalAtOnce() throws {
    let text = RecipeFixture.replacing(["version": "version: one", "  letters-lora": "  x: { dataset: leters, epochs: 0, methd: sft }"])
    let messages = try RecipeFixture.errors(in: text).map(\.message)
    #expect(
      messages == [
        "recipes/x.yaml:2:10: \"version\" needs a semantic version such as 1.0.0, found \"one\"",
        "recipes/x.yaml:10:17: unknown dataset \"leters\"",
        "recipes/x.yaml:10:33: \"epochs\" needs a whole number from 1 to 100000, found \"0\"",
        "recipes/x.yaml:10:36: unknown key \"methd\" in train.x",
      ])
  }

  @Test("braces that are no placeholder are an argument like any other")
  func bracesInArguments() throws {
    let run = "license: MIT\nrun:\n  make: { command: [jq, '{a: .b, c: {}}', '{output}'] }"
    #expect(try RecipeFixture.errors(in: RecipeFixture.replacing(["license": run])).isEmpty)
  }

  @Test("a circle of three run steps is told once")
  func circleOfThree() throws {
    let runs = """
      license: MIT
      run:
        a: { command: ["{output}"], inputs: { x: { run: b } } }
        b: { command: ["{output}"], inputs: { x: { run: c } } }
        c: { command: ["{output}"], inputs: { x: { run: a } } }
        d: { command: ["{output}"], inputs: { x: { run: a } } }
      """
    let errors = try RecipeFixture.errors(in: RecipeFixture.replacing(["license": runs]))
    #expect(errors.map(\.message) == ["recipes/x.yaml:7:3: run steps depend on each other in a circle: a → b → c → a"])
  }

  @Test("who is to look at the validation part needs one")
  func noValidation() throws {
    let text = RecipeFixture.replacing([
      "  letters:": "  letters: { from: d, license: MIT, split: { validation: 0% } }", "  letters-lora": "  x: { dataset: letters, validate: {}, early-stopping: {} }",
    ])
    let errors = try RecipeFixture.errors(in: text)
    #expect(
      errors.map(\.message) == [
        "recipes/x.yaml:10:26: \"validate\" needs a validation part, and dataset \"letters\" has none",
        "recipes/x.yaml:10:40: \"early-stopping\" needs a validation part, and dataset \"letters\" has none",
      ])
    #expect(errors.first?.hint == "set its \"validation\" above 0%")
  }

  @Test("a new model has nothing that an adapter could change")
  func adapterOnANewModel() throws {
    let base = "base: { new: { hidden: 64, layers: 1, heads: 4, intermediate: 64, context: 256, tokenizer: { vocabulary: 300 } } }"
    let text = RecipeFixture.replacing(["base": base, "  letters-lora": "  x: { dataset: letters, method: sft }"])
    let messages = try RecipeFixture.errors(in: text).map(\.message)
    #expect(messages == ["recipes/x.yaml:10:34: a new model has no weights to adapt: \"base.new\" needs \"method: full\""])
  }

  @Test("a new model that cannot be built is refused with the reason")
  func impossibleModel() throws {
    let base = "base: { new: { hidden: 65, layers: 1, heads: 4, kv-heads: 3, intermediate: 64, context: 64, tokenizer: { vocabulary: 300 } } }"
    let train = "  x: { dataset: letters, method: full, context: 128 }"
    let errors = try RecipeFixture.errors(in: RecipeFixture.replacing(["base": base, "  letters-lora": train]))
    #expect(
      errors.map(\.message) == [
        "recipes/x.yaml:6:24: \"hidden\" 65 does not give 4 heads of equal, even width",
        "recipes/x.yaml:6:59: \"kv-heads\" 3 does not divide \"heads\" 4",
        "recipes/x.yaml:10:49: \"context\" 128 is more than the model's 64 positions",
      ])
    #expect(errors.first?.hint == "a multiple of 8")
  }
}
