import Artifacts
import Foundation
import Planning
import Recipes
import Testing

@Suite("The plan of a recipe")
struct PlannerTests {
  private static let ember = RecipeFixture.replacing([
    "soul": "soul: ember",
    "base":
      "base: { new: { hidden: 64, layers: 2, heads: 4, kv-heads: 2, intermediate: 96, context: 128, tokenizer: { vocabulary: 512 } } }",
    "  letters:": "  primer: { from: datasets/primer, license: MIT, files: [\"talk/*.jsonl\", \"prose/*.md\"] }",
    "  letters-lora": "  primer: { dataset: primer, method: full, context: 128 }",
  ])

  private static let lamplighter = RecipeFixture.replacing([
    "base": "base: { recipe: recipes/ember.yaml }",
    "  letters-lora": "  letters-lora: { dataset: letters, candidates: [{ seed: 1 }, { seed: 2, learning-rate: 1e-4, lora.rank: 16 }] }",
  ])

  private static func plan(_ text: String, _ others: [String: String] = [:]) throws -> Plan {
    try Planner.plan(RecipeFixture.read(text)) { path in
      guard let other = others[path] else { throw RecipeFixture.UnexpectedLoad(path: path) }
      return try RecipeFixture.read(other, path: path)
    }
  }

  @Test("an adapter on a model folder")
  func adapterOnAFolder() throws {
    let golden = """
      curate.letters        source=datasets/letters
      split.letters         dataset=curate.letters:dataset
      train.letters-lora.1  base=models/ember  train=split.letters:train
      score.base            base=models/ember  holdout=split.letters:holdout
      score.letters-lora.1  base=models/ember  candidate=train.letters-lora.1:files  holdout=split.letters:holdout
      select                candidate.1=train.letters-lora.1:files  score.0=score.base:score  score.1=score.letters-lora.1:score  \
      trace.1=train.letters-lora.1:trace
      """
    let plan = try Self.plan(RecipeFixture.lines)
    let sealed = """
      seal                  base=models/ember  base-origin=models/ember  dataset=curate.letters:dataset  decision=select:decision  \
      holdout=split.letters:holdout  ledger=curate.letters:ledger  score.0=score.base:score  \
      score.1=score.letters-lora.1:score  trace.1=train.letters-lora.1:trace  train=split.letters:train  \
      validation=split.letters:validation  winner=select:winner
      """
    #expect(plan.description == golden + "\n" + sealed)
    #expect(plan.goals == [.curate: ["curate.letters"], .train: ["select"], .build: ["seal"]])
  }

  @Test("an adapter on a model that another recipe makes, up to that one's selection")
  func adapterOnARecipe() throws {
    let plan = try Self.plan(Self.lamplighter, ["recipes/ember.yaml": Self.ember])
    let golden = """
      base/curate.primer    source=datasets/primer
      base/split.primer     dataset=base/curate.primer:dataset
      base/tokenizer        train=base/split.primer:train
      base/train.primer.1   tokenizer=base/tokenizer:tokenizer  train=base/split.primer:train
      base/score.primer.1   candidate=base/train.primer.1:files  holdout=base/split.primer:holdout
      base/select           candidate.1=base/train.primer.1:files  score.1=base/score.primer.1:score  trace.1=base/train.primer.1:trace
      curate.letters        source=datasets/letters
      """
    #expect(plan.description.hasPrefix(golden + "\n"))
    #expect(!plan.actions.contains { $0.id.name == "base/seal" })
    #expect(plan["train.letters-lora.2"]?.inputs["base"] == .output("base/select", "winner"))
    #expect(plan["score.base"]?.inputs["base"] == .output("base/select", "winner"))
    #expect(plan["seal"]?.parameters["bases"]?.array?.count == 1)
    #expect(plan.actions(for: .curate).map(\.id) == ["curate.letters"])
    #expect(plan.actions(for: .build) == plan.actions)
  }

