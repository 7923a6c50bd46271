/// What a schema cannot say: references that must resolve, values that must fit each other, and what this version does not have.
///
/// Works on whatever the schema check left standing, so that a slip in one block does not hide a slip in another.
struct RecipeRules {
  let recipe: Setting
  private var errors: [RecipeError] = []

  static func errors(in recipe: Setting) -> [RecipeError] {
    var rules = RecipeRules(recipe: recipe)
    rules.checkBase()
    rules.checkRuns()
    for dataset in recipe["datasets"]?.members ?? [] { rules.check(dataset: dataset.setting) }
    rules.checkTargets()
    rules.checkTerms()
    rules.checkSelection()
    rules.checkGates()
    rules.checkPermissions()
    return rules.errors
  }

  private init(recipe: Setting) { self.recipe = recipe }

  mutating func note(_ problem: RecipeError.Problem, at place: Place?) {
    errors.append(RecipeError(problem, at: place ?? recipe.place))
  }

  mutating func contradiction(_ text: String, hint: String? = nil, at place: Place?) {
    note(.contradiction(text, hint: hint), at: place)
  }

  /// `hf://` of `hf://owner/name`; nil for a path.
  func remoteScheme(_ text: String) -> String? {
    text.firstRange(of: "://").map { String(text[..<$0.upperBound]) }
  }

  // MARK: Selection and permissions

  private mutating func checkSelection() {
    guard let select = recipe["select"] else { return }
    if let rounds = select["rounds"], let count = rounds.integer, count > 1 {
      note(.notInThisVersion("rounds: \(count)", instead: nil), at: rounds.place)
    }
    guard let committee = select["committee"], let text = committee.text, text != "local" else { return }
    note(wordOrLater(text, known: "local", key: "committee"), at: committee.place)
  }

  private mutating func checkPermissions() {
    for entry in recipe["permissions"]?["run"]?["allow"]?.list ?? [] {
      guard let text = entry.text, text != "public", !TextForm.isSigningKey(text) else { continue }
      note(wordOrLater(text, known: "public", or: "keys such as did:key:z6Mk…", key: "allow"), at: entry.place)
    }
  }

  /// A slip of the one word that is known, or something that only a later version has.
  private func wordOrLater(_ text: String, known: String, or others: String? = nil, key: String) -> RecipeError.Problem {
    if Spelling.nearest(to: text, among: [known]) != nil { return .unknownWord(key: key, word: text, known: [known]) }
    return .notInThisVersion("\(key): \(text)", instead: "this version has \"\(known)\"" + (others.map { " and \($0)" } ?? ""))
  }
}
