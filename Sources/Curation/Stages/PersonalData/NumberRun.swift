/// Groups of digits with single separators between them: what a card's or a telephone's number can be cut from.
struct NumberRun {
  struct Group {
    let range: Range<Int>
    let isInParentheses: Bool
  }

  /// What stands between two groups.
  enum Separator: Hashable {
    /// Parentheses alone: `(030)1234`.
    case nothing
    case space, hyphen, dot, slash
  }

  let hasPlus: Bool
  private(set) var groups: [Group] = []
  /// One less than there are groups.
  private(set) var separators: [Separator] = []
  /// In the text, after the last parenthesis.
  private(set) var end: Int

  private let bytes: [UInt8]
  private let start: Int

  /// Nil where none begins.
  init?(_ bytes: [UInt8], at start: Int) {
    let first = bytes[start]
    guard first.isDigit || first == UInt8(ascii: "+") || first == UInt8(ascii: "(") else { return nil }
    (self.bytes, self.start) = (bytes, start)
    hasPlus = first == UInt8(ascii: "+")
    end = hasPlus ? start + 1 : start
    guard let opening = group(at: end) else { return nil }
    append(opening)
    while let (separator, index) = separator(at: end), let next = group(at: index) {
      if separator == .nothing, !next.isInParentheses, groups.last?.isInParentheses != true { break }
      separators.append(separator)
      append(next)
    }
  }

  var digits: Int { groups.reduce(0) { $0 + $1.range.count } }

  /// Where some groups stand in the text, with their parentheses and the plus sign. Around a number of one group, parentheses are the sentence's.
  func range(of groups: Range<Int>) -> Range<Int> {
    if groups.count == 1, self.groups[groups.lowerBound].isInParentheses { return self.groups[groups.lowerBound].range }
    let (first, last) = (self.groups[groups.lowerBound], self.groups[groups.upperBound - 1])
    let lower = groups.lowerBound == 0 ? start : first.range.lowerBound - (first.isInParentheses ? 1 : 0)
    return lower..<(last.range.upperBound + (last.isInParentheses ? 1 : 0))
  }

  func digits(of group: Int) -> ArraySlice<UInt8> { bytes[groups[group].range] }

  func digits(of groups: Range<Int>) -> [UInt8] { groups.flatMap { digits(of: $0) }.map { $0 - UInt8(ascii: "0") } }

  func lengths(of groups: Range<Int>) -> [Int] { groups.map { self.groups[$0].range.count } }

  func separators(within groups: Range<Int>) -> ArraySlice<Separator> { separators[groups.lowerBound..<groups.upperBound - 1] }

  /// Its neighbours in the run are other numbers: a space lies between, and none within.
  func standsAlone(_ groups: Range<Int>) -> Bool {
    let isOpen = separators(within: groups).contains(.space)
    func parts(_ index: Int) -> Bool { !isOpen && separators[index] == .space }
    return (groups.lowerBound == 0 || parts(groups.lowerBound - 1)) && (groups.upperBound == self.groups.count || parts(groups.upperBound - 1))
  }

  private mutating func append(_ group: Group) {
    groups.append(group)
    end = group.range.upperBound + (group.isInParentheses ? 1 : 0)
  }

  private func group(at index: Int) -> Group? {
    guard index < bytes.count else { return nil }
    let isOpen = bytes[index] == UInt8(ascii: "(")
    let first = isOpen ? index + 1 : index
    var last = first
    while last < bytes.count, bytes[last].isDigit { last += 1 }
    guard last > first else { return nil }
    if isOpen, last == bytes.count || bytes[last] != UInt8(ascii: ")") { return nil }
    return Group(range: first..<last, isInParentheses: isOpen)
  }

  /// With the index after it.
  private func separator(at index: Int) -> (Separator, Int)? {
    guard index < bytes.count else { return nil }
    switch bytes[index] {
    case UInt8(ascii: " "): return (.space, index + 1)
    case UInt8(ascii: "-"): return (.hyphen, index + 1)
    case UInt8(ascii: "."): return (.dot, index + 1)
    case UInt8(ascii: "/"): return (.slash, index + 1)
    // The no-break space and the non-breaking hyphen.
    case 0xC2 where bytes[index...].starts(with: [0xC2, 0xA0]): return (.space, index + 2)
    case 0xE2 where bytes[index...].starts(with: [0xE2, 0x80, 0xAF]): return (.space, index + 3)
    case 0xE2 where bytes[index...].starts(with: [0xE2, 0x80, 0x91]): return (.hyphen, index + 3)
    default: return (.nothing, index)
    }
  }
}
