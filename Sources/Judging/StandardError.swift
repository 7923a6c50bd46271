internal import Artifacts

/// Standard errors over records, in integers, so that every machine prints and compares the same.
///
/// The loss a token is a ratio of two sums over records, Σ total ⁄ Σ tokens, and its error that of a ratio estimator: with the residuals
/// eᵢ = totalᵢ − loss·tokensᵢ, the standard error of the total is √(n ⁄ (n−1) · Σ eᵢ²) (W. G. Cochran, Sampling Techniques, 3rd edition, 1977, section 2.11).
extension RecordLosses {
  /// Of `total`, in its units. Nil for fewer than two records, which tell nothing of each other.
  package var standardError: Int64? { Self.standardError(of: records.map { (value: $0.total, tokens: $0.tokens) }) }

  /// Of the difference of the two totals, record by record: what both find hard cancels. Nil for fewer than two records.
  package func standardError(ofDifferenceFrom other: RecordLosses) throws(RecordLossError) -> Int64? {
    guard isOfTheSameRecords(as: other) else { throw .otherRecords }
    return Self.standardError(of: zip(records, other.records).map { (value: $0.total - $1.total, tokens: $0.tokens) })
  }

  /// Residuals are rounded to the unit, 2⁻²⁰ nats. Σ|eᵢ| is below 2⁵⁷, so the sum of squares is far below 2¹²⁷.
  private static func standardError(of rows: [(value: Int64, tokens: Int64)]) -> Int64? {
    guard rows.count > 1 else { return nil }
    let (sum, tokens) = (Int128(rows.reduce(0) { $0 + $1.value }), Int128(rows.reduce(0) { $0 + $1.tokens }))
    let squares = rows.reduce(Int128(0)) { squares, row in
      let residual = Int128(row.value) - roundedQuotient(sum * Int128(row.tokens), tokens)
      return squares + residual * residual
    }
    // n ⁄ (n−1) = 1 + 1 ⁄ (n−1)
    return Int64(squareRoot(squares + squares / Int128(rows.count - 1)))
  }

  /// To the nearest integer, halves upwards.
  private static func roundedQuotient(_ dividend: Int128, _ divisor: Int128) -> Int128 { floorQuotient(2 * dividend + divisor, 2 * divisor) }
}

/// The quotient rounded towards −∞, for a positive divisor. Swift's own `/` rounds towards zero.
func floorQuotient(_ dividend: Int128, _ divisor: Int128) -> Int128 {
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? quotient - 1 : quotient
}

/// The largest integer whose square is at most `value`: bit by bit from the highest.
func squareRoot(_ value: Int128) -> Int128 {
  var root: Int128 = 0
  var bit: Int128 = 1 << 62
  while bit > 0 {
    let next = root + bit
    if next * next <= value { root = next }
    bit >>= 1
  }
  return root
}
