internal import Licensing

/// The licences that a recipe speaks of, resolved. Works on whatever is in order; what is not, `RecipeRules` has told.
struct RecipeTerms {
  static let perRecord = "per-record"
  static let fromInputs = "from-inputs"

  let book: LicenseBook
  let use: DeclaredUse
  private let recipe: Setting

  init(_ recipe: Setting) {
    self.recipe = recipe
    book = LicenseBook(
      declared: (recipe["licenses"]?.list ?? []).compactMap(License.init(declared:)) + (recipe["consents"]?.list ?? []).compactMap(License.init(consent:)))
    let use = recipe["use"]
    self.use = DeclaredUse(
      commercial: use?["commercial"]?.boolean ?? true, redistribute: use?["redistribute"]?.text.flatMap(License.Sharing.init) ?? .weights,
      weightsAreAdaptations: use?["weights-are-adaptations"]?.boolean ?? true, soul: recipe["license"]?.text.flatMap { [book] in try? book.expression($0) })
  }

  /// Whether there is a use to hold the data's licences against: an open question of the Soul's licence is one, a licence that is none is not.
  var isUseInOrder: Bool { use.soul != nil || recipe["license"]?.text == Dataset.openLicense }

  /// Nil where the licence is an open question.
  func rule(for dataset: Setting) -> TermsRule? {
    guard let license = dataset["license"]?.text, license != Dataset.openLicense else { return nil }
    let book = book(for: dataset)
    if license == Self.perRecord { return TermsRule(standard: nil, book: book, use: use) }
    guard let expression = try? expression(for: dataset, book), case .success(let terms) = use.choose(among: expression) else { return nil }
    return TermsRule(standard: terms, book: book, use: use)
  }

  /// What the dataset and its records can be under: a consent is its giver's word on what they gave, and not on what another did.
  func book(for dataset: Setting) -> LicenseBook {
    guard let contributor = dataset["contributor"]?.text else { return book }
    let others = (recipe["consents"]?.list ?? []).filter { $0["contributor"]?.text.map { $0 != contributor } ?? false }
    let names = Set(others.compactMap { $0["id"]?.text }.map { LicenseBook.consentPrefix + $0 })
    return LicenseBook(declared: book.declared.filter { !names.contains($0.name) })
  }

  /// A consent that the dataset is under by its licence, or by that of what a run step made it from, and that another contributor gave.
  func consentOfAnother(in dataset: Setting) -> String? {
    guard (try? expression(for: dataset, book)) != nil else { return nil }  // What is wrong with a part is told where the part is.
    do throws(LicenseError) {
      _ = try expression(for: dataset, book(for: dataset))
      return nil
    } catch {
      if case .unknown(let name) = error { return name } else { return nil }
    }
  }

  /// Everything that holds for a dataset: its licence, its consent, and the licences of what a run step made it from.
  func expression(for dataset: Setting, _ book: LicenseBook) throws(LicenseError) -> LicenseExpression? {
    var parts: [String] = []
    if let license = dataset["license"]?.text, license != Self.fromInputs { parts.append(license) }
    if let consent = dataset["consent"]?.text { parts.append(LicenseBook.consentPrefix + consent) }
    parts += inputLicenses(ofRun: dataset["from"]?["run"]?.text).compactMap(\.text)
    var all: LicenseExpression?
    for part in parts {
      let expression = try book.expression(part)
      all = try all.map { (known) throws(LicenseError) in try .all(of: known, expression) } ?? expression
    }
    return all
  }

  /// Of a run step's inputs, and of those of the run steps before it.
  func inputLicenses(ofRun name: String?) -> [Setting] {
    var licenses: [Setting] = []
    var seen: Set<String> = []
    var waiting = name.map { [$0] } ?? []
    while let name = waiting.popLast() {
      guard seen.insert(name).inserted, let run = recipe["run"]?[name] else { continue }
      licenses += run["licenses"]?.sortedMembers.map(\.setting) ?? []
      waiting += (run["inputs"]?.members ?? []).compactMap { $0.setting["run"]?.text }
    }
    return licenses
  }
}

extension License {
  fileprivate init?(declared license: Setting) {
    guard let name = license["id"]?.text, let sharing = license["redistribute"]?.text.flatMap(Sharing.init) else { return nil }
    self.init(
      declared: name, train: true, commercial: license["commercial"]?.boolean ?? false, redistribute: sharing,
      sameTerms: license["same-terms"]?.boolean ?? false, attribution: license["attribution"]?.boolean ?? true)
  }

  fileprivate init?(consent: Setting) {
    guard let name = consent["id"]?.text else { return nil }
    let scopes = Set((consent["scopes"]?.list ?? []).compactMap(\.text))
    self.init(
      declared: LicenseBook.consentPrefix + name, train: scopes.contains("train"), commercial: scopes.contains("commercial"),
      redistribute: scopes.contains("data") ? .data : scopes.contains("weights") ? .weights : .none, sameTerms: false, attribution: false)
  }
}
