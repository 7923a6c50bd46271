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
