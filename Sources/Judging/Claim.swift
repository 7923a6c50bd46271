/// A trainer's claim of its own loss, beside what was measured. A claim decides nothing; it is recorded, and what the holdout says of it.
package struct Claim: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Lower than what was measured by more than three standard errors of the difference.
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

  package func verdict(against measured: RecordLosses) -> Verdict {
    verdict(againstTotal: measured.total, tokens: measured.tokens, standardError: measured.standardError)
  }

  /// claimed < total and (total − claimed)² > 18·error², in units, where claimed is claim·2²⁰·tokens.
  ///
  /// A trainer can only know its loss on the validation part, which errs as the holdout does; the error of that part is not told, and is taken to be
  /// as large. So the variance of the difference is twice the holdout's, and three of its standard errors are √18 of the holdout's. One record has no
  /// error to speak of, and refutes nothing.
  package func verdict(againstTotal total: Int64, tokens: Int64, standardError error: Int64?) -> Verdict {
    guard let error else { return .notRefuted }
    // In 10⁻⁹ units, below 2⁵⁰·2²⁰·2⁵³; the squares need more than 128 bits.
    let excess = Int128(total) * Self.nanonatsPerNat - nanonats * Int128(Score.unitsPerNat) * Int128(tokens)
    guard excess > 0 else { return .notRefuted }
    let scaledError = Int128(error).magnitude * Self.nanonatsPerNat.magnitude
    let left = excess.magnitude.multipliedFullWidth(by: excess.magnitude)
    let right = scaledError.multipliedFullWidth(by: 18 * scaledError)
    return (left.high, left.low) > (right.high, right.low) ? .refuted : .notRefuted
  }

  /// The same where the claimed model's loss is not finite: any number that was claimed is refuted.
  package static let verdictOnDivergence = Verdict.refuted
}
