/// What the number of a payment card looks like: the issuers' prefixes and lengths (ISO/IEC 7812-1) and the check digit (its annex B, Luhn).
enum CardRules {
  /// How many groups from `start` are a card's number; nil where they are none.
  static func match(_ run: NumberRun, at start: Int) -> Int? {
    guard !run.hasPlus else { return nil }
    return layouts.first { layout in
      let groups = start..<start + layout.count
      // A number may stand in parentheses as a whole; a part of one that does is a telephone's area.
      guard groups.upperBound <= run.groups.count, groups.count == 1 || !groups.contains(where: { run.groups[$0].isInParentheses }) else { return false }
      let lengths = run.lengths(of: groups)
      guard lengths == layout, Set(run.separators(within: groups)).isSubset(of: [.space]) || Set(run.separators(within: groups)) == [.hyphen],
        isApart(run, groups)
      else { return false }
      let digits = run.digits(of: groups)
      return isIssued(digits) && passesLuhn(digits)
    }?.count
  }

  /// Whole, or in groups as they are printed.
  private static let layouts: [[Int]] = [[4, 4, 4, 4, 3], [4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 1]] + (13...19).map { [$0] }

  /// An expiry date may follow after a space; what a hyphen or a dot ties to it makes it something else.
  private static func isApart(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    (groups.lowerBound == 0 || run.separators[groups.lowerBound - 1] == .space)
      && (groups.upperBound == run.groups.count || run.separators[groups.upperBound - 1] == .space)
  }

  private static func isIssued(_ digits: [UInt8]) -> Bool {
    let prefix = digits.prefix(4).reduce(0) { $0 * 10 + Int($1) }
    switch (prefix, digits.count) {
    case (4000...4999, 13), (4000...4999, 16), (4000...4999, 19): return true  // Visa
    case (5100...5599, 16), (2221...2720, 16): return true  // Mastercard
    case (3400...3499, 15), (3700...3799, 15): return true  // American Express
    case (6011, 16...19), (6440...6599, 16...19): return true  // Discover
    case (3000...3059, 14), (3600...3699, 14), (3800...3999, 14): return true  // Diners Club
    case (3528...3589, 16...19): return true  // JCB
    case (6200...6299, 16...19): return true  // UnionPay
    default: return false
    }
  }

  private static func passesLuhn(_ digits: [UInt8]) -> Bool {
    let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
      let value = Int(digit.element) * (digit.offset % 2 + 1)
      return sum + (value > 9 ? value - 9 : value)
    }
    return sum % 10 == 0 && Set(digits).count > 1
  }
}