  @Test("a base of a base has the prefix twice, and every action stands after what it needs")
  func baseOfABase() throws {
    let tuned = RecipeFixture.replacing([
      "base": "base: { recipe: recipes/ember.yaml }", "  letters:": "  primer: { from: datasets/primer, license: MIT }",
      "  letters-lora": "  primer: { dataset: primer, method: full, context: 128 }",
    ])
    let plan = try Self.plan(
      RecipeFixture.replacing(["base": "base: { recipe: recipes/tuned.yaml }"]),
      ["recipes/tuned.yaml": tuned, "recipes/ember.yaml": Self.ember])
    #expect(plan["base/train.primer.1"]?.inputs["base"] == .output("base/base/select", "winner"))
    #expect(plan["base/score.base"]?.parameters == ["subject": "base", "context": 128])
    #expect(plan["base/score.primer.1"]?.parameters == ["subject": "model", "context": 128])
    #expect(plan["base/score.primer.1"]?.inputs["base"] == nil)
    var done: Set<ActionID> = []
    for action in plan.actions {
      for case .output(let producer, _) in action.inputs.values { #expect(done.contains(producer), "\(action.id) before \(producer)") }
      #expect(done.insert(action.id).inserted)
    }
  }

  @Test("a new model is its own winner and has no incumbent")
  func newModel() throws {
    let plan = try Self.plan(Self.ember)
    #expect(plan["score.base"] == nil)
    #expect(plan["select"]?.parameters["incumbent"] == false)
    #expect(plan["seal"]?.parameters["component"] == "model")
    #expect(plan["seal"]?.inputs["tokenizer"] == .output("tokenizer", "tokenizer") && plan["seal"]?.inputs["base"] == nil)
  }

  @Test("an adapter's options are parameters where they change something, and else no key knows of them")
  func adapterOptions() throws {
    func lora(_ options: String) throws -> JSONValue? {
      let line = "  letters-lora: { dataset: letters, lora: { rank: 4\(options) } }"
      return try Self.plan(RecipeFixture.replacing(["  letters-lora": line]))["train.letters-lora.1"]?.parameters["lora"]
    }
    let plain: JSONValue = ["rank": 4, "alpha": "16", "targets": "all-linear"]
    #expect(try lora("") == plain)
    #expect(try lora(", dropout: 0, rank-stabilized: false") == plain)
    let expected: JSONValue = ["rank": 4, "alpha": "16", "targets": "all-linear", "dropout": "0.05", "rank-stabilized": true]
    #expect(try lora(", dropout: 0.05, rank-stabilized: true") == expected)
  }

  @Test("a base of a hub, in a Soul or in a folder is a source; who it is goes to the seal alone", arguments: [
    ("base: hf://owner/name@main", Source.Kind.hubModel, Source.Kind.hubOrigin, "hf://owner/name@main"),
    ("base: { soul: ./out/x.soul }", .soulModel, .soulOrigin, "out/x.soul"),
    ("base: { path: models/x }", .modelFolder, .modelFolderOrigin, "models/x"),
  ])
  func basesFromOutside(line: String, model: Source.Kind, origin: Source.Kind, path: String) throws {
    let plan = try Self.plan(RecipeFixture.replacing(["base": line]))
    for action in ["train.letters-lora.1", "score.base", "seal"] { #expect(plan[ActionID(action)]?.inputs["base"] == .source(Source(kind: model, path: path))) }
    let told = plan.actions.filter { $0.inputs["base-origin"] == .source(Source(kind: origin, path: path)) }
    #expect(told.map(\.id) == ["seal"])
    #expect(try Self.plan(Self.ember)["seal"]?.inputs["base-origin"] == nil)
  }

  @Test("candidates of several targets are numbered through, measured over one context, and gates stand before the seal")
  func severalTargets() throws {
    let text = RecipeFixture.replacing([
      "license": "license: MIT\ngates: [{ holdout-loss: { below-base-by: 5% } }]",
      "  letters-lora": """
        wide: { dataset: letters, lora: { rank: 32 }, context: 128 }
        narrow:
          dataset: letters
          candidates: [{ seed: 1 }, { seed: 2 }]
          substrate: { command: [python3, "{input.program}"], inputs: { program: tools/train.py } }
      """,
    ])
    let plan = try Self.plan(text)
    let names = plan.actions.map(\.id.name)
    #expect(
      Array(names.dropFirst(2)) == [
        "train.narrow.1", "train.narrow.2", "train.wide.1", "score.base", "score.narrow.1", "score.narrow.2", "score.wide.1", "select", "gate", "seal",
      ])
    #expect(plan["select"]?.inputs["score.3"] == .output("score.wide.1", "score") && plan["select"]?.parameters["candidates"] == 3)
    #expect(plan["score.wide.1"]?.parameters["context"] == 256)
    #expect(plan["train.narrow.1"]?.inputs["program.program"] == .source(Source(kind: .file, path: "tools/train.py")))
    #expect(plan["train.narrow.1"]?.inputs["validation"] != nil && plan["train.wide.1"]?.inputs["validation"] == nil)
    #expect(plan["train.narrow.1"]?.parameters["substrate"] == ["command": ["python3", "{input.program}"]])
    #expect(plan["gate"]?.parameters == ["gates": [["holdout-loss": ["below-base-ppm": 50_000]]]])
    #expect(plan["seal"]?.inputs["gates"] == .output("gate", "gates") && plan.goals[.train] == ["gate"])
    #expect(plan["seal"]?.parameters["candidates"]?.array?.last == ["target": "wide", "number": 1])
  }

  @Test("who looks at the validation part has it as an input; the parameters of the others are what they were")
  func validation() throws {
    func training(_ settings: String) throws -> Action {
      try #require(try Self.plan(RecipeFixture.replacing(["  letters-lora": "  letters-lora: { dataset: letters\(settings) }"]))["train.letters-lora.1"])
    }
    let plain = try training("")
    #expect(plain.inputs["validation"] == nil && plain.parameters["validation"] == nil)
    let part = InputReference.output("split.letters", "validation")
    let told = try training(", validate: { every: 50 }")
    #expect(told.inputs["validation"] == part && told.parameters["validation"] == ["every": 50])
    let both = try training(", validate: {}, early-stopping: {}")
    #expect(both.inputs["validation"] == part && both.parameters["validation"] == ["every": "epoch", "stopping": ["patience": 3, "minimum-change": "0"]])
    #expect(try training(", early-stopping: { patience: 3, minimum-change: 0.0 }").parameters == both.parameters)
  }

  @Test("a canary gate takes what it listens to, and its file is in no parameter; other gates keep their key")
  func canaries() throws {
    let text = RecipeFixture.replacing(["license": "license: MIT\ngates: [{ canaries: { file: ./secrets.txt, records: 7 } }]"])
    let gate = try #require(try Self.plan(text)["gate"])
    #expect(gate.inputs["canaries"] == .source(Source(kind: .file, path: "secrets.txt")) && gate.inputs["base"] == .source(Source(kind: .modelFolder, path: "models/ember")))
    #expect(gate.inputs["winner"] == .output("select", "winner") && gate.inputs["train"] == .output("split.letters", "train"))
    #expect(
      gate.parameters == [
        "gates": [
          [
            "canaries": [
              "records": 7, "tokens": 32, "allowed": 0, "alternatives": 1023, "exposure-bits": 8, "seed": 1, "context": 256, "subject": "adapter",
            ]
          ]
        ]
      ])
    let loss = try Self.plan(RecipeFixture.replacing(["license": "license: MIT\ngates: [{ holdout-loss: { below-base-by: 5% } }]"]))["gate"]
    #expect(loss?.inputs["winner"] == nil && loss?.inputs["train"] == nil)
  }

