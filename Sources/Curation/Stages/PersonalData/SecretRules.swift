/// What keys and tokens look like whose issuers gave them a prefix, so that they can be found: docs/curation.md lists them with their sources. What
/// has no prefix is not guessed at.
enum SecretRules {
  /// A form: the prefix, the characters that follow, and how many of them.
  private struct Form {
    enum Alphabet {
      case capitalsAndDigits, lettersAndDigits, url, slack

      func holds(_ byte: UInt8) -> Bool {
        switch self {
        case .capitalsAndDigits: byte.isASCIICapital || byte.isDigit
        case .lettersAndDigits: byte.isASCIILetter || byte.isDigit
        case .url: byte.isWordly || byte == UInt8(ascii: "-")
        case .slack: byte.isASCIILetter || byte.isDigit || byte == UInt8(ascii: "-")
        }
      }
    }

    let prefix: [UInt8]
    let alphabet: Alphabet
    let lengths: ClosedRange<Int>
    /// Of a prefix that words have too (`sk-learn`): what follows must look drawn by lot.
    let wantsVariety: Bool

    init(_ prefix: String, _ alphabet: Alphabet, _ lengths: ClosedRange<Int>, wantsVariety: Bool = false) {
      (self.prefix, self.alphabet, self.lengths, self.wantsVariety) = (Array(prefix.utf8), alphabet, lengths, wantsVariety)
    }
  }

  private static let longest = 400

  private static let forms: [Form] = [
    Form("AKIA", .capitalsAndDigits, 16...16), Form("ASIA", .capitalsAndDigits, 16...16),
    Form("ghp_", .lettersAndDigits, 36...longest), Form("gho_", .lettersAndDigits, 36...longest), Form("ghu_", .lettersAndDigits, 36...longest),
    Form("ghs_", .lettersAndDigits, 36...longest), Form("ghr_", .lettersAndDigits, 36...longest), Form("github_pat_", .url, 82...longest),
    Form("glpat-", .url, 20...longest), Form("AIza", .url, 35...35), Form("GOCSPX-", .url, 28...28),
    Form("xoxb-", .slack, 20...longest, wantsVariety: true), Form("xoxp-", .slack, 20...longest, wantsVariety: true),
    Form("xoxa-", .slack, 20...longest, wantsVariety: true), Form("xoxr-", .slack, 20...longest, wantsVariety: true),
    Form("xoxs-", .slack, 20...longest, wantsVariety: true), Form("xapp-", .slack, 20...longest, wantsVariety: true),
    Form("sk-", .url, 20...longest, wantsVariety: true), Form("sk_live_", .lettersAndDigits, 24...longest),
    Form("rk_live_", .lettersAndDigits, 24...longest), Form("npm_", .lettersAndDigits, 36...36), Form("hf_", .lettersAndDigits, 34...longest),
  ]

  /// By the byte that `SensitiveGlance` stops at: the last of the prefix, or the first that is rare.
  private static let formsByTrigger: [UInt8: [(form: Form, offset: Int)]] = Dictionary(
    grouping: forms.map { ($0, offset(of: $0)) }, by: { $0.0.prefix[$0.1] })

