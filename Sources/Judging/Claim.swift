/// A trainer's claim of its own loss, beside what was measured. A claim decides nothing; it is recorded, and what the holdout says of it.
package struct Claim: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Lower than what was measured by more than three standard errors.
    case refuted
    case notRefuted = "not-refuted"
  }

  /// As it was claimed: decimal digits with a point at most, such as `4.1023`.
  package let lossNatsPerToken: String
  /// In 10⁻⁹ nats a token; what stands beyond the ninth digit after the point is dropped.
  private let nanonats: Int128

  private static let fractionDigits = 9
  private static let nanonatsPerNat: Int128 = 1_000_000_000

  /// Nil for what is no decimal number of at most six digits before the point.
  package init?(lossNatsPerToken text: String) {
    let isNegative = text.hasPrefix("-")
    let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 64, (1...2).contains(parts.count), parts[0].utf8.count <= 6, parts.allSatisfy(Self.isDigits) else { return nil }
    let fraction = (parts.count == 2 ? String(parts[1].prefix(Self.fractionDigits)) : "")
    guard let value = Int128(parts[0] + fraction + String(repeating: "0", count: Self.fractionDigits - fraction.utf8.count)) else { return nil }
    lossNatsPerToken = text
    nanonats = isNegative ? -value : value
  }

  private static func isDigits(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  /// claim·2²⁰·tokens < total − 3·error, all in units: below 2⁵⁰·2²⁰·2⁵³. One record has no error to speak of, and refutes nothing.
  package func verdict(against measured: RecordLosses) -> Verdict {
    guard let error = measured.standardError else { return .notRefuted }
    let claimed = nanonats * Int128(Score.unitsPerNat) * Int128(measured.tokens)
    return claimed < (Int128(measured.total) - 3 * Int128(error)) * Self.nanonatsPerNat ? .refuted : .notRefuted
  }

  /// The same where the claimed model's loss is not finite: any number that was claimed is refuted.
  package static let verdictOnDivergence = Verdict.refuted
}
