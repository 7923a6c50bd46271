import Artifacts
import Recipes
import Testing

@Suite("Quantities in a recipe")
struct QuantityTests {
  @Test(
    "a decimal has one spelling",
    arguments: [
      ("2e-4", "0.0002"), ("0.0002", "0.0002"), (".0002", "0.0002"), ("1e-8", "0.00000001"), ("16", "16"), ("16.0", "16"), ("1.60e1", "16"),
      ("-0.50", "-0.5"), ("0", "0"), ("-0", "0"), ("0.000e9", "0"), ("12E2", "1200"), ("123456789012345", "123456789012345"), ("1e30", "1" + String(repeating: "0", count: 30)),
    ])
  func decimals(text: String, spelling: String) {
    #expect(DecimalNumber(text)?.description == spelling)
  }

  @Test(
    "what is no decimal, or cannot be held exactly, is refused",
    arguments: ["", ".", "-", "e5", "1e", "1e+", "1.2.3", "0x1", "1_000", "nan", "inf", "1e31", "1e-31", "1234567890123456", "1e99999999999", "１", " 1"])
  func notDecimals(text: String) {
    #expect(DecimalNumber(text) == nil)
  }

  @Test("a decimal survives JSON's canonical form", arguments: ["0.1", "2e-4", "1e-8", "0.123456789012345", "123456.7", "1e-30", "3", "1e30"])
  func throughJSON(text: String) throws {
    let value = try #require(DecimalNumber(text))
    #expect(DecimalNumber(String(decoding: value.json.canonical, as: UTF8.self)) == value)
  }

  @Test("percentages", arguments: [("10%", 100_000), ("0%", 0), ("100%", 1_000_000), ("2.5%", 25_000), ("0.0001%", 1), ("10.0%", 100_000)])
  func percentages(text: String, partsPerMillion: Int64) {
    #expect(Percentage(text)?.partsPerMillion == partsPerMillion)
    #expect(Percentage(text).flatMap { Percentage($0.description) }?.partsPerMillion == partsPerMillion)
  }

  @Test("are refused where they are none", arguments: ["10", "%", "-1%", "1.%", ".5%", "0.00001%", "1e1%", "9999999999%"])
  func notPercentages(text: String) {
    #expect(Percentage(text) == nil)
  }

  @Test("ratios are in lowest terms", arguments: [("1/1000", "1/1000"), ("2/2000", "1/1000"), ("0.001", "1/1000"), ("0", "0/1"), ("0/7", "0/1"), ("1.50", "3/2")])
  func ratios(text: String, spelling: String) {
    #expect(Ratio(text)?.description == spelling)
  }

  @Test("are refused where they are none", arguments: ["1/0", "-1/2", "1/2/3", "/2", "1/", "a/b", "1e-3", "99999999999999/1", "0.0000000000001"])
  func notRatios(text: String) {
    #expect(Ratio(text) == nil)
  }

  @Test("periods", arguments: [("7d", "7d"), ("168h", "7d"), ("90s", "90s"), ("20m", "20m"), ("120m", "2h")])
  func periods(text: String, spelling: String) {
    #expect(Period(text)?.description == spelling)
  }

  @Test("are refused where they are none", arguments: ["", "7", "d", "0d", "-1d", "1w", "1.5h", "9999999d"])
  func notPeriods(text: String) {
    #expect(Period(text) == nil)
  }
}