  private static func offset(of form: Form) -> Int {
    switch String(decoding: form.prefix, as: UTF8.self) {
    case "AKIA": 1
    case "ASIA": 1
    case "AIza": 2
    default: form.prefix.firstIndex { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") } ?? 0
    }
  }

  static func token(_ bytes: UnsafeBufferPointer<UInt8>, at trigger: Int) -> Range<Int>? {
    guard let candidates = formsByTrigger[bytes[trigger]] else { return nil }
    for (form, offset) in candidates {
      let start = trigger - offset
      guard start >= 0, start + form.prefix.count < bytes.count, zip(form.prefix, bytes[start...]).allSatisfy(==),
        start == 0 || isApart(bytes[start - 1], form)
      else { continue }
      let from = start + form.prefix.count
      var end = from
      while end < bytes.count, form.alphabet.holds(bytes[end]) { end += 1 }
      while end > from, bytes[end - 1] == UInt8(ascii: "-") { end -= 1 }  // A dash of the sentence.
      guard form.lengths.contains(end - from), !form.wantsVariety || hasVariety(bytes[from..<end]) else { continue }
      return start..<end
    }
    return nil
  }

  private static func isApart(_ before: UInt8, _ form: Form) -> Bool { !before.isWordly && before != UInt8(ascii: "-") }

  /// Letters and digits both, and of many kinds: `sk-this-is-only-an-example-name` has no digit, `sk-1111…` one character.
  private static func hasVariety(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let kinds = Set(bytes)
    return bytes.contains(where: \.isDigit) && bytes.contains(where: \.isASCIILetter) && kinds.count >= 12 && longestWord(bytes) >= 12
  }

  /// A run without a hyphen.
  private static func longestWord(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    bytes.split(separator: UInt8(ascii: "-")).map(\.count).max() ?? 0
  }

  // MARK: JSON Web Tokens

  /// `eyJ….eyJ….…` (RFC 7519): two objects of JSON and a signature, in base64url. `trigger` is at the `J`. Where none begins before `end`, what begins there
  /// was looked at in vain: its first part ends where the same part that was looked at did, and all that follows is the same.
  static func webToken(_ bytes: UnsafeBufferPointer<UInt8>, at trigger: Int, noneBefore end: inout Int) -> Range<Int>? {
    let start = trigger - 2
    guard start >= end, bytes[start] == UInt8(ascii: "e"), bytes[start + 1] == UInt8(ascii: "y"), start == 0 || !bytes[start - 1].isWordly else { return nil }
    var index = start
    for part in 0..<3 {
      let from = index
      while index < bytes.count, bytes[index].isWordly || bytes[index] == UInt8(ascii: "-") { index += 1 }
      if part == 0 { end = index }
      guard index - from >= 10, part != 1 || bytes[from..<index].starts(with: "eyJ".utf8) else { return nil }
      guard part < 2 else { break }
      guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return nil }
      index += 1
    }
    return start..<index
  }

  // MARK: Private keys

  /// `-----BEGIN … PRIVATE KEY-----` (RFC 7468, and OpenSSH's and OpenPGP's own) up to its end line, or, where that is missing, as far as there
  /// is base64. `trigger` is at the first hyphen.
  static func privateKey(_ bytes: UnsafeBufferPointer<UInt8>, at trigger: Int) -> Range<Int>? {
    let opening = Array("-----BEGIN ".utf8)
    guard trigger == 0 || bytes[trigger - 1] != UInt8(ascii: "-"), bytes[trigger...].starts(with: opening) else { return nil }
    guard let head = label(bytes, at: trigger + opening.count) else { return nil }
    var index = head
    var hasKey = false
    // A mention of the line alone is no key, nor is one with dots in the place of its bytes.
    while index < bytes.count {
      let length = base64(bytes, at: index)
      if length >= shortestKeyLine { hasKey = true }
      index += length
      guard index < bytes.count, isBetweenLines(bytes[index]) else { break }
      if bytes[index] == UInt8(ascii: "-") {
        if let end = closing(bytes, at: index) { return hasKey ? trigger..<end : nil }
        if bytes[index...].starts(with: opening) { break }
      }
      index += 1
    }
    return hasKey ? trigger..<endOfKey(bytes, from: head) : nil
  }

  private static let shortestKeyLine = 16

  /// Where the end line is missing: after the last line that can only be a key's.
  private static func endOfKey(_ bytes: UnsafeBufferPointer<UInt8>, from head: Int) -> Int {
    var (index, end) = (head, head)
    while index < bytes.count {
      let length = base64(bytes, at: index)
      if length >= shortestKeyLine { end = index + length } else if length > 0, end > head { break }
      index += length
      guard index < bytes.count, isBetweenLines(bytes[index]) else { break }
      index += 1
    }
    return end
  }

  private static func base64(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end].isASCIILetter || bytes[end].isDigit || "+/=".utf8.contains(bytes[end]) { end += 1 }
    return end - start
  }

  /// The index after `… PRIVATE KEY-----` or `… PRIVATE KEY BLOCK-----`.
  private static func label(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    var end = start
    while end < bytes.count, end - start < 64, bytes[end].isASCIICapital || bytes[end] == UInt8(ascii: " ") || bytes[end].isDigit { end += 1 }
    let label = String(decoding: bytes[start..<end], as: UTF8.self)
    guard label.hasSuffix("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK", bytes[end...].starts(with: "-----".utf8) else { return nil }
    return end + 5
  }

  private static func closing(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int? {
    let mark = Array("-----END ".utf8)
    return bytes[index...].starts(with: mark) ? label(bytes, at: index + mark.count) : nil
  }

  /// What stands between the lines of a key: line ends, the headers that old keys have, and `\n` as it is in strings of programs.
  private static func isBetweenLines(_ byte: UInt8) -> Bool { "-:,. \r\n\t\\\"'_".utf8.contains(byte) }
}
