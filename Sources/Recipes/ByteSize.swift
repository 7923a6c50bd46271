/// An amount of memory such as `512MB` or `8GB`, in powers of a thousand.
package struct ByteSize: Hashable, Sendable, CustomStringConvertible {
  package let byteCount: Int64

  private static let units: [(suffix: String, byteCount: Int64)] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000)]

  /// Nil unless it is a positive whole number of at most five digits and a unit.
  package init?(_ text: some StringProtocol) {
    guard let unit = ByteSize.units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
    let digits = text.dropLast(unit.suffix.count)
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int64(digits), count > 0 else {
      return nil
    }
    byteCount = count * unit.byteCount
  }

  /// In the largest unit that divides it.
  package var description: String {
    for unit in ByteSize.units where byteCount.isMultiple(of: unit.byteCount) { return "\(byteCount / unit.byteCount)\(unit.suffix)" }
    return "\(byteCount / 1_000_000)MB"
  }
}
