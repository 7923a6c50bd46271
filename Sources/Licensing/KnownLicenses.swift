/// The licences that soulpack knows, under their names of the SPDX License List, with what their texts say.
///
/// A table of facts, read from the texts that https://spdx.org/licenses/ collects; not advice. What it does not hold is declared in the recipe.
enum KnownLicenses {
  static let all: [License] = references + freed + credited + creativeCommons + openData + copyleft + nonCommercial

  /// By the name in lower case: SPDX matches names in any letter case (SPDX 2.3, annex D.2).
  static let byName: [String: License] = {
    let named = all.map { ($0.name.lowercased(), $0) } + formerNames.compactMap { old, new in found(new).map { (old.lowercased(), $0) } }
    return Dictionary(named, uniquingKeysWith: { first, _ in first })
  }()

  private static func found(_ name: String) -> License? { all.first { $0.name == name } }

  /// Three that need no declaration, since their names say it: texts of one's own, texts that nobody has rights in, and what stays at home.
  private static let references = [
    License("LicenseRef-own", [], isSilentOnModels: false), License("LicenseRef-public-domain", [], isSilentOnModels: false),
    License("LicenseRef-private", [.noCommercialUse, .weightsStay, .textsStay], isSilentOnModels: false),
  ]

  /// Nothing is asked.
  private static let freed = ["0BSD", "CC-PDDC", "CC0-1.0", "DL-DE-ZERO-2.0", "MIT-0", "PDDL-1.0", "Unlicense", "WTFPL"].map { License($0, []) }

  /// Notice or credit is all they ask.
  private static let credited =
    [
      "AFL-3.0", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "DL-DE-BY-2.0", "ISC", "MIT", "NCSA", "NLOD-1.0", "NLOD-2.0", "OGL-UK-1.0",
      "OGL-UK-2.0", "OGL-UK-3.0", "PSF-2.0", "PostgreSQL", "Python-2.0", "UPL-1.0", "Zlib", "etalab-2.0",
    ].map { License($0, [.attribution], places: $0 == "Apache-2.0" ? [.attribution: "section 4"] : [:]) }

  // MARK: Creative Commons

  /// Adapted material: what it is, the licences leave to the law; whether weights are such is for the recipe to say (`use`).
  private static let creativeCommons = ["1.0", "2.0", "2.5", "3.0", "4.0"].flatMap { version in
    creativeCommonsElements.map { elements in
      var clauses: Set<Clause> = [.attribution]
      if elements.contains("NC") { clauses.insert(.noCommercialUse) }
      if elements.contains("ND") { clauses.formUnion([.weightsStay, .textsStay]) }
      if elements.contains("SA") { clauses.formUnion([.weightsUnderSameTerms, .textsUnderSameTerms]) }
      let name = "CC-BY-" + (elements + [version]).joined(separator: "-")
      return License(name, clauses, places: version == "4.0" ? placesOfVersion4 : placesBeforeVersion4)
    }
  }

  private static let creativeCommonsElements: [[String]] = [[], ["SA"], ["NC"], ["NC", "SA"], ["ND"], ["NC", "ND"]]

  private static let placesOfVersion4: [Clause: String] = [
    .attribution: "section 3(a)", .noCommercialUse: "section 2(a)(1)", .weightsStay: "section 2(a)(1)(B)", .textsStay: "section 2(a)(1)(B)",
    .weightsUnderSameTerms: "section 3(b)", .textsUnderSameTerms: "section 3(b)",
  ]

  private static let placesBeforeVersion4: [Clause: String] = [
    .attribution: "section 4", .noCommercialUse: "section 4", .weightsStay: "section 3", .textsStay: "section 3",
    .weightsUnderSameTerms: "section 4", .textsUnderSameTerms: "section 4",
  ]

  // MARK: Data

  /// Written for data. They speak of what a computation makes of it, a model among others, and leave that free: "Produced Work" in the Open
  /// Data Commons', "Results" in the others'.
  private static let openData = [
    License("CDLA-Permissive-1.0", [.attribution], isSilentOnModels: false),
    License("CDLA-Permissive-2.0", [.attribution], isSilentOnModels: false, places: [.attribution: "section 2.1"]),
    License("CDLA-Sharing-1.0", [.attribution, .textsUnderSameTerms], isSilentOnModels: false),
    License("C-UDA-1.0", [.attribution, .textsUnderSameTerms], isSilentOnModels: false),
    License("O-UDA-1.0", [.attribution], isSilentOnModels: false),
    License("ODC-By-1.0", [.attribution], isSilentOnModels: false, places: [.attribution: "sections 4.2 and 4.3"]),
    License(
      "ODbL-1.0", [.attribution, .textsUnderSameTerms], isSilentOnModels: false,
      places: [.attribution: "sections 4.2 and 4.3", .textsUnderSameTerms: "section 4.4"]),
  ]

  // MARK: Copyleft

  private static let copyleft =
    ([
      "AGPL-3.0-only", "AGPL-3.0-or-later", "EPL-2.0", "EUPL-1.2", "GFDL-1.2-only", "GFDL-1.2-or-later", "GFDL-1.3-only", "GFDL-1.3-or-later", "GPL-2.0-only",
      "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "LAL-1.3", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later",
      "MPL-2.0", "OSL-3.0",
    ]).map { License($0, [.attribution, .weightsUnderSameTerms, .textsUnderSameTerms], places: placesOfCopyleft[$0] ?? [:]) }

  private static let placesOfCopyleft: [String: [Clause: String]] = [
    "GPL-2.0-only": gnu2, "GPL-2.0-or-later": gnu2, "GPL-3.0-only": gnu3, "GPL-3.0-or-later": gnu3, "AGPL-3.0-only": gnu3, "AGPL-3.0-or-later": gnu3,
    "MPL-2.0": [.weightsUnderSameTerms: "section 3", .textsUnderSameTerms: "section 3"],
    "EUPL-1.2": [.weightsUnderSameTerms: "article 5", .textsUnderSameTerms: "article 5"],
  ]
  private static let gnu2: [Clause: String] = [.weightsUnderSameTerms: "section 2(b)", .textsUnderSameTerms: "section 2(b)"]
  private static let gnu3: [Clause: String] = [.weightsUnderSameTerms: "section 5(c)", .textsUnderSameTerms: "section 5(c)"]

  private static let nonCommercial = [License("PolyForm-Noncommercial-1.0.0", [.attribution, .noCommercialUse])]

  /// What SPDX called them before version 3.0 of its list.
  private static let formerNames: [String: String] = Dictionary(
    uniqueKeysWithValues: ["AGPL-3.0", "GFDL-1.2", "GFDL-1.3", "GPL-2.0", "GPL-3.0", "LGPL-2.1", "LGPL-3.0"].map { ($0, $0 + "-only") })
}
