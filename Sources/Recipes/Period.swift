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
