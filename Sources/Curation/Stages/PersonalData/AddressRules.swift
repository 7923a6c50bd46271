/// What the address of a machine on the internet looks like: IPv4 (RFC 791) in four decimal numbers, IPv6 in the text form of RFC 4291, section
/// 2.2. Addresses that lead to nobody's machine are none.
enum AddressRules {
  // MARK: IPv4

  /// Where the address that has its first dot at `dot` stands; nil where there is none.
  static func ipv4(_ bytes: UnsafeBufferPointer<UInt8>, firstDot dot: Int) -> Range<Int>? {
    var start = dot
    while start > 0, dot - start < 3, bytes[start - 1].isDigit { start -= 1 }
    guard start < dot, let (octets, end) = address(bytes, at: start), isSomebodys(octets),
      allowsBefore(bytes, start) || endsRange(bytes, from: start), allowsAfter(bytes, end) || beginsRange(bytes, to: end)
    else { return nil }
    return start..<end
  }

  /// Four octets, and the place after them.
  private static func address(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> ([Int], Int)? {
    var octets: [Int] = []
    var index = start
    while let (octet, end) = octet(bytes, at: index) {
      octets.append(octet)
      guard octets.count < 4 else { return (octets, end) }
      guard end < bytes.count, bytes[end] == UInt8(ascii: ".") else { return nil }
      index = end + 1
    }
    return nil
  }

  /// A hyphen and one whole address more: `203.0.113.15-203.0.113.99`.
  private static func beginsRange(_ bytes: UnsafeBufferPointer<UInt8>, to end: Int) -> Bool {
    guard bytes[end] == UInt8(ascii: "-"), let (_, last) = address(bytes, at: end + 1) else { return false }
    return allowsAfter(bytes, last)
  }

  private static func endsRange(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
    let hyphen = start - 1
    guard bytes[hyphen] == UInt8(ascii: "-") else { return false }
    var first = hyphen
    while first > 0, hyphen - first < longestAddress, bytes[first - 1].isDigit || bytes[first - 1] == UInt8(ascii: ".") { first -= 1 }
    guard let (_, last) = address(bytes, at: first) else { return false }
    return last == hyphen && allowsBefore(bytes, first)
  }

  /// 255.255.255.255
  private static let longestAddress = 15

  /// One to three digits up to 255, without a zero before them.
  private static func octet(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> (Int, Int)? {
    var value = 0
    var end = start
    while end < bytes.count, end - start < 4, bytes[end].isDigit {
      value = value * 10 + Int(bytes[end] - UInt8(ascii: "0"))
      end += 1
    }
    guard end > start, value <= 255, end - start == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
    return (value, end)
  }

  /// Not within a word, a longer number or a version: `v1.20.3.4`, `Chrome/91.0.44.77`, `1-2.3.4.5`, `version 10.20.30.40`.
  private static func allowsBefore(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    guard start > 0 else { return true }
    let before = bytes[start - 1]
    guard !before.isWordly, !".-+,\\#$%".utf8.contains(before) else { return false }
    if before == UInt8(ascii: "/") { return start < 2 || !bytes[start - 2].isWordly }
    guard before == UInt8(ascii: " ") else { return true }
    return !["version", "release", "ver.", "build", "section", "chapter", "figure"].contains { word in
      let from = start - 1 - word.utf8.count
      return from >= 0 && zip(bytes[from..<start - 1], word.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
  }

  private static func allowsAfter(_ bytes: UnsafeBufferPointer<UInt8>, _ end: Int) -> Bool {
    guard end < bytes.count else { return true }
    if bytes[end].isWordly { return false }
    return !".-".utf8.contains(bytes[end]) || end + 1 == bytes.count || !bytes[end + 1].isWordly
  }

  /// Not of the ranges that IANA keeps for what no other machine can reach (RFC 6890): this host, private networks (RFC 1918), carriers' own (RFC
  /// 6598), this machine, the link, benchmarks, many at once, and what is reserved. The ranges of RFC 5737, for examples in writing, are taken for
  /// addresses. Four numbers of one digit are a section's, or a public resolver's.
  private static func isSomebodys(_ octets: [Int]) -> Bool {
    guard octets.contains(where: { $0 > 9 }) else { return false }
    switch (octets[0], octets[1]) {
    case (0, _), (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127), (198, 18...19), (224..., _): return false
    default: return true
    }
  }

  // MARK: IPv6

  /// Where the address that has its first colon at `colon` stands; nil where there is none. Of the global unicast addresses, 2000::/3 (RFC 4291,
  /// section 2.4), among them those that are for examples in writing: no clock time and no word of a program is one.
  static func ipv6(_ bytes: UnsafeBufferPointer<UInt8>, firstColon colon: Int) -> Range<Int>? {
    let start = colon - 4
    guard start >= 0, bytes[start] == UInt8(ascii: "2") || bytes[start] == UInt8(ascii: "3"), bytes[start..<colon].allSatisfy(\.isHexadecimal),
      start == 0 || !bytes[start - 1].isWordly && !":.-".utf8.contains(bytes[start - 1])
    else { return nil }
    var groups = 0
    var isShortened = false
    var index = start
    while true {
      let length = hexadecimals(bytes, at: index)
      guard (1...4).contains(length) else { return nil }
      groups += 1
      index += length
      guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: ":") else { break }
      if bytes[index + 1] == UInt8(ascii: ":") {
        guard !isShortened else { return nil }
        isShortened = true
        guard hexadecimals(bytes, at: index + 2) > 0 else {
          index += 2
          break
        }
        index += 2
      } else if hexadecimals(bytes, at: index + 1) > 0 {
        index += 1
      } else {
        break
      }
    }
    guard isShortened ? groups < 8 : groups == 8, index == bytes.count || !bytes[index].isWordly && bytes[index] != UInt8(ascii: ":") || isEnd(bytes, index) else { return nil }
    return start..<index
  }

  /// A colon that a sentence has after the address.
  private static func isEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    bytes[index] == UInt8(ascii: ":") && (index + 1 == bytes.count || !bytes[index + 1].isWordly && bytes[index + 1] != UInt8(ascii: ":"))
  }

  private static func hexadecimals(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int {
    var end = start
    while end < bytes.count, end - start < 5, bytes[end].isHexadecimal { end += 1 }
    return end - start
  }
}

extension UInt8 {
  var isHexadecimal: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }

  var isASCIICapital: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
}
