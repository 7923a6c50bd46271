import Artifacts
import Foundation
import Testing

@Suite("JSON values")
struct JSONValueTests {
  /// Expected spellings from RFC 8785, appendix B, and ECMA-262.
  @Test(
    "numbers are spelled as ECMAScript spells them",
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
      (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
      (0x4340_0000_0000_0000, "9007199254740992"), (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
      (0x44b5_2d02_c7e1_4af6, "1e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
      (0x444b_1ae4_d6e2_ef50, "1e+21"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"), (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
      (0x41b3_de43_5555_5553, "333333333.3333332"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
      (0x4314_3ff3_c1cb_0959, "1424953923781206.2"), (0x3f2a_36e2_eb1c_432d, "0.0002"),
    ] as [(UInt64, String)])
  func numbers(bits: UInt64, expected: String) {
    #expect(String(decoding: JSONValue.number(Double(bitPattern: bits)).canonical, as: UTF8.self) == expected)
  }

  @Test("members are sorted by UTF-16 code units (RFC 8785, section 3.2.3)")
  func order() throws {
    let value: JSONValue = ["\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7]
    let text = String(decoding: value.canonical, as: UTF8.self)
    #expect(text == "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}")
  }

  @Test("a canonical document reads back as itself, in both spellings")
  func roundTrip() throws {
    let value: JSONValue = ["a": [1, 2.5, "x\n\u{1}\"\\", nil, true, [:], []], "b": ["c": -7, "e": 1e-9]]
    #expect(try JSONValue(parsingCanonical: value.canonical) == value)
    #expect(try JSONValue(parsing: Data(value.pretty.utf8)) == value)
  }

  @Test(
    "what is read at the speed of its bytes is what the decoder reads",
    arguments: [
      "[]", "{}", "[[],{}]", "null", "true", "-7", "0.5", "1e+21", "9223372036854775807", "9223372036854776000", #""é \u0001""#, #"{"a":"\n","b":[1,-0.25]}"#,
      String(repeating: "[", count: 90) + String(repeating: "]", count: 90),
    ])
  func fast(text: String) throws {
    #expect(try JSONValue(parsingCanonical: Data(text.utf8)) == JSONValue(parsing: Data(text.utf8)))
  }

  @Test(
    "a document in another spelling is not canonical",
    arguments: [#"{"b":1,"a":2}"#, #"{"a": 1}"#, #"{"a":1}"# + "\n", #"{"a":1,"a":1}"#, #"{"a":1.0}"#, #"{"a":"\u0041"}"#])
  func spelling(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsingCanonical: Data(text.utf8)) }
  }
}