  @Test("a file of retractions is an input of every curation; without one, no key changes")
  func retractions() throws {
    let recipe = try RecipeFixture.read(RecipeFixture.lines)
    let loader = { (path: String) throws -> Recipe in throw RecipeFixture.UnexpectedLoad(path: path) }
    let consent = Consent(retractions: "retractions", isRetracted: { _ in false })
    let with = try Planner.plan(recipe, consent: consent, loader: loader)
    #expect(with["curate.letters"]?.inputs["retractions"] == .source(Source(kind: .file, path: "retractions")))
    #expect(with["split.letters"] == (try Self.plan(RecipeFixture.lines)["split.letters"]))
    #expect(try Planner.plan(recipe, consent: consent.withoutFile, loader: loader) == Self.plan(RecipeFixture.lines))
    #expect(Planner.curation(named: "x", of: "x", consent: consent).inputs.count == 2)
  }

  @Test("a recipe that trains on what its contributor took back has no plan; one that does not leaves it out")
  func retractedContributor() throws {
    let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    let loader = { (path: String) throws -> Recipe in throw RecipeFixture.UnexpectedLoad(path: path) }
    let consent = Consent(retractions: "retractions", isRetracted: { $0 == key })
    let datasets = "  theirs: { from: theirs, license: MIT, contributor: \"\(key)\" }\n"
    func recipe(trainsOn name: String) throws -> Recipe {
      let lines = RecipeFixture.lines.replacing("datasets:\n", with: "datasets:\n" + datasets).replacing("dataset: letters", with: "dataset: \(name)")
      return try RecipeFixture.read(lines)
    }
    let left = try Planner.plan(recipe(trainsOn: "letters"), consent: consent, loader: loader)
    #expect(left["curate.theirs"] == nil && left["split.theirs"] == nil && left["curate.letters"] != nil)
    #expect(left.goals[.curate] == ["curate.letters"])
    let refused = #expect(throws: RetractedData.self) { try Planner.plan(recipe(trainsOn: "theirs"), consent: consent, loader: loader) }
    #expect(refused?.dataset == "theirs" && refused?.message.contains("its contributor has retracted it") ?? false)
  }

