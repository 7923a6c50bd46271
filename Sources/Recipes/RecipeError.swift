internal import Artifacts

/// One thing that is wrong with a recipe, and where.
package struct RecipeError: ExplainedError, Hashable {
  package enum Problem: Hashable, Sendable {
    // The file
    case notUTF8
    case tooLarge(byteCount: Int, limit: Int)
    case empty
    case severalDocuments
    case notYAML(reason: String)
    case anchorOrAlias
    case tag(String)
    case keyNotText
    case duplicateKey(String)

    // A key or a value
    case unknownKey(String, within: String, known: [String])
    case missingKey(String, within: String)
    /// One of these keys is wanted and none, or more than one, is there.
    case notExactlyOne(of: [String], within: String)
    case wrongValue(key: String, expected: String, found: String)
    case unknownWord(key: String, word: String, known: [String])
    /// The design has it, this version has not.
    case notInThisVersion(String, instead: String?)

    // What belongs together
    case unknownName(kind: String, name: String, known: [String])
    case cycle(kind: String, names: [String])
    /// Two values that are fine alone and cannot stand together.
    case contradiction(String, hint: String?)

    // --set
    case notAnOverride
  }

  package let place: Place
  package let problem: Problem

  package init(_ problem: Problem, at place: Place) {
    self.place = place
    self.problem = problem
  }

  package var message: String { "\(place): \(problem.text)" }
  package var hint: String? { problem.hint }
}

/// Everything that one pass found wrong with a recipe: never empty, in the order of the file.
package struct InvalidRecipe: ExplainedError, Hashable {
  package let errors: [RecipeError]

  package init(_ errors: [RecipeError]) {
    precondition(!errors.isEmpty, "a recipe is invalid for a reason")
    self.errors = errors.sorted { $0.place < $1.place }
  }

  /// A line for each error. A face that shows hints too goes through `errors`.
  package var message: String { errors.map(\.message).joined(separator: "\n") }
  package var hint: String? { errors.count == 1 ? errors[0].hint : nil }
}

extension RecipeError.Problem {
  fileprivate var text: String {
    switch self {
    case .notUTF8: "not UTF-8"
    case .tooLarge(let byteCount, let limit): "a recipe of \(byteCount) bytes; at most \(limit) are read"
    case .empty: "the recipe is empty"
    case .severalDocuments: "a second YAML document in one recipe"
    case .notYAML(let reason): "not valid YAML: \(reason)"
    case .anchorOrAlias: "anchors and aliases are not allowed in a recipe"
    case .tag(let tag): "tag \"\(tag)\" is not allowed in a recipe"
    case .keyNotText: "a key must be a word, not a list or a mapping"
    case .duplicateKey(let key): "key \"\(key)\" is given twice"
    case .unknownKey(let key, let within, _): "unknown key \"\(key)\" in \(within)"
    case .missingKey(let key, let within): "\(within) needs the key \"\(key)\""
    case .notExactlyOne(let keys, let within): "\(within) needs exactly one of \(list(keys))"
    case .wrongValue(let key, let expected, let found): "\"\(key)\" needs \(expected), found \(found)"
    case .unknownWord(let key, let word, _): "unknown value \"\(word)\" for \"\(key)\""
    case .notInThisVersion(let what, _): "`\(what)` is not in this version"
    case .unknownName(let kind, let name, _): "unknown \(kind) \"\(name)\""
    case .cycle(let kind, let names): "\(kind) depend on each other in a circle: \(names.joined(separator: " → "))"
    case .contradiction(let text, _): text
    case .notAnOverride: "an override is written PATH=VALUE"
    }
  }

  fileprivate var hint: String? {
    switch self {
    case .unknownKey(let word, _, let known), .unknownWord(_, let word, let known), .unknownName(_, let word, let known):
      suggestion(for: word, among: known)
    case .notInThisVersion(_, let instead): instead
    case .contradiction(_, let hint): hint
    case .anchorOrAlias: "write the value out where it is needed; quote a text that starts with \"*\" or \"&\""
    case .severalDocuments: "one recipe makes one Soul: put the second into a file of its own"
    case .duplicateKey: "keep one of the two"
    // What stands there without a mapping is most often a folder, or a model without its revision.
    case .wrongValue("base", _, let found) where !found.hasPrefix("a "): "a folder is base: { path: FOLDER }; of the hub the revision is said too: hf://owner/name@main"
    case .empty: "start with \"soul:\" and a name"
    case .notAnOverride: "for example --set train.letters.epochs=1"
    default: nil
    }
  }

  private func suggestion(for word: String, among known: [String]) -> String? {
    if let nearest = Spelling.nearest(to: word, among: known) { return "did you mean \"\(nearest)\"?" }
    return known.isEmpty ? nil : "known: \(known.sorted().joined(separator: ", "))"
  }

  private func list(_ words: [String]) -> String { words.map { "\"\($0)\"" }.joined(separator: ", ") }
}
