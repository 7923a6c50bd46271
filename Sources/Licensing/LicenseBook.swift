package import Artifacts

/// The licences that a recipe can speak of: those that soulpack knows, and those that the recipe declares.
package struct LicenseBook: Hashable, Sendable {
  /// In the order of their names.
  package let declared: [License]

  package init(declared: [License] = []) { self.declared = declared.sorted() }

  /// What every SPDX reference of a licence that is on no list starts with.
  package static let referencePrefix = "LicenseRef-"
  /// A consent is written as a reference of this kind, so that terms stay one SPDX expression.
  package static let consentPrefix = "LicenseRef-consent-"

  package static func isKnown(_ name: String) -> Bool { KnownLicenses.byName[name.lowercased()] != nil }
  /// An `idstring` of SPDX: letters, digits, `-` and `.`.
  package static func isName(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
      }
  }

  package var names: [String] { KnownLicenses.all.map(\.name) + declared.map(\.name) }

  package func expression(_ text: String) throws(LicenseError) -> LicenseExpression {
    try ExpressionParser.parse(text) { (name) throws(LicenseError) in try license(name) }
  }

  private func license(_ name: String) throws(LicenseError) -> License {
    if ["NOASSERTION", "NONE"].contains(name.uppercased()) { throw .nothingKnown(name) }
    if let known = KnownLicenses.byName[name.lowercased()] ?? declared.first(where: { $0.name.lowercased() == name.lowercased() }) { return known }
    guard name.hasSuffix("+") else { throw .unknown(name) }
    // "Or any later version": the GNU licences have a name for it, the others are taken in the version that is named.
    let plain = String(name.dropLast())
    if let later = KnownLicenses.byName[plain.lowercased() + "-or-later"] { return later }
    let license = try license(plain)
    return license.renamed(license.name + "+")
  }
}

/// A licence that no list has, or a consent that somebody gave: what is not granted is held back.
extension License {
  /// What may be passed on.
  package enum Sharing: String, CaseIterable, Hashable, Sendable, Comparable {
    case none, weights, data

    package static func < (left: Sharing, right: Sharing) -> Bool {
      allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
    }
  }

  package init(declared name: String, train: Bool, commercial: Bool, redistribute: Sharing, sameTerms: Bool, attribution: Bool) {
    var clauses: Set<Clause> = []
    if !train { clauses.insert(.noTraining) }
    if !commercial { clauses.insert(.noCommercialUse) }
    if redistribute < .weights { clauses.insert(.weightsStay) }
    if redistribute < .data { clauses.insert(.textsStay) }
    if sameTerms { clauses.formUnion([.weightsUnderSameTerms, .textsUnderSameTerms]) }
    if attribution { clauses.insert(.attribution) }
    self.init(name, clauses, isSilentOnModels: false)
  }
}

extension LicenseBook {
  /// For an action's parameters: a list of `{"clauses":[…],"name":…}`.
  package var document: JSONValue {
    .array(
      declared.map { license in
        ["name": .string(license.name), "clauses": .array(license.clauses.map(\.rawValue).sorted().map { .string($0) })]
      })
  }

  package init?(document: JSONValue?) {
    guard let values = document?.array else { return nil }
    let licenses = values.compactMap { value -> License? in
      guard let name = value["name"]?.string, let words = value["clauses"]?.array else { return nil }
      let clauses = words.compactMap { $0.string.flatMap(Clause.init) }
      return clauses.count == words.count ? License(name, Set(clauses), isSilentOnModels: false) : nil
    }
    guard licenses.count == values.count else { return nil }
    self.init(declared: licenses)
  }
}
