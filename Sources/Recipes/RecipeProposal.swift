package import Artifacts

/// A recipe for data that was looked at, as text with comments that teach. Reading it again gives a recipe in order.
package struct RecipeProposal: Hashable, Sendable {
  package enum Base: Hashable, Sendable {
    /// A model folder, and the most positions that it has, where it says so.
    case model(path: String, positions: Int64?)
    case recipe(path: String)
    case hub(HubReference)
    /// Nothing to adapt: a compact model from nothing.
    case none
  }

  /// What was seen in the data.
  package struct Sight: Hashable, Sendable {
    /// That curation keeps.
    package let records: Int64
    /// Conversations among them; the others are running text.
    package let chats: Int64
    package let characters: Int64
    /// Nine of ten records are no longer.
    package let usualLengthInCharacters: Int64
    /// The least share for each held-out part that leaves none of them empty, in whole percent.
    package let holdoutPercent: Int64

    package init(records: Int64, chats: Int64, characters: Int64, usualLengthInCharacters: Int64, holdoutPercent: Int64) {
      self.records = records
      self.chats = chats
      self.characters = characters
      self.usualLengthInCharacters = usualLengthInCharacters
      self.holdoutPercent = holdoutPercent
    }
  }

  package let name: String
  /// As a recipe says it: relative to the root, or absolute.
  package let from: String
  package let sight: Sight
  package let base: Base
  /// Where an editor finds the schema, from the recipe.
  package let schema: String
  /// What was said about the files.
  package let reading: ReadingSettings

  package init(name: String, from: String, sight: Sight, base: Base, schema: String, reading: ReadingSettings = ReadingSettings()) {
    self.reading = reading
    self.name = name
    self.from = from
    self.sight = sight
    self.base = base
    self.schema = schema
  }

  /// A name that a recipe may use, from the last part of a path: `My Letters.zip` becomes `my-letters`.
  package static func name(fromPath path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? ""
    let stem = last.prefix { $0 != "." }
    let isAllowed = { (character: Character) in character.isASCII && (character.isLetter || character.isNumber) }
    let words = stem.lowercased().split { !isAllowed($0) }
    let name = String(words.joined(separator: "-").prefix(64))
    return TextForm.name.accepts(name) ? name : "data"
  }

  package static func isName(_ text: String) -> Bool { TextForm.name.accepts(text) }
}

// MARK: - What fits the data

extension RecipeProposal {
  var isNewModel: Bool { base == .none }

  /// What is held out twice is not trained on.
  private var trained: Int64 { max(1, sight.records * (100 - 2 * sight.holdoutPercent) / 100) }

  /// Small steps for little data, so that there are enough of them.
  var batch: Int64 { trained < 2_000 ? 4 : 8 }

  /// About eight hundred steps, from one pass to ten: more passes over the same few texts teach them by heart.
  var epochs: Int64 { min(10, max(1, (800 * batch + trained / 2) / trained)) }

  private var steps: Int64 { (trained + batch - 1) / batch * epochs }

  /// A token is about three characters; the next power of two holds nine of ten records whole.
  var context: Int64 {
    let wanted = ([128, 256, 512] as [Int64]).first { $0 * 3 >= sight.usualLengthInCharacters } ?? 1024
    if case .model(_, let positions?) = base { return max(2, min(wanted, positions)) }
    return isNewModel ? min(wanted, 512) : wanted
  }

  /// A token that is met a few times only is not learned.
  private var vocabulary: Int64 { ([1024, 2048, 4096] as [Int64]).last { sight.characters >= $0 * 150 } ?? 512 }
}

// MARK: - The text

extension RecipeProposal {
  package var text: String { [head, about, baseText, dataset, training].map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n" }

  private var head: [String] {
    ["# yaml-language-server: $schema=\(schema)"]
      + comment("Proposed by `soulpack init` for what it saw in \(from.asComment): \(seen).")
      + comment("`soulpack check` names whatever is wrong in here, by line and column.")
  }

  private var seen: String {
    let prose = sight.records - sight.chats
    let kinds = [(sight.chats, "conversation"), (prose, "text")].filter { $0.0 > 0 }
    return kinds.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: " and ") + ", \(sight.characters) characters"
  }

  private var about: [String] {
    let what = sight.chats * 2 >= sight.records ? "Answers as the conversations in \(name) do." : "Writes as the texts in \(name) do."
    return ["soul: \(name.asYAML)"] + comment("Semantic Versioning: a version that was published never changes.") + ["version: 0.1.0", ""]
      + comment("What it is for, and what it is: in your own words. Both go into the Soul.")
      + ["intent: \(what)", "description: \(isNewModel ? "A compact model" : "An adapter") trained on \(sight.records) records from \(name).", ""]
      + comment(
        "QUESTION: what may others do with this Soul? An SPDX expression answers it, such as CC-BY-4.0, or LicenseRef-private where they may do "
          + "nothing. NOASSERTION says that nobody has answered yet; `soulpack check` reminds you.")
      + ["license: \(Dataset.openLicense)", "limits:", "  - It has learned from \(sight.records) records and knows little else."]
  }