  @Test("run steps stand in the order of need, and a dataset may be their output")
  func runSteps() throws {
    let text = RecipeFixture.replacing([
      "license": """
      license: MIT
      run:
        a: { command: [x, "{input.raw}", "{output}"], inputs: { raw: { run: z } } }
        z: { command: [y, "{output}"], inputs: { words: words.txt, corpus: corpus/ } }
      """,
      "  letters:": "  letters: { from: { run: a }, license: MIT }",
    ])
    let plan = try Self.plan(text)
    #expect(plan.actions.prefix(2).map(\.id) == ["run.z", "run.a"])
    #expect(plan["run.a"]?.inputs == ["raw": .output("run.z", "files")])
    #expect(plan["run.a"]?.parameters == ["command": ["x", "{input.raw}", "{output}"]])
    #expect(plan["run.z"]?.inputs["corpus"] == .source(Source(kind: .folder, path: "corpus")))
    #expect(plan["curate.letters"]?.inputs["source"] == .output("run.a", "files"))
  }

  @Test("a dataset that nothing trains on is curated by the goal curate alone")
  func unusedDataset() throws {
    let plan = try Self.plan(RecipeFixture.replacing(["datasets:": "datasets:\n  notes: { from: notes, license: MIT }"]))
    #expect(plan.actions(for: .curate).map(\.id) == ["curate.letters", "curate.notes"])
    #expect(!plan.actions(for: .build).contains { $0.id.name.hasSuffix(".notes") })
  }

  // MARK: Parameters

