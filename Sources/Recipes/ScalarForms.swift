internal import Artifacts

/// How each kind of scalar is read from its text, and what an error says was wanted.

extension Shape {
  /// Numbers and truth values mean something else in quotes: text.
  var mayBeQuoted: Bool {
    switch self {
    case .integer, .decimal, .boolean: false
    default: true
    }
  }

  var isScalar: Bool {
    switch self {
    case .list, .record, .named, .either: false
    default: true
    }
  }

  /// Whether a text is, or was perhaps meant to be, one of the words.
  func mayBeWord(_ text: String) -> Bool {
    guard case .word = self else { return true }
    return text.first?.isLetter == true
  }

  /// Nil where the text is not of this shape. Lists, mappings and words are not read here.
  func value(of text: String) -> Setting.Value? {
    switch self {
    case .text(let form): form.accepts(text) ? .text(text) : nil
    case .integer(let range): Shape.integer(text).flatMap { range.contains($0) ? .integer($0) : nil }
    case .decimal(let range): DecimalNumber(text).flatMap { range.contains($0) ? .decimal($0) : nil }
    case .percentage: Percentage(text).flatMap { $0.partsPerMillion <= Percentage.whole ? .percentage($0) : nil }
    case .ratio: Ratio(text).map { .ratio($0) }
    case .period: Period(text).map { .period($0) }
    case .size: ByteSize(text).map { .size($0) }
    case .boolean: ["true": .boolean(true), "false": .boolean(false)][text]
    case .word, .list, .record, .named, .either: nil
    }
  }

  /// Decimal digits only: `0o17`, `0x1f` and `1_000`, which YAML versions read differently, are refused.
  private static func integer(_ text: String) -> Int64? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits == "0" || digits.first != "0" else { return nil }
    return Int64(text)
  }

  /// Completes "needs …".
  var expectation: String {
    switch self {
    case .text(let form): form.expectation
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .decimal(let range): "a number \(range.expectation)"
    case .percentage: "a percentage from 0% to 100%, at most four decimals"
    case .ratio: "a ratio such as 1/1000, not negative"
    case .period: "a length of time such as 90s, 20m, 12h or 7d"
    case .size: "a size such as 512MB or 8GB"
    case .boolean: "true or false"
    case .word(let words, _): words.count == 1 ? "\"\(words[0])\"" : "one of \(words.joined(separator: ", "))"
    case .list: "a list"
    case .record, .named: "a mapping"
    case .either(let scalar, let collection): "\(scalar.expectation), or \(collection.expectation)"
    }
  }
}

extension DecimalRange {
  var expectation: String {
    "\(includesLower ? "from" : "above") \(lower) \(includesUpper ? "to" : "and below") \(upper), at most 15 digits"
  }
}

extension TextForm {
  var expectation: String {
    switch self {
    case .line: "a line of text"
    case .paragraph: "text"
    case .name: "lower-case letters, digits and hyphens, at most 64"
    case .version: "a semantic version such as 1.0.0"
    case .key: "a key such as did:key:z6Mk…"
    case .path: "a path relative to the root, or absolute"
    case .localPath: "a path inside the root"
    case .glob: "a pattern inside \"from\" such as talk/*.jsonl"
    case .hubModel: "a model of the hub such as hf://owner/name@revision"
    case .argument: "an argument"
    }
  }

  func accepts(_ text: String) -> Bool {
    guard !text.unicodeScalars.contains(where: isControl) else { return false }
    return switch self {
    case .line, .paragraph: text.contains { !$0.isWhitespace }
    case .name: TextForm.isName(text)
    case .version: text.utf8.count <= 128 && TextForm.isVersion(text)
    case .key: text.hasPrefix("did:key:z") && text.utf8.count > 40 && text.dropFirst(8).utf8.allSatisfy(TextForm.base58.contains)
    case .path: TextForm.isPath(text)
    case .localPath, .glob: TextForm.isPath(text) && !text.hasPrefix("/")
    case .hubModel: HubReference(text) != nil
    case .argument: !text.isEmpty
    }
  }

  /// The did:key of an Ed25519 key has 48 characters after the method, and begins so (W3C CCG, "The did:key Method", section 3.1.1).
  static func isSigningKey(_ text: String) -> Bool {
    TextForm.key.accepts(text) && text.hasPrefix("did:key:z6Mk") && text.utf8.count == "did:key:".utf8.count + 48
  }

  private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    if case .paragraph = self, scalar == "\n" || scalar == "\t" { return false }
    return scalar.properties.generalCategory == .control
  }

  private static let base58 = Set("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

  private static func isName(_ text: String) -> Bool {
    let isLetterOrDigit = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
    guard let first = text.utf8.first, isLetterOrDigit(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
  }

  /// No part leaves the folder it is resolved against; `~` is a shell's word, not a folder's.
  private static func isPath(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix("~") && text != "/" && !text.split(separator: "/").contains("..")
  }

  /// Semantic Versioning 2.0.0, sections 2, 9 and 10.
  private static func isVersion(_ text: String) -> Bool {
    let withBuild = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let withPre = withBuild[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let core = withPre[0].split(separator: ".", omittingEmptySubsequences: false)
    guard core.count == 3, core.allSatisfy(isNumber) else { return false }
    let pre = withPre.count == 2 ? identifiers(withPre[1]) : []
    let build = withBuild.count == 2 ? identifiers(withBuild[1]) : []
    return (pre + build).allSatisfy(isIdentifier) && pre.allSatisfy { isNumber($0) || !$0.utf8.allSatisfy(isDigit) }
  }

  private static func identifiers(_ text: Substring) -> [Substring] { text.split(separator: ".", omittingEmptySubsequences: false) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isNumber(_ text: Substring) -> Bool {
    (1...9).contains(text.utf8.count) && text.utf8.allSatisfy(isDigit) && (text == "0" || text.first != "0")
  }
  private static func isIdentifier(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { isDigit($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") }
  }
}
