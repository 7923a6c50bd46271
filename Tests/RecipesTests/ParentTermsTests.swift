import Artifacts
import Planning
import Recipes
import Testing

@Suite("The terms of a parent Soul")
struct ParentTermsTests {
  private func terms(_ stated: [StatedTerms]) -> ParentTerms { ParentTerms(path: "a.soul", stated: stated, derive: true, runAllow: ["public"], leaseSeconds: nil) }

  @Test("terms that nobody explains are refused, whoever explains them in the child")
  func unknown() throws {
    let child = try RecipeFixture.read(RecipeFixture.replacing([:]))
    let unknown = StatedTerms("LicenseRef-x", of: .weights, by: nil)
    #expect(throws: UnusableParent(path: "a.soul", problem: .unknownTerms("LicenseRef-x"))) { try terms([unknown]).require(of: child) }
    #expect(throws: UnusableParent(path: "a.soul", problem: .unknownTerms("NOASSERTION"))) {
      try terms([StatedTerms("NOASSERTION", of: .texts, by: nil)]).require(of: child)
    }
    #expect(throws: Never.self) { try terms([StatedTerms("CC0-1.0", of: .weights, by: nil)]).require(of: child) }
  }

  @Test("stated terms come back from their document, which nothing else is")
  func documents() {
    let stated = StatedTerms("CC-BY-4.0", of: .texts, by: nil)
    #expect(StatedTerms(document: stated.document) == stated)
    for (member, value) in [("of", "pictures"), ("expression", nil), ("licenses", "none")] as [(String, JSONValue?)] {
      var members = stated.document.object ?? [:]
      members[member] = value
      #expect(StatedTerms(document: .object(members)) == nil)
    }
  }
}
