/// Reads the statements of a template, by the grammar of Jinja 3.1. What is outside the subset is refused by its name.
struct TemplateParser {
  let tokens: [TemplateToken]
  var index = 0
  var depth = 0
  var loopDepth = 0
  var isInGeneration = false
  private static let deepest = 64

  let macroNames: Set<String>
  /// How many blocks with variables of their own are open.
  var scopeDepth = 0
  /// Where the macro that is read names a variable, and where those that were read do; nil outside of one.
  var namesReadInMacro: [String: Int]?
  var namesReadByMacros: [String: Int] = [:]
  var namesSetAtTop: Set<String> = []

  init(_ tokens: [TemplateToken]) {
    self.tokens = tokens
    macroNames = Self.macroNames(in: tokens)
  }

  mutating func run() throws(TemplateFault) -> [TemplateStatement] {
    let statements = try statements(until: [])
    guard kind == .end else { throw fault(.syntax("\"\(words)\" where no block is open")) }
    try refuseHiddenNames()
    return statements
  }

  // MARK: - Tokens

  var kind: TemplateToken.Kind { tokens[index].kind }
  var offset: Int { tokens[index].offset }
  mutating func advance() { if index + 1 < tokens.count { index += 1 } }
  func isName(_ name: String, ahead: Int = 0) -> Bool { index + ahead < tokens.count && tokens[index + ahead].kind == .name(name) }
  func isSymbol(_ symbol: String) -> Bool { kind == .symbol(symbol) }

  mutating func passes(_ other: TemplateToken.Kind) -> Bool {
    guard kind == other else { return false }
    advance()
    return true
  }

  mutating func expect(_ other: TemplateToken.Kind) throws(TemplateFault) {
    guard passes(other) else { throw fault(.syntax("expected \(Self.words(other)), found \(words)")) }
  }

  mutating func name() throws(TemplateFault) -> String {
    guard case .name(let name) = kind else { throw fault(.syntax("expected a name, found \(words)")) }
    advance()
    return name
  }

  func fault(_ kind: TemplateError.Kind) -> TemplateFault { TemplateFault(kind: kind, offset: offset) }
  var words: String { Self.words(kind) }

  static func words(_ kind: TemplateToken.Kind) -> String {
    switch kind {
    case .data: "text"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .name(let name): name
    case .string: "a string"
    case .integer(let value): "\(value)"
    case .symbol(let symbol): symbol
    case .end: "the end"
    }
  }

  /// Goes one level down; a template that nests deeper than any person writes is refused before it fills the stack.
  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(TemplateFault) -> Result
  ) throws(TemplateFault) -> Result {
    let before = depth
    try descend()
    defer { depth = before }
    return try body(&self)
  }

  /// What a chain such as `a + b + c` adds to, is as deep as the chain is long.
  mutating func descend() throws(TemplateFault) {
    guard depth < Self.deepest else { throw fault(.limit("nested deeper than \(Self.deepest) levels")) }
    depth += 1
  }
}
