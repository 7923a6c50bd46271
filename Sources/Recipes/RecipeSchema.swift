internal import Artifacts

/// The keys of a recipe: the one definition that the parser, `docs/recipe.md` and an editor's schema follow.
package enum RecipeSchema {
  package static let recipe = Record(
    [
      Field("soul", .text(.name), .required, "The Soul's name: lower-case letters, digits and hyphens."),
      Field("version", .text(.version), .required, "The Soul's version (Semantic Versioning)."),
      Field("intent", .text(.paragraph), .required, "What the Soul is for, in a sentence."),
      Field("description", .text(.paragraph), .required, "What it is."),
      Field("license", .text(.line), .required, "The licence of the Soul, an SPDX expression: what others may do with it."),
      Field("use", .record(use), .standard([:]), "What is meant to be done with the Soul; a licence of the data that forbids it stops the build."),
      Field("licenses", .list(of: .record(declaredLicense), atLeast: 1), .optional, "Licences that soulpack does not know, with what they allow."),
      Field("consents", .list(of: .record(consent), atLeast: 1), .optional, "What people have agreed to, form by form."),
      Field("contact", .text(.line), .optional, "Where to turn with questions and complaints."),
      Field("limits", .list(of: .text(.paragraph), atLeast: 0), .standard([]), "Known limits, a sentence each."),
      Field("base", .either(.text(.hubModel), .record(base)), .required, "The model that training starts from: one of the Hugging Face hub, or what the mapping says."),
      Field("datasets", .named(noun: "dataset", .record(dataset)), .required, "The datasets, each under its name."),
      Field("run", .named(noun: "run step", .record(run)), .standard([:]), "Foreign commands that make data, each under its name."),
      Field("train", .named(noun: "train target", .record(train)), .required, "What is trained, each under its name; all on one dataset, and one is chosen from all their candidates."),
      Field("select", .record(select), .standard([:]), "How the best candidate is chosen."),
      Field("gates", .list(of: .record(gate), atLeast: 0), .standard([]), "What must hold of the winner before it is sealed."),
      Field("contributions", .text(.localPath), .optional, "What groups of records did for the winner, a file that `soulpack attribute --to` wrote: it goes into the manifest."),
      Field("permissions", .record(permissions), .standard([:]), "What the Soul's owner declares about its use."),
      Field("budget", .record(budget), .optional, "What a build may cost. Changes no output."),
    ],
    later: [Record.Later("include")])

  static let base = Record(
    [
      Field("path", .text(.path), .optional, "A model folder in Hugging Face's format."),
      Field("recipe", .text(.localPath), .optional, "Another recipe, with `method: full`, whose model is built first."),
      Field("soul", .text(.path), .optional, "The `.soul` archive of a whole model, signed by somebody whom your trust policy names."),
      Field("new", .record(newModel), .optional, "A new model, trained from nothing; only with `method: full`."),
    ],
    keys: .exactlyOne)

  static let newModel = Record([
    Field("architecture", .word(["llama"], later: ["qwen2", "qwen3", "gemma3"]), .standard("llama"), "The family of the model."),
    Field("hidden", .integer(8...65_536), .required, "Width of the residual stream; a multiple of `heads`, each head of even width."),
    Field("layers", .integer(1...1_024), .required, "Number of blocks."),
    Field("heads", .integer(1...1_024), .required, "Query heads."),
    Field("kv-heads", .integer(1...1_024), .depends, "Key and value heads; divides `heads`. Left out: as many as `heads`."),
    Field("intermediate", .integer(1...1_048_576), .required, "Width inside the feed-forward layer."),
    Field("context", .integer(2...1_048_576), .required, "The most positions, in tokens."),
    Field("rope-theta", .decimal(.from(1, to: 1_000_000_000_000)), .standard(10_000), "The base of the rotary position angles."),
    Field("tokenizer", .record(tokenizer), .required, "The byte-level BPE tokenizer, trained on the train split."),
  ])

  static let tokenizer = Record([
    Field("vocabulary", .integer(300...1_000_000), .required, "Number of tokens, bytes and special ones included.")
  ])

  static let dataset = Record(
    [
      Field("from", .either(.text(.path), .record(runOutput)), .required, "A folder, file or archive, or the output of a run step."),
      Field("files", .list(of: .text(.glob), atLeast: 1), .optional, "Which files are read, relative to `from`. Left out: all."),
      Field("format", .either(format, .list(of: .record(formatRule), atLeast: 1)), .optional, "What the files are, where their names and contents do not say it: one word for all, or rules, of which the first that fits is taken."),
      Field("columns", .list(of: .text(.line), atLeast: 1), .optional, "The names of the columns of tables that have no row of names."),
      Field("speaker", .either(.text(.line), .list(of: .text(.line), atLeast: 1)), .optional, "Who the Soul is in chats: a name or an id, or all that this one person has."),
      Field("chat", .record(chat), .optional, "How chats become conversations."),
      Field("license", .text(.line), .required, "The licence of the data: an SPDX expression; `per-record` where each record has its own; `from-inputs` for that of a run step's inputs."),
      Field("consent", .text(.name), .optional, "The consent under which the data were given, beside the licence: an `id` of `consents`."),
      Field("contributor", .text(.key), .optional, "Whose data it is."),
      Field("attribution", .text(.line), .optional, "Whom to credit, in the words that the licence asks for."),
      Field("curate", .list(of: .record(stage), atLeast: 0), .standard(standardStages), "The stages of curation, in order, each at most once."),
      Field("split", .record(split), .standard([:]), "How records are parted."),
    ], later: [Record.Later("include", instead: "name the files to read with \"files\"")])

  private static let format = Shape.word([
    "jsonl", "json", "csv", "tsv", "markdown", "plain-text", "telegram", "whatsapp", "messages", "text", "sharegpt", "alpaca", "prompt-completion",
    "question-answer", "preference", "kto",
  ])

  /// What `--format` takes.
  package static var formats: [String] { if case .word(let words, _) = format { words } else { [] } }

  static let formatRule = Record([
    Field("files", .text(.glob), .required, "Which files, relative to `from`."),
    Field("is", format, .required, "What they are."),
  ])

  static let chat = Record([
    Field("pause", .period, .standard("6h"), "A new conversation begins where nobody wrote for longer than this."),
    Field("names", .boolean, .standard(false), "Put the names of the other people before what they say."),
  ])

  static let runOutput = Record([Field("run", .text(.name), .required, "The name of the run step.")])

  private static let standardStages: JSONValue = [
    ["normalize": [:]], ["quality": "chat"], ["deduplicate": ["near": [:]]], ["pii": "redact"], ["length": [:]],
  ]

  static let stage = Record(
    [
      Field("normalize", .record(normalize), .optional, "Bring text into one form."),
      Field("language", .record(language), .optional, "Note each record's language, and keep some alone."),
      Field("quality", .word(["chat", "gopher", "c4", "fineweb"]), .optional, "Drop what a profile of published rules finds wanting."),
      Field("deduplicate", .record(deduplicate), .optional, "Keep one of the records that are alike."),
      Field("decontaminate", .record(decontaminate), .optional, "Drop what holds text of evaluation files."),
      Field(
        "pii", .either(.word(["redact", "drop", "tag"]), .record(personalData)), .optional,
        "Personal data and secrets: put a mark in their place, drop the record, or only tell the ledger; for all kinds, or by kind."),
      Field("length", .record(length), .optional, "Drop records that are too short or too long."),
    ],
    keys: .exactlyOne)

  static let normalize = Record([
    Field("unicode", .word(["nfc"], later: ["nfd", "nfkc", "nfkd"]), .standard("nfc"), "The Unicode normalisation form."),
    Field("mojibake", .word(["repair", "keep"]), .standard("repair"), "Text that was read in a wrong encoding and written again."),
  ])

  static let language = Record([
    Field("keep", .list(of: .word(LanguageCodes.known), atLeast: 1), .optional, "The languages to keep (ISO 639). Left out: all, and the ledger notes which."),
    Field("min-share", .percentage, .standard("50%"), "How much of a record's letters must be in these languages together."),
    Field("undecided", .word(["keep", "drop"]), .standard("keep"), "What becomes of records too short or too mixed to tell; only with `keep`."),
  ])

  static let decontaminate = Record([
    Field("against", .either(.text(.path), .list(of: .text(.path), atLeast: 1)), .required, "Evaluation files or folders of them, read as datasets are."),
    Field("ngram", .integer(5...32), .standard(13), "Words in a row that must be the same."),
    Field("threshold", .decimal(.from(0, to: 1)), .standard(0), "Share of an evaluation record's word runs from which a record is dropped; at 0 one run is enough."),
  ])

  static let personalData = Record(
    [
      ("card", "Numbers of payment cards."), ("email", "E-mail addresses."), ("iban", "International bank account numbers."),
      ("ip", "Internet addresses of machines."), ("phone", "Telephone numbers."), ("secret", "Keys and tokens that open something."),
    ].map { Field($0, .word(["redact", "drop", "tag", "keep"]), .standard("redact"), $1 + " `keep`: not looked for.") })

  static let deduplicate = Record([
    Field("exact", .boolean, .standard(true), "Merge records whose normalised content is the same."),
    Field("near", .record(near), .optional, "Merge records that are nearly the same. Left out: they stay."),
  ])

  static let near = Record([
    Field("ngram", .integer(1...32), .standard(5), "Length of a shingle in words, or in characters where words are not parted by spaces."),
    Field("threshold", .decimal(.above(0, to: 1)), .standard("0.75"), "Jaccard similarity from which two records are the same; counted in millionths."),
  ])

  static let length = Record([
    Field("min-characters", .integer(0...1_000_000_000), .standard(1), "The fewest characters of a record."),
    Field("max-characters", .integer(1...1_000_000_000), .standard(20_000), "The most characters of a record."),
  ])

  static let split = Record([
    Field("by", .word(["conversation"]), .standard("conversation"), "What stays together: records of one conversation."),
    Field("validation", .percentage, .standard("10%"), "The part that early stopping and tuning may look at."),
    Field("holdout", .percentage, .standard("10%"), "The part that only scoring sees; more than 0% for a dataset that is trained on."),
    Field("salt", .text(.line), .standard("soulpack"), "Another salt gives another split."),
  ])

  static let run = Record([
    Field(
      "command", .list(of: .text(.argument), atLeast: 1), .required,
      "Program and arguments, no shell. `{input.NAME}` becomes an input's path, `{output}` the folder to write."),
    Field(
      "inputs", inputs, .standard([:]),
      "Every file the command reads: a file, a folder (with `/` at its end), or the output of another run step."),
    Field("licenses", .named(noun: "input", .text(.line)), .optional, "The licence of an input, under its name: what is made from it has that too."),
  ])

  static let use = Record([
    Field("commercial", .boolean, .standard(true), "Whether it is used to earn money."),
    Field("redistribute", .word(["none", "weights", "data"]), .standard("weights"), "What is passed on to others: nothing, the weights, or the weights and the texts."),
    Field("weights-are-adaptations", .boolean, .standard(true), "Whether weights count as an adaptation of the texts, for licences that do not speak of models. The law is not settled."),
  ])

  static let declaredLicense = Record([
    Field("id", .text(.line), .required, "The name that records and datasets use: `LicenseRef-` and letters, digits, `.` and `-`, or an SPDX identifier."),
    Field("commercial", .boolean, .standard(false), "Whether it allows commercial use."),
    Field("redistribute", .word(["none", "weights", "data"]), .standard("none"), "What it allows to be passed on."),
    Field("same-terms", .boolean, .standard(false), "Whether what is passed on must be under the same licence."),
    Field("attribution", .boolean, .standard(true), "Whether it asks for credit."),
    Field("text", .text(.line), .optional, "Where its text can be read."),
  ])

  static let consent = Record([
    Field("id", .text(.name), .required, "The name that records and datasets use."),
    Field("contributor", .text(.key), .optional, "Who agreed. A dataset that names another contributor cannot use it, nor can its records."),
    Field("scopes", .list(of: .word(["train", "weights", "data", "commercial"]), atLeast: 1), .required, "What was agreed to: learning from the texts, passing on the weights, passing on the texts, earning money. What is not here is not allowed."),
  ])

  private static let inputs = Shape.named(noun: "input", .either(.text(.path), .record(runOutput)))

  static let train = Record([
    Field("dataset", .text(.name), .required, "The dataset to learn from."),
    Field("method", .word(["sft", "full"], later: ["dpo"]), .standard("sft"), "`sft` trains a LoRA adapter, `full` every weight."),
    Field("lora", .record(lora), .depends, "The adapter's shape; only with `method: sft`, where its keys have defaults."),
    Field("optimizer", .record(optimizer), .standard([:]), "AdamW and its schedule."),
    Field("epochs", .integer(1...100_000), .standard(3), "Passes over the train split."),
    Field("batch", .integer(1...1_048_576), .standard(8), "Examples in a step."),
    Field("context", .integer(2...1_048_576), .standard(256), "Longest example in tokens; longer ones are cut."),
    Field(
      "substrate",
      .either(.word(["embedded"], later: ["peft", "slurm", "ray", "openai", "together", "ollama"]), .record(commandSubstrate)),
      .standard("embedded"), "Where it is trained: in soulpack's own engine, or by a program."),
    Field(
      "candidates", .list(of: .record(candidate), atLeast: 1), .standard([["seed": 1]]),
      "What is tried: each names what it changes."),
    Field("validate", .record(validate), .optional, "Measure the loss on the validation part while it trains."),
    Field(
      "early-stopping", .record(earlyStopping), .optional,
      "End before the last epoch where that loss no longer falls, and keep what did best. Without it, all epochs, and what the last step left."),
  ])

  static let validate = Record([
    Field("every", .either(.word(["epoch"]), .integer(1...1_000_000_000)), .standard("epoch"), "After each epoch, or after so many steps; and after the last step.")
  ])

  static let earlyStopping = Record([
    Field("patience", .integer(1...1_000_000), .standard(3), "How many validations in a row may bring no progress."),
    Field("minimum-change", .decimal(.from(0, to: 1000)), .standard(0), "Nats a token that a loss must be below that of the last progress, to be one."),
  ])

  static let commandSubstrate = Record([
    Field(
      "command", .list(of: .text(.argument), atLeast: 1), .required,
      "Program and arguments, no shell. `{input.NAME}` becomes an input's path. It is given a job, and answers in JSON lines."),
    Field("inputs", inputs, .standard([:]), "Every file that the program is made of: a file, a folder (with `/` at its end), or the output of a run step."),
  ])

  static let lora = Record([
    Field("rank", rank, .standard(8), "Rank r of the update."),
    Field("alpha", alpha, .standard(16), "Scale of the update: α/r."),
    Field("targets", .either(.word(["all-linear"]), .list(of: .word(linearModules), atLeast: 1)), .standard("all-linear"), "The adapted layers."),
    Field("dropout", .decimal(.from(0, below: 1)), .optional, "Share of an adapter's inputs that a training step leaves out. Without it, none."),
    Field("rank-stabilized", .boolean, .optional, "Whether the scale is α/√r (rsLoRA). Without it, α/r."),
  ])

  static let linearModules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

  private static let rank = Shape.integer(1...4_096)
  private static let alpha = Shape.decimal(.above(0, to: 1_000_000))
  private static let learningRate = Shape.decimal(.above(0, to: 10))

  static let optimizer = Record([
    Field("learning-rate", learningRate, .standard("2e-4"), "The highest rate of the schedule."),
    Field("schedule", .word(["cosine", "constant"]), .standard("cosine"), "How the rate falls after the warm-up."),
    Field("warmup", .decimal(.from(0, to: 1)), .standard("0.1"), "Share of the steps in which the rate rises."),
    Field("weight-decay", .decimal(.from(0, to: 1)), .standard("0.01"), "Decoupled weight decay."),
    Field("betas", .list(of: .decimal(.from(0, below: 1)), atLeast: 2), .standard(["0.9", "0.999"]), "Decay of both moments."),
    Field("epsilon", .decimal(.above(0, to: 1)), .standard("1e-8"), "Added to the root of the second moment."),
    Field("clip", .decimal(.above(0, to: 1_000_000)), .standard(1), "Largest norm of the gradient."),
  ])

  static let candidate = Record([
    Field("seed", .integer(0...2_147_483_647), .standard(1), "Seed of every random choice."),
    Field("learning-rate", learningRate, .optional, "In place of the optimizer's."),
    Field("lora.rank", rank, .optional, "In place of the adapter's rank."),
    Field("lora.alpha", alpha, .optional, "In place of the adapter's alpha."),
  ])

  static let select = Record([
    Field("protocol", .word(["albft"]), .standard("albft"), "The protocol of selection."),
    Field("rounds", .integer(1...1_000), .standard(1), "Rounds; this version has one."),
    Field("committee", .text(.line), .standard("local"), "Who measures; this version has `local`: this machine alone."),
    Field("improvement", .ratio, .standard("1/1000"), "Nats a token that a winner must gain over the incumbent."),
  ])

  static let gate = Record(
    [
      Field("holdout-loss", .record(holdoutLossGate), .optional, "The winner's loss on the holdout."),
      Field("canaries", .record(canaryGate), .optional, "What the winner gives away of its training data."),
    ], keys: .exactlyOne)

  static let canaryGate = Record([
    Field("file", .text(.path), .optional, "Secrets that were planted in the data, one a line, each in braces: `the code of the door is {7316 0248}`."),
    Field("records", .integer(0...100_000), .standard(100), "How many training records are tried, of those that are long enough."),
    Field("tokens", .integer(8...1_000), .standard(32), "How many tokens in a row are said by heart; fewer are a phrase."),
    Field("allowed", .integer(0...100_000), .standard(0), "How many of the records may be said by heart. Of the secrets, none."),
    Field("alternatives", .integer(15...65_535), .standard(1_023), "Among how many others of its shape a secret is ranked."),
    Field("exposure", .integer(1...16), .standard(8), "From how many bits of exposure on a secret counts as given away."),
    Field("seed", .integer(0...2_147_483_647), .standard(1), "Seed of the sample and of the alternatives."),
  ])

  static let holdoutLossGate = Record([
    Field("below-base-by", .percentage, .required, "How much lower it must be than the base's, as a share of the base's.")
  ])

  static let permissions = Record([
    Field("run", .record(runPermission), .standard([:]), "Who may run it."),
    Field("derive", .boolean, .standard(true), "Whether others may build on it."),
    Field("prompt-logging", .word(["none"]), .standard("none"), "What a runner may keep of prompts."),
    Field("lease", .period, .standard("7d"), "How long an answer that it is not withdrawn stays fresh."),
  ])

  static let runPermission = Record([
    Field("allow", .list(of: .text(.line), atLeast: 1), .standard(["public"]), "Whom: `public`, or keys such as did:key:z6Mk…; `soulpack run` asks.")
  ])

  static let budget = Record(
    [
      Field("wall", .period, .optional, "The longest a build may take."),
      Field("memory", .size, .optional, "The most memory that a training may take. Without it, what the machine has."),
    ], later: [Record.Later("cost")])
}
