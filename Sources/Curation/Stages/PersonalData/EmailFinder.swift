/// Finds e-mail addresses: the dot-atom form of RFC 5322, section 3.4.1, with a domain of two labels or more, and letters of Latin, Greek and
/// Cyrillic beyond ASCII (RFC 6531).
struct EmailFinder {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private static let longestLocalInBytes = 64
  private static let longestDomainInBytes = 253
  /// What stands after the last dot of a picture's name: `logo@2x.png` is no address, and none of these is a top-level domain.
  private static let fileSuffixes: Set<String> = ["png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "html", "json"]

  func find() -> [PersonalDatum] {
    var found: [PersonalDatum] = []
    var from = 0
    while let at = bytes[from...].firstIndex(of: UInt8(ascii: "@")) {
      from = at + 1
      let floor = found.last?.range.upperBound ?? 0
      guard let start = startOfLocal(before: at, floor: floor), let end = endOfDomain(after: at) else { continue }
      found.append(PersonalDatum(kind: .email, range: start..<end))
      from = end
    }
    return found
  }

  private func startOfLocal(before at: Int, floor: Int) -> Int? {
    var start = at
    while start > floor, at - start <= Self.longestLocalInBytes, isLocal(bytes[start - 1]) { start -= 1 }
    // A character of more bytes may have been cut, and punctuation may stand before the address.
    while start < at, !bytes[start].isWordly, bytes[start] < 0xC3 { start += 1 }
    let local = bytes[start..<at]
    guard !local.isEmpty, local.count <= Self.longestLocalInBytes, local.last != UInt8(ascii: "."), !hasEmptyPart(local) else { return nil }
    // The user of a repository's address: git@host:path.
    return local.elementsEqual("git".utf8) ? nil : start
  }

  private func isLocal(_ byte: UInt8) -> Bool { byte.isWordly || ".%+-'".utf8.contains(byte) || isBeyondASCII(byte) }

  /// Bytes of U+00C0–U+052F. A byte after the first one of a longer character passes too; such a character's first byte does not.
  private func isBeyondASCII(_ byte: UInt8) -> Bool { (0x80...0xBF).contains(byte) || (0xC3...0xD4).contains(byte) }

  private func hasEmptyPart(_ part: ArraySlice<UInt8>) -> Bool {
    zip(part, part.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
  }

  /// The longest run of labels whose last could be a top-level domain, if it is a domain: a number or one character after a dot, and what a hyphen ties to
  /// the address, are the text's (`joe@example.com.2`, `joe@example.com-2024`).
  private func endOfDomain(after at: Int) -> Int? {
    var end = at + 1
    while end < bytes.count, end - at <= Self.longestDomainInBytes,
      bytes[end].isDigit || bytes[end].isASCIILetter || isBeyondASCII(bytes[end]) || ".-".utf8.contains(bytes[end])
    { end += 1 }
    while end > at + 1, isJoint(bytes[end - 1]) { end -= 1 }
    if let empty = bytes[at + 1..<end].indices.dropLast().first(where: { bytes[$0] == UInt8(ascii: ".") && bytes[$0 + 1] == UInt8(ascii: ".") }) {
      end = empty
    }
    // Cut by the limit within a character.
    if end < bytes.count, bytes[end] & 0xC0 == 0x80 { return nil }
    while let cut = bytes[at + 1..<end].lastIndex(where: isJoint) {
      let top = (bytes[at + 1..<end].lastIndex(of: UInt8(ascii: ".")) ?? at) + 1
      if isTop(bytes[top..<end]) { break }
      end = cut
      while end > at + 1, isJoint(bytes[end - 1]) { end -= 1 }
    }
    let labels = bytes[at + 1..<end].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return isDomain(labels) ? end : nil
  }

  private func isJoint(_ byte: UInt8) -> Bool { ".-".utf8.contains(byte) }

  private func isDomain(_ labels: [ArraySlice<UInt8>]) -> Bool {
    guard labels.count > 1, let top = labels.last, labels.allSatisfy(isLabel) else { return false }
    // 163.com is a domain; 1.0.0-beta.rc is a version.
    let numbers = labels.count { $0.allSatisfy(\.isDigit) }
    return isTop(top) && numbers <= 1 && !Self.fileSuffixes.contains(String(decoding: top, as: UTF8.self).lowercased())
  }

  private func isTop(_ label: ArraySlice<UInt8>) -> Bool { label.count >= 2 && label.allSatisfy { !$0.isDigit } || label.starts(with: "xn--".utf8) }

  private func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
    (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
  }
}
