package import Artifacts

/// A number exactly as it was written in decimal, so that no binary float stands between a recipe and an action key.
///
/// At most 15 significant digits and a magnitude within 10⁻³⁰…10³⁰: every such decimal survives a trip through binary64 and JSON unchanged.
package struct DecimalNumber: Hashable, Sendable {
  /// No trailing zero, unless the value is 0 and the exponent with it.
  private let significand: Int64
  private let exponent: Int

  /// Reads `12`, `-0.5`, `.5`, `2e-4`. Nil for anything else, and for what is out of bounds.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    guard (1...2).contains(parts.count), var mantissa = parts.first else { return nil }
    var written = 0
    if parts.count == 2 {
      guard parts[1].utf8.count <= 5, let value = Int(parts[1]) else { return nil }
      written = value
    }
    let isNegative = mantissa.hasPrefix("-")
    if isNegative || mantissa.hasPrefix("+") { mantissa = mantissa.dropFirst() }
    let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let digits = halves.joined()
    guard (1...2).contains(halves.count), !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let significant = digits.drop { $0 == "0" }
    let trimmed = significant.dropLast(significant.reversed().prefix { $0 == "0" }.count)
    guard trimmed.count <= 15, let magnitude = trimmed.isEmpty ? 0 : Int64(trimmed) else { return nil }
    let fractionDigits = halves.count == 2 ? halves[1].count : 0
    let scaled = written - fractionDigits + (significant.count - trimmed.count)
    guard magnitude == 0 || (scaled >= -30 && scaled + trimmed.count <= 31) else { return nil }
    significand = isNegative ? -magnitude : magnitude
    exponent = magnitude == 0 ? 0 : scaled
  }

  package init(_ value: Int64) {
    var (significand, exponent) = (value, 0)
    while significand != 0, significand.isMultiple(of: 10) { (significand, exponent) = (significand / 10, exponent + 1) }
    (self.significand, self.exponent) = (significand, exponent)
  }

  /// The nearest binary64.
  package var double: Double {
    guard let value = Double(description) else { preconditionFailure("a decimal that Double cannot read") }
    return value
  }

  /// The nearest number of millionths.
  package var partsPerMillion: Int64 { Int64((double * 1_000_000).rounded()) }

  /// The JSON number with this value; an integer where it is whole.
  package var json: JSONValue { Int64(description).map(JSONValue.integer) ?? .number(double) }
}

extension DecimalNumber: CustomStringConvertible {
  /// The one spelling that keys hold: plain digits, no exponent, no trailing zero: `0.0002`, `16`.
  package var description: String {
    let digits = String(significand.magnitude)
    let sign = significand < 0 ? "-" : ""
    if exponent >= 0 { return sign + digits + String(repeating: "0", count: exponent) }
    let padded = String(repeating: "0", count: max(0, 1 - exponent - digits.count)) + digits
    return sign + padded.dropLast(-exponent) + "." + padded.suffix(-exponent)
  }
}

extension DecimalNumber: Comparable {
  /// Distinct decimals within the bounds have distinct binary64 values, so these compare for them.
  package static func < (left: DecimalNumber, right: DecimalNumber) -> Bool { left.double < right.double }
}

extension DecimalNumber: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) { self.init(value) }
}
