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
