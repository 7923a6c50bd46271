/// Whether a text fits a pattern of `*`, `**`, `?`, `[…]` and `\`, as git's wildmatch.c has it.
struct Wildmatch {
  private let pattern: [UInt8]
  private let text: [UInt8]
  /// `*`, `?` and classes stop at a slash, and `**` between slashes does not.
  private let slashesPart: Bool
  /// Where matching was tried and failed: without this, a pattern of many stars takes exponential time.
  private var failed: Set<Int> = []

  static func matches(_ pattern: [UInt8], _ text: some Collection<UInt8>, slashesPart: Bool) -> Bool {
    var matcher = Wildmatch(pattern: pattern, text: Array(text), slashesPart: slashesPart)
    return matcher.matches(0, 0)
  }

  private init(pattern: [UInt8], text: [UInt8], slashesPart: Bool) {
    self.pattern = pattern
    self.text = text
    self.slashesPart = slashesPart
  }

  private mutating func matches(_ start: Int, _ from: Int) -> Bool {
    let state = start * (text.count + 1) + from
    guard !failed.contains(state) else { return false }
    let result = attempt(start, from)
    if !result { failed.insert(state) }
    return result
  }

  private mutating func attempt(_ start: Int, _ from: Int) -> Bool {
    var (p, t) = (start, from)
    while p < pattern.count {
      if pattern[p] == UInt8(ascii: "*") { return matchesStars(at: p, t) }
      guard t < text.count else { return false }
      switch pattern[p] {
      case UInt8(ascii: "?"):
        guard !(slashesPart && text[t] == slash) else { return false }
        p += 1
      case UInt8(ascii: "["):
        guard let end = classEnd(at: p, holds: text[t]) else { return false }
        p = end
      case UInt8(ascii: "\\"):
        guard p + 1 < pattern.count, pattern[p + 1] == text[t] else { return false }
        p += 2
      default:
        guard pattern[p] == text[t] else { return false }
        p += 1
      }
      t += 1
    }
    return t == text.count
  }

  private mutating func matchesStars(at first: Int, _ t: Int) -> Bool {
    var p = first + 1
    while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
    let isDouble = p - first > 1
    let startsPart = first == 0 || pattern[first - 1] == slash
    let endsPart = p == pattern.count || pattern[p] == slash || (pattern[p] == UInt8(ascii: "\\") && p + 1 < pattern.count && pattern[p + 1] == slash)
    let spansParts = !slashesPart || (isDouble && startsPart && endsPart)
    // Between slashes, no part at all is as good as any number of them.
    if slashesPart, spansParts, p < pattern.count, pattern[p] == slash, matches(afterStars(from: p + 1), t) { return true }
    if p == pattern.count { return spansParts || !text[t...].contains(slash) }
    var end = t
    while true {
      if matches(p, end) { return true }
      guard end < text.count, spansParts || text[end] != slash else { return false }
      end += 1
    }
  }

  /// Behind a run of `**/`, which says no more than one of them: a step into each would go as deep as a file can be long.
  private func afterStars(from start: Int) -> Int {
    var start = start
    while true {
      let end = pattern[start...].firstIndex { $0 != UInt8(ascii: "*") } ?? pattern.count
      guard end - start > 1, end < pattern.count, pattern[end] == slash else { return start }
      start = end + 1
    }
  }

  // MARK: - Classes

  /// Where the pattern goes on after a class, where `byte` is in it. A class without an end fits nothing.
  private func classEnd(at start: Int, holds byte: UInt8) -> Int? {
    var p = start + 1
    let isNegated = p < pattern.count && (pattern[p] == UInt8(ascii: "!") || pattern[p] == UInt8(ascii: "^"))
    if isNegated { p += 1 }
    var isIn = false
    var previous: UInt8?
    var isFirst = true
    while true {
      guard p < pattern.count else { return nil }
      var item = pattern[p]
      if item == UInt8(ascii: "]"), !isFirst { break }
      isFirst = false
      if item == UInt8(ascii: "-"), let low = previous, p + 1 < pattern.count, pattern[p + 1] != UInt8(ascii: "]") {
        p += 1
        if pattern[p] == UInt8(ascii: "\\") { p += 1 }
        guard p < pattern.count else { return nil }
        if low <= byte && byte <= pattern[p] { isIn = true }
        previous = nil
      } else if item == UInt8(ascii: "["), p + 1 < pattern.count, pattern[p + 1] == UInt8(ascii: ":") {
        guard let close = pattern[(p + 2)...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
        if close > p + 2, pattern[close - 1] == UInt8(ascii: ":") {
          guard close - 1 >= p + 2, let isOf = Self.classes[String(decoding: pattern[(p + 2)..<(close - 1)], as: UTF8.self)] else { return nil }
          if isOf(byte) { isIn = true }
          p = close
          previous = nil
        } else {
          if byte == item { isIn = true }
          previous = item
        }
      } else {
        if item == UInt8(ascii: "\\") {
          p += 1
          guard p < pattern.count else { return nil }
          item = pattern[p]
        }
        if byte == item { isIn = true }
        previous = item
      }
      p += 1
    }
    guard isIn != isNegated, !(slashesPart && byte == slash) else { return nil }
    return p + 1
  }

  /// POSIX, of ASCII.
  private static let classes: [String: @Sendable (UInt8) -> Bool] = [
    "alnum": { isLetter($0) || isDigit($0) }, "alpha": isLetter, "blank": { $0 == 0x20 || $0 == 0x09 },
    "cntrl": { $0 < 0x20 || $0 == 0x7F }, "digit": isDigit, "graph": { (0x21..<0x7F).contains($0) },
    "lower": { (0x61...0x7A).contains($0) }, "print": { (0x20..<0x7F).contains($0) },
    "punct": { (0x21..<0x7F).contains($0) && !isLetter($0) && !isDigit($0) }, "space": { $0 == 0x20 || (0x09...0x0D).contains($0) },
    "upper": { (0x41...0x5A).contains($0) },
    "xdigit": { isDigit($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0) },
  ]
}

private let slash = UInt8(ascii: "/")
@Sendable private func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
@Sendable private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
