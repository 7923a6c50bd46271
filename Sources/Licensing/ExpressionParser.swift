/// Reads an SPDX licence expression. `WITH` binds most, then `AND`, then `OR`; operators are all in upper or all in lower case (SPDX 3.0, annex
/// "SPDX license expressions"), names in any.
struct ExpressionParser {
  static let longestInBytes = 1_000
  static let deepestNesting = 16

  private let resolve: (String) throws(LicenseError) -> License
  private var tokens: ArraySlice<Substring>

  static func parse(_ text: String, resolve: @escaping (String) throws(LicenseError) -> License) throws(LicenseError) -> LicenseExpression {
    guard text.utf8.count <= longestInBytes else { throw .tooLong(limit: longestInBytes) }
    var parser = ExpressionParser(resolve: resolve, tokens: tokens(of: text)[...])
    let expression = try parser.anyOf(depth: 0)
    if let rest = parser.tokens.first { throw .unexpected(String(rest.prefix(60))) }
    return expression
  }

  private static func tokens(of text: String) -> [Substring] {
    text.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }.flatMap { word -> [Substring] in
      var parts: [Substring] = []
      var start = word.startIndex
      for index in word.indices where word[index] == "(" || word[index] == ")" {
        if start < index { parts.append(word[start..<index]) }
        start = word.index(after: index)
        parts.append(word[index..<start])
      }
      return start < word.endIndex ? parts + [word[start...]] : parts
    }
  }

  private mutating func takes(_ upper: Substring, _ lower: Substring) -> Bool {
    guard tokens.first == upper || tokens.first == lower else { return false }
    tokens.removeFirst()
    return true
  }

  private mutating func anyOf(depth: Int) throws(LicenseError) -> LicenseExpression {
    var expression = try allOf(depth: depth)
    while takes("OR", "or") { expression = try .any(of: expression, try allOf(depth: depth)) }
    return expression
  }

  private mutating func allOf(depth: Int) throws(LicenseError) -> LicenseExpression {
    var expression = try one(depth: depth)
    while takes("AND", "and") { expression = try .all(of: expression, try one(depth: depth)) }
    return expression
  }

  private mutating func one(depth: Int) throws(LicenseError) -> LicenseExpression {
    guard depth <= Self.deepestNesting else { throw .nestedTooDeeply }
    if takes("(", "(") {
      let inner = try anyOf(depth: depth + 1)
      guard takes(")", ")") else { throw tokens.first.map { .unexpected(String($0.prefix(60))) } ?? .incomplete }
      return inner
    }
    let license = try resolve(try name())
    guard takes("WITH", "with") else { return LicenseExpression(license) }
    let exception = try name()
    return LicenseExpression(license.renamed("\(license.name) WITH \(exception)"))
  }

  /// An `idstring`: letters, digits, `-` and `.`; a licence's may end in `+`.
  private mutating func name() throws(LicenseError) -> String {
    guard let word = tokens.popFirst() else { throw .incomplete }
    let plain = word.hasSuffix("+") ? word.dropLast() : word
    guard LicenseBook.isName(plain), !["AND", "OR", "WITH", "and", "or", "with"].contains(word) else { throw .unexpected(String(word.prefix(60))) }
    return String(word)
  }
}
