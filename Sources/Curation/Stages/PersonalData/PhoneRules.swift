/// What a telephone number looks like: the international form (ITU-T E.123 and E.164) and the national ones that cannot be mistaken. A plain
/// run of digits is never taken for one, nor is a date, a version, an IP address or a number with thousands parted.
enum PhoneRules {
  static let fewestDigits = 8

  /// How many groups from `start` are a telephone number; nil where they are none. The longest reading counts.
  static func match(_ run: NumberRun, at start: Int) -> Int? {
    let most = min(run.groups.count - start, 7)
    return stride(from: most, through: 1, by: -1).first { isNumber(run, start..<start + $0) }
  }

  private static func isNumber(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    if run.hasPlus, groups.lowerBound == 0 { return isInternational(run, groups) }
    guard groups.count > 1, run.standsAlone(groups), hasVariety(run.digits(of: groups)), !isDate(run, groups) else { return false }
    return isNorthAmerican(run, groups) || hasTrunkZero(run, groups) || hasAreaInParentheses(run, groups) || isOther(run, groups)
  }

  /// `+` and 8 to 15 digits. Not `+10.000.000`.
  private static func isInternational(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    let digits = run.digits(of: groups)
    guard (8...15).contains(digits.count), digits[0] != 0 else { return false }
    let isInThousands = groups.count > 1 && run.lengths(of: groups).dropFirst().allSatisfy { $0 == 3 }
    let isDotted = run.separators(within: groups).allSatisfy { $0 == .dot }
    return !(isInThousands && (isDotted || digits.count < 10))
  }

  /// 212-555-0123, (212) 555-0123, 1-212-555-0123: area and exchange start with 2 to 9.
  private static func isNorthAmerican(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    var groups = groups
    if run.lengths(of: groups).first == 1, run.digits(of: groups).first == 1 { groups.removeFirst() }
    guard run.lengths(of: groups) == [3, 3, 4] else { return false }
    let digits = run.digits(of: groups)
    return digits[0] >= 2 && digits[3] >= 2 && !run.separators(within: groups).contains(.slash)
  }

  /// 030 1234 5678, 01 23 45 67 89, (020) 7946 0958, and 0049 30 …: as in most of the world.
  private static func hasTrunkZero(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    let digits = run.digits(of: groups)
    let lengths = run.lengths(of: groups)
    guard digits[0] == 0, lengths.dropFirst().allSatisfy({ $0 >= 2 }) else { return false }
    let separators = run.separators(within: groups)
    if separators.contains(.dot) { guard lengths.count > 2, !isAddress(lengths), separators.allSatisfy({ $0 == .dot }) else { return false } }
    if digits[1] == 0 { return digits[2] != 0 && (10...17).contains(digits.count) && lengths[0] <= 6 }
    let startsInZero = groups.count { run.digits(of: $0).first == UInt8(ascii: "0") }
    return (9...12).contains(digits.count) && (2...6).contains(lengths[0]) && startsInZero < groups.count
  }

  /// (11) 91234-5678, (495) 123-45-67. A hyphen must follow, and what is in parentheses must be no year.
  private static func hasAreaInParentheses(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    let lengths = run.lengths(of: groups)
    guard run.groups[groups.lowerBound].isInParentheses, (2...4).contains(lengths[0]), lengths.count > 2 else { return false }
    let area = run.digits(of: groups).prefix(2)
    let isYear = lengths[0] == 4 && (area == [1, 9] || area == [2, 0])
    return !isYear && (7...9).contains(lengths.dropFirst().reduce(0, +)) && run.separators(within: groups).contains(.hyphen)
  }

  /// 8 800 555-35-35 of Russia, 138 1234 5678 of China's mobile networks.
  private static func isOther(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    let digits = run.digits(of: groups)
    switch run.lengths(of: groups) {
    case [1, 3, 3, 2, 2]: return digits[0] == 8
    case [3, 4, 4]: return digits[0] == 1 && digits[1] >= 3 && !run.separators(within: groups).contains(.dot)
    default: return false
    }
  }

  /// 01 10 11 00 01 is no number of anybody.
  private static func hasVariety(_ digits: [UInt8]) -> Bool { Set(digits).count > 2 }

  /// Day, month and year in any order, or more after them.
  private static func isDate(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    let lengths = Array(run.lengths(of: groups).prefix(3))
    return [[1, 1, 4], [1, 2, 4], [2, 1, 4], [2, 2, 4], [4, 1, 1], [4, 1, 2], [4, 2, 1], [4, 2, 2]].contains(lengths)
  }

  /// Four groups of at most three digits, as in an IP address.
  private static func isAddress(_ lengths: [Int]) -> Bool { lengths.count == 4 && lengths.allSatisfy { $0 <= 3 } }
}
