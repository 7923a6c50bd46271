internal import Artifacts

/// Curation as it is where nobody has said anything: for a folder that has no recipe yet, and for `--only`.
extension Dataset {
  /// What a recipe means that says of a dataset no more than it must. Its origin is the root.
  package static let standard: Dataset = {
    var check = SchemaCheck()
    let least = DocumentNode(["from": ".", "license": .string(openLicense)], at: .file("the defaults"))
    guard let settings = check.check(least, .record(RecipeSchema.dataset), key: "dataset"), check.errors.isEmpty else {
      preconditionFailure("the schema asks more of a dataset than an origin and a licence")
    }
    return Dataset(name: "data", settings)
  }()

  /// What stands for a licence that nobody has named: SPDX's own word for it (SPDX 2.3, section 7.15).
  package static let openLicense = "NOASSERTION"
}

extension Dataset {
  /// The same with every stage that a recipe can name and that needs no more than its name, in the schema's order: as it is by default, or, where no default
  /// has it, with the first
  /// of its words.
  package static let everyStage: Dataset = {
    let items = RecipeSchema.stage.fields.compactMap { field -> JSONValue? in
      if case .record(let record) = field.shape, record.needsMoreThanItsName { return nil }
      let standard = RecipeSchema.standardStageItems.first { $0.name == field.key }?.settings
      if case .word(let words, _) = field.shape { return .object([field.key: standard ?? .string(words[0])]) }
      if case .either(.word(let words, _), _) = field.shape { return .object([field.key: standard ?? .string(words[0])]) }
      return .object([field.key: standard ?? [:]])
    }
    var check = SchemaCheck()
    let most = DocumentNode(["from": ".", "license": .string(openLicense), "curate": .array(items)], at: .file("the defaults"))
    guard let settings = check.check(most, .record(RecipeSchema.dataset), key: "dataset"), check.errors.isEmpty else {
      preconditionFailure("a stage of the schema needs more than a name")
    }
    return Dataset(name: "data", settings)
  }()
}

extension Record {
  /// Such a stage cannot be run by its name alone: only a person can say what it is to be run with.
  fileprivate var needsMoreThanItsName: Bool {
    fields.contains { field in
      if case .required = field.presence { true } else { false }
    }
  }
}

extension CurationStage {
  /// The stages that a recipe can name.
  package static var names: [String] { RecipeSchema.stage.fields.map(\.key) }

  package static func requireKnown(_ name: String) throws(UnknownStage) {
    guard names.contains(name) else { throw UnknownStage(name: name, nearest: Spelling.nearest(to: name, among: names)) }
  }
}

/// A stage was named that no recipe can have.
package struct UnknownStage: ExplainedError, Hashable {
  package let name: String
  package let nearest: String?

  package var message: String { "unknown stage \"\(name)\"" }
  package var hint: String? { nearest.map { "did you mean \"\($0)\"?" } ?? "known: \(CurationStage.names.joined(separator: ", "))" }
}

extension Recipe {
  /// The keys that hold `NOASSERTION`: questions that `soulpack init` could not answer, and nobody has since.
  package var openQuestions: [String] {
    (license == Dataset.openLicense ? ["license"] : [])
      + datasets.filter { $0.license == Dataset.openLicense }.map { "datasets.\($0.name).license" }
  }
}

extension Recipe {
  /// What is not known is not allowed: nothing is trained on texts of which nobody has said whether they may be.
  package func requireKnownTerms() throws(UnknownTerms) {
    if let dataset = targets.compactMap({ self.dataset($0.dataset) }).first(where: { $0.license == Dataset.openLicense }) {
      throw UnknownTerms(recipe: path, dataset: dataset.name)
    }
  }
}

/// A dataset that is trained on has no licence.
package struct UnknownTerms: ExplainedError, Hashable {
  package let recipe: String
  package let dataset: String

  package init(recipe: String, dataset: String) { (self.recipe, self.dataset) = (recipe, dataset) }

  package var message: String { "\(recipe): nobody has said under which licence the texts of \"\(dataset)\" were given" }
  package var hint: String? {
    "answer \"datasets.\(dataset).license\": LicenseRef-own for texts of your own, an SPDX expression such as CC-BY-4.0 for others'; --smoke tries without"
  }
}