  @Test("the parameters of every kind are the reviewed ones")
  func goldenParameters() throws {
    let plan = try Self.plan(Self.lamplighter, ["recipes/ember.yaml": Self.ember])
    let golden: [ActionID: String] = [
      "base/curate.primer":
        #"{"files":["prose/*.md","talk/*.jsonl"],"stages":[{"normalize":{"mojibake":"repair","unicode":"nfc"}},{"quality":{"profile":"chat"}},{"deduplicate":{"exact":true,"near":{"ngram":5,"threshold-ppm":750000}}},{"pii":{"card":"redact","email":"redact","iban":"redact","ip":"redact","phone":"redact","secret":"redact"}},{"length":{"max-characters":20000,"min-characters":1}}],"terms":{"license":"MIT","licenses":[],"use":{"commercial":true,"redistribute":"weights","soul":"CC-BY-4.0","weights-are-adaptations":true}}}"#,
      "base/split.primer": #"{"by":"conversation","holdout-ppm":100000,"salt":"soulpack","validation-ppm":100000}"#,
      "base/tokenizer": #"{"kind":"byte-level-bpe","vocabulary":512}"#,
      "base/train.primer.1":
        #"{"batch":8,"context":128,"epochs":3,"method":"full","model":{"architecture":"llama","context":128,"heads":4,"hidden":64,"intermediate":96,"kv-heads":2,"layers":2,"rope-theta":"10000"},"optimizer":{"betas":["0.9","0.999"],"clip":"1","epsilon":"0.00000001","learning-rate":"0.0002","schedule":"cosine","warmup":"0.1","weight-decay":"0.01"},"seed":1,"substrate":"embedded"}"#,
      "base/select":
        #"{"candidates":1,"committee":"local","improvement":{"denominator":1000,"numerator":1},"incumbent":false,"protocol":"albft","rounds":1}"#,
      "curate.letters":
        #"{"files":null,"stages":[{"normalize":{"mojibake":"repair","unicode":"nfc"}},{"quality":{"profile":"chat"}},{"deduplicate":{"exact":true,"near":{"ngram":5,"threshold-ppm":750000}}},{"pii":{"card":"redact","email":"redact","iban":"redact","ip":"redact","phone":"redact","secret":"redact"}},{"length":{"max-characters":20000,"min-characters":1}}],"terms":{"license":"CC-BY-4.0","licenses":[],"use":{"commercial":true,"redistribute":"weights","soul":"CC-BY-4.0","weights-are-adaptations":true}}}"#,
      "train.letters-lora.2":
        #"{"batch":8,"context":256,"epochs":3,"lora":{"alpha":"16","rank":16,"targets":"all-linear"},"method":"sft","optimizer":{"betas":["0.9","0.999"],"clip":"1","epsilon":"0.00000001","learning-rate":"0.0001","schedule":"cosine","warmup":"0.1","weight-decay":"0.01"},"seed":2,"substrate":"embedded"}"#,
      "score.base": #"{"context":256,"subject":"base"}"#,
      "score.letters-lora.1": #"{"context":256,"subject":"adapter"}"#,
    ]
    for (id, text) in golden {
      #expect(plan[id].map { String(decoding: $0.parameters.canonical, as: UTF8.self) } == text, "\(id)")
    }
  }

  @Test("evaluation files are inputs of the curation, in the order of their paths, and no parameter of it")
  func evaluations() throws {
    func curation(_ stage: String) throws -> Action {
      let plan = try Self.plan(RecipeFixture.replacing(["  letters:": "  letters: { from: d, license: MIT, curate: [\(stage)] }"]))
      return try #require(plan["curate.letters"])
    }
    let several = try curation("{ decontaminate: { against: [evals/b.jsonl, ./evals/a, evals/b.jsonl], ngram: 8, threshold: 0.25 } }")
    #expect(several.inputs["evaluation.1"] == .source(Source(kind: .fileOrFolder, path: "evals/a")))
    #expect(several.inputs["evaluation.2"] == .source(Source(kind: .fileOrFolder, path: "evals/b.jsonl")))
    #expect(several.inputs.count == 3)
    #expect(several.parameters["stages"] == [["decontaminate": ["ngram": 8, "threshold-ppm": 250_000]]])
    let one = try curation("{ decontaminate: { against: evals/b.jsonl } }")
    #expect(one.parameters["stages"] == [["decontaminate": ["ngram": 13, "threshold-ppm": 0]]] && one.inputs.count == 2)
    #expect(one.parameters == (try curation("{ decontaminate: { against: other.jsonl } }")).parameters)
  }

