internal import Licensing

/// What must hold of licences and consents, and of the use that the recipe declares.
extension RecipeRules {
  mutating func checkTerms() {
    checkDeclared()
    let terms = RecipeTerms(recipe)
    check(licenseOfSoul: terms.book)
    for run in recipe["run"]?.members ?? [] { check(licensesOf: run.setting, terms.book) }
    for dataset in recipe["datasets"]?.members ?? [] { check(termsOf: dataset, terms) }
  }

  private mutating func check(licenseOfSoul book: LicenseBook) {
    guard let license = recipe["license"], let text = license.text, text != Dataset.openLicense, read(text, at: license.place, book) else { return }
    guard text.lowercased().contains(LicenseBook.consentPrefix.lowercased()) else { return }
    contradiction("a consent is given for data, and is no licence of a Soul", hint: "declare one of your own under \"licenses\"", at: license.place)
  }

  private mutating func checkDeclared() {
    var names: Set<String> = []
    for license in recipe["licenses"]?.list ?? [] {
      guard let id = license["id"], let name = id.text else { continue }
      if LicenseBook.isKnown(name) {
        contradiction("the terms of \(name) are known to soulpack", hint: "remove it from \"licenses\"", at: id.place)
      } else if !LicenseBook.isName(name) || name.hasPrefix(LicenseBook.consentPrefix) {
        contradiction("\"\(name.prefix(60))\" cannot be the id of a licence", hint: "for example LicenseRef-letters", at: id.place)
      } else if !names.insert(name.lowercased()).inserted {
        contradiction("licence \"\(name)\" is declared twice", hint: "keep one of the two", at: id.place)
      }
    }
    var consents: Set<String> = []
    for consent in recipe["consents"]?.list ?? [] {
      guard let id = consent["id"], let name = id.text, !consents.insert(name).inserted else { continue }
      contradiction("consent \"\(name)\" is declared twice", hint: "keep one of the two", at: id.place)
    }
  }

  private mutating func check(licensesOf run: Setting, _ book: LicenseBook) {
    let inputs = (run["inputs"]?.members ?? []).map(\.key)
    for license in run["licenses"]?.members ?? [] {
      guard inputs.contains(license.key) else {
        note(.unknownName(kind: "input", name: license.key, known: inputs), at: license.keyPlace)
        continue
      }
      if let text = license.setting.text { _ = read(text, at: license.setting.place, book) }
    }
  }

  private mutating func check(termsOf dataset: Setting.Member, _ terms: RecipeTerms) {
    check(consentOf: dataset.setting)
    guard let license = dataset.setting["license"], let text = license.text, text != Dataset.openLicense else { return }
    if let name = terms.consentOfAnother(in: dataset.setting), name != dataset.setting["consent"]?.text.map({ LicenseBook.consentPrefix + $0 }) {
      contradiction(
        "dataset \"\(dataset.key)\": \(name) is another contributor's", hint: "a dataset is under consents of its own contributor, or of nobody by name", at: license.place)
    }
    let run = dataset.setting["from"]?["run"]?.text
    switch text {
    case RecipeTerms.perRecord:
      guard dataset.setting["consent"] != nil || !terms.inputLicenses(ofRun: run).isEmpty else { return }
      let hint = "let each record name its own consent, or give the dataset a licence"
      contradiction("\"per-record\" with a consent or a licence of the whole dataset", hint: hint, at: license.place)
    case RecipeTerms.fromInputs where terms.inputLicenses(ofRun: run).isEmpty:
      let hint = "give \"run.\(run ?? "NAME").licenses\" the licence of each input that is data"
      contradiction("\"from-inputs\" without an input that has a licence", hint: hint, at: license.place)
    case RecipeTerms.fromInputs: judge(dataset, terms, at: license.place)
    default: if read(text, at: license.place, terms.book) { judge(dataset, terms, at: license.place) }
    }
  }

  private mutating func check(consentOf dataset: Setting) {
    guard let consent = dataset["consent"], let name = consent.text else { return }
    let declared = recipe["consents"]?.list ?? []
    guard let found = declared.first(where: { $0["id"]?.text == name }) else {
      note(.unknownName(kind: "consent", name: name, known: declared.compactMap { $0["id"]?.text }), at: consent.place)
      return
    }
    guard let giver = found["contributor"]?.text, let contributor = dataset["contributor"], contributor.text != giver else { return }
    contradiction("consent \"\(name)\" is another contributor's", hint: "it was given by \(giver)", at: consent.place)
  }

  /// What is wrong with a part was told where the part is.
  private mutating func judge(_ dataset: Setting.Member, _ terms: RecipeTerms, at place: Place) {
    guard terms.isUseInOrder, let expression = try? terms.expression(for: dataset.setting, terms.book), case .failure(let refusal) = terms.use.choose(among: expression) else { return }
    for violation in refusal.violations { contradiction("dataset \"\(dataset.key)\": \(violation.message)", hint: violation.hint, at: place) }
  }

  /// False where the text is no licence, which has then been told.
  private mutating func read(_ text: String, at place: Place, _ book: LicenseBook) -> Bool {
    do throws(LicenseError) {
      _ = try book.expression(text)
      return true
    } catch {
      var hint = error.hint
      if case .unknown(let name) = error, let nearest = Spelling.nearest(to: name, among: book.names) { hint = "did you mean \"\(nearest)\"?" }
      contradiction(error.message, hint: hint, at: place)
      return false
    }
  }
}
