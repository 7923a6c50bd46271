/// Projects small enough that a whole build takes a second or two.
enum Project {
  /// A compact model made from nothing, and an adapter over it: every kind of step but `run`.
  static let tiny: [String: String] = [
    "recipes/base.yaml": base, "recipes/voice.yaml": voice, "texts/texts.jsonl": texts(count: 60), "talk/talk.jsonl": talk(count: 40),
  ]

  /// The tiny project with its dataset made by a line of the shell's.
  static func commanded(_ line: String) -> [String: String] {
    let step = "run:\n  copy:\n    command: [sh, -c, '\(line.replacing("'", with: "''"))']\n    inputs: { talk: talk/ }\n"
    return tiny.merging(["recipes/voice.yaml": voice.replacing("from: talk", with: "from: { run: copy }") + step]) { _, new in new }
  }

  static let copying = "cp {input.talk}/* {output}/"

  /// Waits until the file `go` is in the project: a test then looks at a build that is under way. The command stands in `.soulpack/work/NAME`.
  static let waiting = "until [ -e ../../../go ]; do sleep 0.02; done; "

  static let base = """
    soul: small-base
    version: 0.1.0
    intent: Carries a voice in tests.
    description: A model of a few thousand weights.
    license: CC0-1.0
    base:
      new: { architecture: llama, hidden: 32, layers: 1, heads: 2, kv-heads: 1, intermediate: 64, context: 64, tokenizer: { vocabulary: 320 } }
    datasets:
      texts:
        from: texts
        license: CC0-1.0
        curate: [{ normalize: {} }, { deduplicate: {} }, { length: {} }]
        split: { by: conversation, validation: 10%, holdout: 20%, salt: test }
    train:
      base: { dataset: texts, method: full, optimizer: { learning-rate: 3e-3 }, epochs: 2, batch: 4, context: 64 }

    """

  static let voice = """
    soul: voice
    version: 1.0.0
    intent: Answers with numbers.
    description: An adapter that counts.
    license: CC0-1.0
    base: { recipe: recipes/base.yaml }
    datasets:
      talk:
        from: talk
        license: CC0-1.0
        curate: [{ normalize: {} }, { deduplicate: {} }, { length: {} }]
        split: { by: conversation, validation: 10%, holdout: 20%, salt: test }
    train:
      talk-lora: { dataset: talk, method: sft, lora: { rank: 4, alpha: 8 }, optimizer: { learning-rate: 1e-2 }, epochs: 4, batch: 4, context: 64 }

    """

  /// A training of a second or more, to be stopped in the middle.
  static let long = "train.talk-lora.epochs=600"

  /// Enough texts that a split by salted hash leaves something on each side. Each is different.
  static func texts(count: Int) -> String {
    (1...count).map { index in
      let tide = String(repeating: "The tide \(index) came in and went out. ", count: 6)
      return #"{"text":"Paragraph \#(index) speaks of the number \#(index * 7) and of \#(index) boats. \#(tide)"}"#
    }.joined(separator: "\n") + "\n"
  }

  static func talk(count: Int) -> String {
    (1...count).map { index in
      #"{"messages":[{"role":"user","content":"What is \#(index) and one?"},{"role":"assistant","content":"It is \#(index + 1), as the tide counts."}]}"#
    }.joined(separator: "\n") + "\n"
  }
}