  private var baseText: [String] {
    switch base {
    case .model(let path, _):
      comment("The model that the adapter is trained on: a folder in Hugging Face's format, of the Llama family.") + ["base:", "  path: \(path.asYAML)"]
    case .recipe(let path):
      comment("The recipe whose model the adapter is trained on. It is built first.") + ["base:", "  recipe: \(path.asYAML)"]
    case .hub(let model):
      comment("The model of the hub that the adapter is trained on. What its revision is now is locked with the first build.")
        + ["base: \(model.description.asYAML)"]
    case .none: newBase
    }
  }

  private var newBase: [String] {
    comment(
      "No model to start from was found or named, so this trains a compact one from nothing: it will know these texts alone. To adapt a model "
        + "that you have, say `path: models/NAME` in place of `new`, and `method: sft` below.")
      + [
        "base:",
        "  new:",
        "    architecture: llama",
        "    hidden: 128",
        "    layers: 4",
        "    heads: 4",
        "    kv-heads: 2",
        "    intermediate: 384",
        "    context: 512",
        "    tokenizer: { vocabulary: \(vocabulary) }",
      ]
  }

  private var dataset: [String] {
    ["datasets:", "  \(name.asYAML):"]
      + comment("Relative to the root, which `soulpack plan` prints.", indent: 4) + ["    from: \(from.asYAML)"] + said
      + comment("QUESTION: under which licence did you get these texts? Ask whoever wrote them before you train on them. LicenseRef-own says that they are yours.", indent: 4)
      + ["    license: \(Dataset.openLicense)"]
      + comment("What happens to every record, in this order; these are the defaults. `soulpack why FILE:LINE` tells the story of one.", indent: 4)
      + ["    curate:"] + stages
      + comment(
        "What is held out never trains: validation is there for tuning, the holdout is what candidates are measured on. Conversations stay "
          + "whole. Another salt gives another split.", indent: 4)
      + ["    split: { validation: \(sight.holdoutPercent)%, holdout: \(sight.holdoutPercent)%, salt: \(name.asYAML) }"]
  }

  /// As it was said on the command line.
  private var said: [String] {
    reading.formats.map { "    format: \($0.word)" }
      + (reading.speakers.isEmpty ? [] : ["    speaker: [\(reading.speakers.map { JSONValue.string($0).canonicalText }.joined(separator: ", "))]"])
  }

  /// The schema's own, each with the schema's own sentence.
  private var stages: [String] {
    RecipeSchema.standardStageItems.flatMap { name, settings in
      let doc = RecipeSchema.stage.fields.first { $0.key == name }?.doc ?? ""
      return comment(doc, indent: 6) + ["      - \(name): \(settings.asYAMLFlow)"]
    }
  }

  private var training: [String] {
    ["train:", "  \((name + (isNewModel ? "-full" : "-lora")).asYAML):", "    dataset: \(name.asYAML)"]
      + comment(isNewModel ? "Every weight: an adapter (sft) needs a model to stand on." : "A LoRA adapter: the base stays as it is.", indent: 4)
      + (isNewModel ? ["    method: full"] : ["    method: sft", "    lora: { rank: 8, alpha: 16, targets: all-linear }"])
      + ["    optimizer: { learning-rate: \(isNewModel ? "3e-3" : "1e-3"), schedule: cosine, warmup: 0.1 }"]
      + comment(
        "About \(trained) records are trained on: \(epochs) \(epochs == 1 ? "pass" : "passes") in batches of \(batch) make about \(steps) "
          + "steps for each candidate.", indent: 4)
      + ["    epochs: \(epochs)", "    batch: \(batch)"]
      + comment("In tokens. What is longer is cut.", indent: 4) + ["    context: \(context)"]
      + comment("Each is trained, all are measured on the holdout, and the lowest loss wins.", indent: 4)
      + ["    candidates:", "      - { seed: 1 }", "      - { seed: 2, learning-rate: \(isNewModel ? "1.5e-3" : "3e-4") }"]
  }

  private static let widthInColumns = 80

  private func comment(_ text: String, indent: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: indent) + "#"
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= RecipeProposal.widthInColumns {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(margin + " " + word)
      }
    }
    return lines
  }
}

extension RecipeSchema {
  /// The stages of a dataset that says nothing, in order, each with the settings that the default names.
  static var standardStageItems: [(name: String, settings: JSONValue)] {
    guard case .standard(let value)? = dataset.fields.first(where: { $0.key == "curate" })?.presence else { return [] }
    return (value.array ?? []).compactMap { $0.object?.first.map { ($0.key, $0.value) } }
  }
}

extension JSONValue {
  /// Every JSON document is a YAML flow (YAML 1.2, section 1.3); nothing but a word needs no quotes.
  fileprivate var asYAMLFlow: String {
    switch self {
    case .string(let text): text.asYAML
    case .object(let members) where !members.isEmpty:
      "{ " + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.asYAMLFlow)" }.joined(separator: ", ") + " }"
    default: canonicalText
    }
  }
}

extension String {
  /// As a scalar: bare where no reader can take it for anything else, else in double quotes, whose escapes are JSON's.
  var asYAML: String {
    let isBare = utf8.first.map { (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "/") } ?? false
    let isPlain = utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "_-./".utf8.contains(byte)
    }
    let means = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(lowercased())
    return isBare && isPlain && !means ? self : JSONValue.string(self).canonicalText
  }

  /// In a comment: a line end would end it.
  fileprivate var asComment: String { String(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }) }
}
