import Artifacts
import Licensing
import Testing

@Suite("SPDX licence expressions")
struct ExpressionTests {
  private let book = LicenseBook(declared: [
    License(declared: "LicenseRef-letters", train: true, commercial: false, redistribute: .weights, sameTerms: false, attribution: false)
  ])

  @Test(
    "have one spelling, whatever their order, case, parentheses and repetition",
    arguments: [
      ("MIT", "MIT"), ("mit", "MIT"), ("  (MIT) ", "MIT"), ("CC-BY-4.0 AND MIT", "CC-BY-4.0 AND MIT"), ("MIT and cc-by-4.0 and MIT", "CC-BY-4.0 AND MIT"),
      ("MIT OR Apache-2.0", "Apache-2.0 OR MIT"), ("ISC AND (MIT OR Apache-2.0)", "(Apache-2.0 AND ISC) OR (ISC AND MIT)"),
      ("MIT OR ISC AND Zlib", "(ISC AND Zlib) OR MIT"), ("MIT OR MIT AND ISC", "MIT"), ("licenseref-LETTERS", "LicenseRef-letters"),
      ("GPL-2.0", "GPL-2.0-only"), ("GPL-2.0+", "GPL-2.0-or-later"), ("Apache-2.0+", "Apache-2.0+"),
      ("GPL-2.0-or-later WITH Classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"), ("((((MIT))))", "MIT"), ("MIT AND(ISC)", "ISC AND MIT"),
    ])
  func spelling(text: String, expected: String) throws {
    let expression = try book.expression(text)
    #expect(expression.text == expected)
    #expect(try book.expression(expression.text) == expression)
  }

  @Test(
    "that are none say what is wrong",
    arguments: [
      ("", LicenseError.incomplete), ("MIT AND", .incomplete), ("(MIT", .incomplete), ("MIT)", .unexpected(")")), ("MIT ISC", .unexpected("ISC")),
      ("AND", .unexpected("AND")), ("MIT And ISC", .unexpected("And")), ("MIT WITH", .incomplete), ("A&B", .unexpected("A&B")), ("()", .unexpected(")")),
      ("CC-BY", .unknown("CC-BY")), ("LicenseRef-other", .unknown("LicenseRef-other")), ("NOASSERTION", .nothingKnown("NOASSERTION")),
      ("MIT AND none", .nothingKnown("none")), ("?", .unexpected("?")), (String(repeating: "(", count: 40) + "MIT", .nestedTooDeeply),
      (String(repeating: "MIT OR ", count: 200) + "MIT", .tooLong(limit: 1_000)),
      ((0..<7).map { ["(MIT OR ISC)", "(Zlib OR NCSA)", "(0BSD OR UPL-1.0)", "(PSF-2.0 OR MIT-0)", "(WTFPL OR AFL-3.0)", "(CC0-1.0 OR BSL-1.0)", "(Python-2.0 OR PDDL-1.0)"][$0] }
        .joined(separator: " AND "), .tooManyChoices),
    ])
  func faults(text: String, expected: LicenseError) {
    #expect(throws: expected) { try book.expression(text) }
    #expect(!expected.message.isEmpty && expected.hint != nil)
  }

  @Test("an exception is noted, and nothing is taken to be allowed for it")
  func exception() throws {
    let plain = try book.expression("GPL-3.0-only").choices[0]
    #expect(try book.expression("GPL-3.0-only WITH GCC-exception-3.1").choices[0].clauses == plain.clauses)
  }
}
