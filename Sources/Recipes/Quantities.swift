/// Quantities that a recipe writes in its own short way, each held exactly and given back in one spelling.

/// A share of a whole, written `10%` or `2.5%`, held in parts per million.
package struct Percentage: Hashable, Sendable, CustomStringConvertible {
  /// From 0 to 1,000,000.
  package let partsPerMillion: Int64

  /// Nil unless it is a percentage with at most four decimals. A percentage over 100 is read, so that the error can say so.
  package init?(_ text: some StringProtocol) {
    guard text.hasSuffix("%") else { return nil }
    let halves = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
    let fraction = halves.count == 2 ? String(halves[1]) : ""
    guard (1...2).contains(halves.count), !halves[0].isEmpty, halves[0].utf8.count <= 9, fraction.utf8.count <= 4,
      (halves[0] + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }), !(halves.count == 2 && fraction.isEmpty),
      let value = Int64(halves[0] + fraction + String(repeating: "0", count: 4 - fraction.utf8.count))
    else { return nil }
    partsPerMillion = value
  }

  package static let whole: Int64 = 1_000_000

  package var description: String {
    let fraction = String(String(partsPerMillion % 10_000 + 10_000).dropFirst())
    let trimmed = fraction.dropLast(fraction.reversed().prefix { $0 == "0" }.count)
    return "\(partsPerMillion / 10_000)" + (trimmed.isEmpty ? "" : ".\(trimmed)") + "%"
  }
}

/// A fraction of two whole numbers in lowest terms, written `1/1000`, `0.001` or `2`.
package struct Ratio: Hashable, Sendable, CustomStringConvertible {
  package let numerator: Int64
  package let denominator: Int64

  /// Nil where it is negative, divides by zero, or has parts beyond 10¹² (sums of scores are 64-bit integers).
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2 {
      guard let numerator = Ratio.whole(parts[0]), let denominator = Ratio.whole(parts[1]) else { return nil }
      self.init(numerator, denominator)
    } else {
      let halves = text.split(separator: ".", omittingEmptySubsequences: false)
      let fraction = halves.count == 2 ? String(halves[1]) : ""
      guard (1...2).contains(halves.count), let numerator = Ratio.whole("\(halves[0])\(fraction)"), fraction.count <= 12 else { return nil }
      self.init(numerator, fraction.reduce(1) { power, _ in power * 10 })
    }
  }

  private init?(_ numerator: Int64, _ denominator: Int64) {
    guard denominator > 0 else { return nil }
    var (left, right) = (numerator, denominator)
    while right != 0 { (left, right) = (right, left % right) }
    self.numerator = numerator / left
    self.denominator = denominator / left
  }

  private static func whole(_ digits: some StringProtocol) -> Int64? {
    guard (1...13).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(digits),
      value <= 1_000_000_000_000
    else { return nil }
    return value
  }

  package var description: String { "\(numerator)/\(denominator)" }
}

/// A length of time, written `90s`, `20m`, `12h` or `7d`.
package struct Period: Hashable, Sendable, CustomStringConvertible {
  package let seconds: Int64

  private static let units: [(suffix: Character, seconds: Int64)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

  /// Nil unless it is a positive whole number and a unit, and at most about 270 years.
  package init?(_ text: some StringProtocol) {
    guard let unit = Period.units.first(where: { $0.suffix == text.last }), (2...6).contains(text.utf8.count),
      text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int64(text.dropLast()), count > 0
    else { return nil }
    seconds = count * unit.seconds
  }

  /// In the largest unit that divides it.
  package var description: String {
    for unit in Period.units where seconds.isMultiple(of: unit.seconds) { return "\(seconds / unit.seconds)\(unit.suffix)" }
    return "\(seconds)s"
  }
}
