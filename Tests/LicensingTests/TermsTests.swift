import Artifacts
import Licensing
import Testing

@Suite("The strictest of several terms")
struct TermsTests {
  private static let book = LicenseBook(declared: [
    License(declared: "LicenseRef-a", train: true, commercial: false, redistribute: .none, sameTerms: false, attribution: true),
    License(declared: "LicenseRef-consent-b", train: false, commercial: true, redistribute: .data, sameTerms: false, attribution: false),
  ])
  private static let licenses = book.names.compactMap { try? book.expression($0).choices[0] }.flatMap(\.licenses)

  /// A few licences of all, by a generator that gives the same on every machine.
  private struct Draw: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }

    mutating func terms() -> Terms { Terms((0..<Int.random(in: 0...4, using: &self)).compactMap { _ in TermsTests.licenses.randomElement(using: &self) }) }

    mutating func use() -> DeclaredUse {
      let souls = ["CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "GPL-3.0-only OR MIT", "GPL-3.0-only AND CC-BY-NC-4.0"]
      return DeclaredUse(
        commercial: .random(using: &self), redistribute: License.Sharing.allCases.randomElement(using: &self) ?? .none, weightsAreAdaptations: .random(using: &self),
        soul: souls.randomElement(using: &self).flatMap { try? TermsTests.book.expression($0) })
    }
  }

  @Test("does not depend on order, grouping or repetition, and is never laxer than a part", arguments: 0..<400)
  func lattice(seed: UInt64) {
    var draw = Draw(state: seed)
    let (a, b, c) = (draw.terms(), draw.terms(), draw.terms())
    let use = draw.use()
    func both(_ left: Terms, _ right: Terms) -> Terms { .strictest(of: [left, right]) }
    #expect(both(a, b) == both(b, a))
    #expect(both(a, both(b, c)) == both(both(a, b), c))
    #expect(both(a, a) == a)
    #expect(both(a, Terms([])) == a)
    #expect(both(a, b).clauses == a.clauses.union(b.clauses))
    // What is forbidden stays forbidden, and nothing else becomes so.
    #expect(Set(use.violations(of: both(a, b))) == Set(use.violations(of: a)).union(use.violations(of: b)))
  }

  @Test("a wider use is never allowed where a narrower one is not", arguments: 0..<400)
  func monotone(seed: UInt64) {
    var draw = Draw(state: seed)
    let (terms, use) = (draw.terms(), draw.use())
    let wider = DeclaredUse(commercial: true, redistribute: .data, weightsAreAdaptations: true, soul: use.soul)
    #expect(Set(use.violations(of: terms).map(\.clause)).isSubset(of: wider.violations(of: terms).map(\.clause)))
  }

  @Test("in a record's spelling is that of its terms, in any order of merging", arguments: 0..<200)
  func spelling(seed: UInt64) {
    var draw = Draw(state: seed)
    let use = DeclaredUse(commercial: false, redistribute: .none, weightsAreAdaptations: true, soul: nil)
    let standard = Terms(draw.terms().licenses + Self.licenses.prefix(1))  // A dataset has a licence.
    let rule = TermsRule(standard: standard, book: Self.book, use: use)
    let parts = (0..<4).map { _ in draw.terms() }.filter { !$0.licenses.isEmpty }
    let stated = parts.map { rule.spelled($0.expression) }
    let forward = stated.dropFirst().reduce(stated.first ?? nil) { rule.strictest($0, $1) }
    let backward = stated.reversed().dropFirst().reduce(stated.last ?? nil) { rule.strictest($0, $1) }
    #expect(forward == backward)
    if !parts.isEmpty { #expect(forward == rule.spelled(Terms.strictest(of: parts).expression)) }
    #expect(TermsRule(document: rule.document) == rule)
  }
}