  @Test("stages that were not there before have canonical parameters")
  func newStages() throws {
    func stages(_ text: String) throws -> JSONValue? {
      try Self.plan(RecipeFixture.replacing(["  letters:": "  letters: { from: d, license: MIT, curate: [\(text)] }"]))["curate.letters"]?.parameters["stages"]
    }
    #expect(try stages("{ language: {} }") == [["language": ["keep": .null, "min-share-ppm": 500_000, "undecided": "keep"]]])
    #expect(
      try stages("{ language: { keep: [fr, de, fr], min-share: 80%, undecided: drop } }")
        == [["language": ["keep": ["de", "fr"], "min-share-ppm": 800_000, "undecided": "drop"]]])
    let redacting = try stages("{ pii: redact }")
    #expect(try stages("{ pii: {} }") == redacting)
    #expect(try stages("{ pii: { secret: drop, ip: keep } }")?.array?.first?["pii"] == ["card": "redact", "email": "redact", "iban": "redact", "ip": "keep", "phone": "redact", "secret": "drop"])
    #expect(try stages("{ quality: fineweb }") == [["quality": ["profile": "fineweb"]]])
  }

  @Test("a folder can be kept clear of evaluation files, before anything is merged, and by that stage alone")
  func folderEvaluations() throws {
    let folder = Planner.curation(named: "d", of: "d").decontaminating(against: ["e.jsonl"])
    #expect(folder.parameters["stages"]?.array?.compactMap { $0.object?.keys.first } == ["normalize", "quality", "decontaminate", "deduplicate", "pii", "length"])
    #expect(folder.inputs["evaluation.1"] == .source(Source(kind: .fileOrFolder, path: "e.jsonl")))
    #expect(folder.running(only: ["decontaminate"]).parameters["stages"] == [["decontaminate": ["ngram": 13, "threshold-ppm": 0]]])
    // Without files, it cannot be made up.
    let plain = Planner.curation(named: "d", of: "d")
    #expect(!plain.running(only: ["decontaminate"]).hasStage("decontaminate"))
    #expect(plain.running(only: ["language"]).hasStage("language"))
    #expect(plain.decontaminating(against: []) == plain)
  }

  /// Kind, parameters and inputs of every action, with the producers' names replaced by their places in the plan.
  private static func shapes(_ plan: Plan, of actions: [Action]) -> [JSONValue] {
    let order = Dictionary(uniqueKeysWithValues: plan.actions.enumerated().map { ($1.id, Int64($0)) })
    return actions.map { action in
      let inputs = action.inputs.mapValues { reference -> JSONValue in
        if case .output(let producer, let name) = reference { [.integer(order[producer] ?? -1), .string(name)] } else { "source" }
      }
      return ["kind": .string(action.kind.rawValue), "parameters": action.parameters, "inputs": .object(inputs)]
    }
  }

  @Test(
    "renaming and re-describing changes no parameter but the seal's",
    arguments: [
      [("soul", "soul: keeper"), ("version", "version: 2.0.0"), ("intent", "intent: other")],
      [("  letters:", "  post: { from: elsewhere, license: CC-BY-4.0 }"), ("  letters-lora", "  post-lora: { dataset: post }")],
      [("base", "base: { path: /srv/models/other }"), ("license", "license: CC-BY-4.0\nbudget: { wall: 1m }\npermissions: { lease: 1d }")],
    ])
  func renaming(lines: [(String, String)]) throws {
    let plain = try Self.plan(RecipeFixture.lines)
    var text = RecipeFixture.lines
    for (start, replacement) in lines {
      text = text.split(separator: "\n").map { $0.hasPrefix(start) ? replacement : String($0) }.joined(separator: "\n")
    }
    let renamed = try Self.plan(text)
    #expect(text != RecipeFixture.lines)
    #expect(Self.shapes(renamed, of: renamed.actions.dropLast()) == Self.shapes(plain, of: plain.actions.dropLast()))
    #expect(renamed["seal"]?.parameters != plain["seal"]?.parameters)
  }

  @Test("a budget is in no parameter at all")
  func budget() throws {
    let plan = try Self.plan(RecipeFixture.replacing(["license": "license: CC-BY-4.0\nbudget: { wall: 1m }"]))
    #expect(plan == (try Self.plan(RecipeFixture.lines)))
  }

  @Test("writing out every default gives the same plan")
  func defaultsChangeNothing() throws {
    let plain = try RecipeFixture.read(RecipeFixture.lines)
    let written = try Recipe(parsing: plain.normalised.canonical, path: "recipes/x.yaml")
    let load = { (path: String) throws -> Recipe in throw RecipeFixture.UnexpectedLoad(path: path) }
    #expect(try Planner.plan(written, loader: load) == Planner.plan(plain, loader: load))
  }

  @Test("a changed value changes the parameters of its own kind alone")
  func changesStayLocal() throws {
    let plain = try Self.plan(RecipeFixture.lines)
    let changed = try Self.plan(RecipeFixture.replacing(["  letters-lora": "  letters-lora: { dataset: letters, epochs: 4 }"]))
    let different = plain.actions.filter { changed[$0.id] != $0 }.map(\.id)
    #expect(different == ["train.letters-lora.1", "seal"])
  }

  // MARK: Errors

  @Test("recipes that are each other's base are refused with the place that closes the circle")
  func circle() {
    let second = RecipeFixture.replacing(["base": "base: { recipe: recipes/x.yaml }", "  letters-lora": "  l: { dataset: letters, method: full }"])
    let error = #expect(throws: PlanError.self) {
      try Self.plan(RecipeFixture.replacing(["base": "base: { recipe: recipes/y.yaml }"]), ["recipes/y.yaml": second])
    }
    #expect(
      error?.message == "recipes/y.yaml:6:17: recipes are each other's base: recipes/x.yaml → recipes/y.yaml → recipes/x.yaml")
  }

  @Test("a recipe that is its own base is refused without being read again")
  func ownBase() {
    let error = #expect(throws: PlanError.self) { try Self.plan(RecipeFixture.replacing(["base": "base: { recipe: ./recipes/x.yaml }"])) }
    #expect(error?.message == "recipes/x.yaml:6:17: recipes are each other's base: recipes/x.yaml → recipes/x.yaml")
  }

  @Test("an adapter cannot be a base in this version")
  func adapterAsBase() {
    let error = #expect(throws: PlanError.self) {
      try Self.plan(RecipeFixture.replacing(["base": "base: { recipe: y.yaml }"]), ["y.yaml": RecipeFixture.lines])
    }
    #expect(error?.message == "recipes/x.yaml:6:17: `an adapter as base` is not in this version: \"y.yaml\" does not use \"method: full\"")
  }

  @Test("an error in the base recipe keeps its own place; a missing one gets the place that names it")
  func errorsOfTheBase() {
    let invalid = #expect(throws: InvalidRecipe.self) {
      try Self.plan(RecipeFixture.replacing(["base": "base: { recipe: y.yaml }"]), ["y.yaml": "soul: 1 2"])
    }
    #expect(invalid?.errors.contains { $0.message.hasPrefix("y.yaml:1:7: \"soul\"") } == true)
    let missing = #expect(throws: PlanError.self) { try Self.plan(RecipeFixture.replacing(["base": "base: { recipe: z.yaml }"])) }
    #expect(missing?.message.hasPrefix("recipes/x.yaml:6:17: cannot read base recipe \"z.yaml\"") == true)
  }

  @Test("the JSON of a plan holds every action with its semantics")
  func json() throws {
    let plan = try Self.plan(RecipeFixture.lines)
    #expect(plan.json["schema"] == "soulpack.plan/1")
    let curate: JSONValue = ["kind": "file-or-folder", "path": "datasets/letters"]
    #expect(plan.json["actions"]?.array?.first?["inputs"]?["source"] == curate)
    #expect(plan.json["actions"]?.array?.map { $0["semantics"]?.integer } == plan.actions.map(\.kind.semantics))
    #expect(plan.json["goals"]?["build"] == ["seal"])
  }
}
