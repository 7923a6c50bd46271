import Artifacts
import Licensing
import Testing

@Suite("A declared use held against a licence")
struct UseTests {
  private static let book = LicenseBook(declared: [
    License(declared: "LicenseRef-read-only", train: false, commercial: true, redistribute: .data, sameTerms: false, attribution: false)
  ])

  struct Case: CustomTestStringConvertible, Sendable {
    let license: String
    var commercial = true
    var redistribute = License.Sharing.weights
    var adaptations = true
    var soul = "CC-BY-4.0"
    var forbidden: [Clause] = []

    var testDescription: String { "\(license) for \(commercial ? "money" : "none"), \(redistribute), \(soul)" }
  }

  @Test(
    "names the clauses that stand in the way",
    arguments: [
      Case(license: "CC0-1.0", redistribute: .data), Case(license: "CC-BY-4.0", redistribute: .data), Case(license: "MIT"),
      Case(license: "CC-BY-NC-4.0", soul: "CC-BY-NC-4.0", forbidden: [.noCommercialUse]),
      Case(license: "CC-BY-NC-4.0", commercial: false, soul: "CC-BY-NC-4.0"),
      // The Soul's own licence would let others earn.
      Case(license: "CC-BY-NC-4.0", commercial: false, forbidden: [.noCommercialUse]),
      Case(license: "CC-BY-NC-4.0", commercial: false, redistribute: .none),
      Case(license: "CC-BY-NC-4.0", commercial: false, adaptations: false),
      Case(license: "CC-BY-NC-4.0", commercial: false, soul: "CC-BY-NC-4.0 OR MIT", forbidden: [.noCommercialUse]),
      Case(license: "CC-BY-ND-4.0", forbidden: [.weightsStay]), Case(license: "CC-BY-ND-4.0", redistribute: .none),
      Case(license: "CC-BY-ND-4.0", adaptations: false), Case(license: "CC-BY-ND-4.0", redistribute: .data, adaptations: false, forbidden: [.textsStay]),
      Case(license: "CC-BY-SA-4.0", forbidden: [.weightsUnderSameTerms]), Case(license: "CC-BY-SA-4.0", soul: "CC-BY-SA-4.0"),
      Case(license: "CC-BY-SA-4.0", soul: "GPL-3.0-only"), Case(license: "CC-BY-SA-3.0", soul: "CC-BY-SA-4.0"),
      Case(license: "CC-BY-SA-4.0", soul: "CC-BY-SA-3.0", forbidden: [.weightsUnderSameTerms]),
      Case(license: "CC-BY-SA-4.0", soul: "CC-BY-SA-4.0 OR MIT", forbidden: [.weightsUnderSameTerms]),
      Case(license: "CC-BY-SA-4.0", soul: "CC-BY-SA-4.0 AND MIT"), Case(license: "CC-BY-SA-4.0", redistribute: .none),
      Case(license: "GPL-2.0-only", soul: "GPL-3.0-only", forbidden: [.weightsUnderSameTerms]), Case(license: "GPL-2.0-or-later", soul: "GPL-3.0-only"),
      // Written for data: what a computation makes of it is free, the texts are not.
      Case(license: "ODbL-1.0"), Case(license: "ODbL-1.0", redistribute: .data, forbidden: [.textsUnderSameTerms]),
      Case(license: "ODbL-1.0", redistribute: .data, soul: "ODbL-1.0"), Case(license: "CDLA-Sharing-1.0"), Case(license: "CDLA-Permissive-2.0", redistribute: .data),
      Case(license: "LicenseRef-read-only", redistribute: .none, forbidden: [.noTraining]),
      Case(license: "CC-BY-NC-ND-4.0", redistribute: .data, soul: "CC-BY-NC-4.0", forbidden: [.noCommercialUse, .weightsStay, .textsStay]),
    ])
  func judged(_ item: Case) throws {
    let use = DeclaredUse(
      commercial: item.commercial, redistribute: item.redistribute, weightsAreAdaptations: item.adaptations, soul: try Self.book.expression(item.soul))
    let violations = use.violations(of: try Self.book.expression(item.license).choices[0])
    #expect(violations.map(\.clause) == item.forbidden)
    for violation in violations { #expect(violation.message.contains(violation.license.name) && violation.hint != nil) }
  }

  @Test("takes the choice that is allowed and asks for least")
  func choice() throws {
    let use = DeclaredUse(commercial: true, redistribute: .weights, weightsAreAdaptations: true, soul: try Self.book.expression("MIT"))
    let choose = { (text: String) in try use.choose(among: Self.book.expression(text)).map(\.expression) }
    #expect(try choose("GPL-3.0-only OR MIT") == .success("MIT"))
    #expect(try choose("MIT OR CC0-1.0") == .success("CC0-1.0"))
    #expect(try choose("MIT OR ISC") == .success("ISC"))
    #expect(throws: DeclaredUse.Refusal.self) { try choose("GPL-3.0-only OR CC-BY-NC-4.0").get() }
  }

  @Test("an error cites the place in the licence's text")
  func citation() throws {
    let use = DeclaredUse(commercial: true, redistribute: .none, weightsAreAdaptations: true, soul: nil)
    let violation = try #require(use.violations(of: try Self.book.expression("CC-BY-NC-4.0").choices[0]).first)
    #expect(violation.message == "CC-BY-NC-4.0, section 2(a)(1), allows no commercial use")
  }
}
