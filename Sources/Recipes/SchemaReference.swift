internal import Artifacts

extension RecipeSchema {
  /// A key with its whole path, as the reference lists it: `train.NAME.candidates[].seed`.
  package struct Entry: Hashable, Sendable {
    package let path: String
    package let type: String
    /// `required`, `optional`, `depends`, or the default as JSON.
    package let presence: String
    package let doc: String
  }

  /// What the design has and this version has not: keys by their path, words as `path: word`.
  package static var later: [String] { Reference.collect(.record(recipe), "").later }

  /// Every key, in the order of the schema, a record before its keys.
  package static var entries: [Entry] { Reference.collect(.record(recipe), "").entries }
}

private struct Reference {
  var entries: [RecipeSchema.Entry] = []
  var later: [String] = []

  static func collect(_ shape: Shape, _ path: String) -> Reference {
    var reference = Reference()
    reference.visit(shape, path)
    return reference
  }

  private mutating func visit(_ shape: Shape, _ path: String) {
    switch shape {
    case .record(let record):
      let prefix = path.isEmpty ? "" : path + "."
      for field in record.fields {
        let type = field.shape.reference
        entries.append(RecipeSchema.Entry(path: prefix + field.key, type: type, presence: field.presence.text, doc: field.doc))
        visit(field.shape, prefix + field.key)
      }
      later += record.later.map { prefix + $0.key }
    case .named(_, let shape): visit(shape, path + ".NAME")
    case .list(let shape, _): visit(shape, path + "[]")
    case .either(let scalar, let collection):
      visit(scalar, path)
      visit(collection, path)
    case .word(_, let words): later += words.map { "\(path): \($0)" }
    default: break
    }
  }
}

extension Shape {
  /// What the reference says is wanted: an error's words, and what a list holds.
  fileprivate var reference: String {
    switch self {
    case .list(let shape, _): "a list, each \(shape.reference)"
    case .either(let scalar, let collection): "\(scalar.reference), or \(collection.reference)"
    default: expectation
    }
  }
}

extension Field.Presence {
  fileprivate var text: String {
    switch self {
    case .required: "required"
    case .optional: "optional"
    case .depends: "depends"
    case .standard(.string(let text)): text
    case .standard(let value): value.canonicalText
    }
  }
}
