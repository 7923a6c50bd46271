/// Reads the statements of a template, by the grammar of Jinja 3.1. What is outside the subset is refused by its name.
struct TemplateParser {
  let tokens: [TemplateToken]
  private var index = 0
  private var depth = 0
  private var loopDepth = 0
  private var isInGeneration = false
  private static let deepest = 64

  private let macroNames: Set<String>
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

  private var kind: TemplateToken.Kind { tokens[index].kind }
  var offset: Int { tokens[index].offset }
  private mutating func advance() { if index + 1 < tokens.count { index += 1 } }
  private func isName(_ name: String, ahead: Int = 0) -> Bool { index + ahead < tokens.count && tokens[index + ahead].kind == .name(name) }
  private func isSymbol(_ symbol: String) -> Bool { kind == .symbol(symbol) }

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

  private func fault(_ kind: TemplateError.Kind) -> TemplateFault { TemplateFault(kind: kind, offset: offset) }
  private var words: String { Self.words(kind) }

  private static func words(_ kind: TemplateToken.Kind) -> String {
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
  private mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(TemplateFault) -> Result
  ) throws(TemplateFault) -> Result {
    let before = depth
    try descend()
    defer { depth = before }
    return try body(&self)
  }

  /// What a chain such as `a + b + c` adds to, is as deep as the chain is long.
  private mutating func descend() throws(TemplateFault) {
    guard depth < Self.deepest else { throw fault(.limit("nested deeper than \(Self.deepest) levels")) }
    depth += 1
  }
}

// MARK: - Statements

extension TemplateParser {
  /// Statements up to a block of one of these names, whose name is then next.
  private mutating func statements(until ends: [String]) throws(TemplateFault) -> [TemplateStatement] {
    var statements: [TemplateStatement] = []
    while true {
      let start = offset
      switch kind {
      case .data(let data):
        advance()
        statements.append(TemplateStatement(kind: .data(data), offset: start))
      case .variableBegin:
        advance()
        statements.append(TemplateStatement(kind: .output(asText(try tuple())), offset: start))
        try expect(.variableEnd)
      case .blockBegin:
        advance()
        let start = offset
        let isEnd = ends.contains { isName($0) }
        if isEnd { return statements }
        statements.append(TemplateStatement(kind: try nested { parser throws(TemplateFault) in try parser.block() }, offset: start))
      default:
        guard ends.isEmpty else { throw fault(.syntax("expected \"\(ends.joined(separator: "\" or \""))\", found \(words)")) }
        return statements
      }
    }
  }

  private mutating func block() throws(TemplateFault) -> TemplateStatement.Kind {
    let start = offset
    let tag = try name()
    switch tag {
    case "if": return try choice()
    case "for": return try loop()
    case "set": return try assignment()
    case "generation":
      // The inner one would end first, and so be told before the outer one; what is learnt is a row of places that do not overlap.
      guard !isInGeneration else { throw TemplateFault(kind: .unsupported("\"generation\" within \"generation\""), offset: start) }
      try expect(.blockEnd)
      isInGeneration = true
      defer { isInGeneration = false }
      guard namesReadInMacro == nil else { throw TemplateFault(kind: .unsupported("\"generation\" within a macro"), offset: start) }
      scopeDepth += 1
      defer { scopeDepth -= 1 }
      return .generation(try body(until: "endgeneration"))
    case "macro": return try macro(at: start)
    case "break", "continue":
      guard loopDepth > 0 else { throw TemplateFault(kind: .syntax("\"\(tag)\" outside of a loop"), offset: start) }
      try expect(.blockEnd)
      return tag == "break" ? .breakLoop : .continueLoop
    case "else", "elif", "endif", "endfor", "endset", "endgeneration", "endmacro":
      throw TemplateFault(kind: .syntax("\"\(tag)\" where no such block is open"), offset: start)
    default: throw TemplateFault(kind: .unsupported("the tag \"\(tag)\""), offset: start)
    }
  }

  /// Statements up to and with the block that ends them.
  mutating func body(until end: String) throws(TemplateFault) -> [TemplateStatement] {
    let statements = try statements(until: [end])
    advance()
    try expect(.blockEnd)
    return statements
  }

  private mutating func choice() throws(TemplateFault) -> TemplateStatement.Kind {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    while true {
      let condition = try tuple(withChoice: false)
      try expect(.blockEnd)
      branches.append((condition, try statements(until: ["elif", "else", "endif"])))
      if passes(.name("elif")) { continue }
      var otherwise: [TemplateStatement] = []
      if passes(.name("else")) {
        try expect(.blockEnd)
        otherwise = try statements(until: ["endif"])
      }
      advance()
      try expect(.blockEnd)
      return .choice(branches, otherwise: otherwise)
    }
  }

  private mutating func loop() throws(TemplateFault) -> TemplateStatement.Kind {
    let target = try target(mayBeAttribute: false)
    try expect(.name("in"))
    let items = try tuple(withChoice: false, endingAtRecursive: true)
    let condition = passes(.name("if")) ? try expression() : nil
    if isName("recursive") { throw fault(.unsupported("\"recursive\"")) }
    try expect(.blockEnd)
    loopDepth += 1
    scopeDepth += 1
    let body = try statements(until: ["endfor", "else"])
    scopeDepth -= 1
    loopDepth -= 1
    if let condition, Self.assignsAttribute(body) {
      // Jinja asks the condition between two turns of the body, which may change what it says.
      throw TemplateFault(kind: .unsupported("a condition of a loop whose body changes a namespace"), offset: condition.offset)
    }
    var otherwise: [TemplateStatement] = []
    if passes(.name("else")) {
      try expect(.blockEnd)
      otherwise = try statements(until: ["endfor"])
    }
    advance()
    try expect(.blockEnd)
    return .loop(TemplateLoop(target: target, items: items, condition: condition, body: body, otherwise: otherwise))
  }

  private static func assignsAttribute(_ statements: [TemplateStatement]) -> Bool {
    statements.contains { statement in
      switch statement.kind {
      case .assignment(.attribute, _), .capture(.attribute, _): true
      case .choice(let branches, let otherwise): branches.contains { assignsAttribute($0.body) } || assignsAttribute(otherwise)
      case .loop(let loop): assignsAttribute(loop.body) || assignsAttribute(loop.otherwise)
      case .capture(_, let body), .generation(let body): assignsAttribute(body)
      case .data, .output, .assignment, .breakLoop, .continueLoop, .macro: false
      }
    }
  }

  private mutating func assignment() throws(TemplateFault) -> TemplateStatement.Kind {
    let target = try target(mayBeAttribute: true)
    if scopeDepth == 0 { namesSetAtTop.formUnion(target.names) }
    if passes(.symbol("=")) {
      let value = try tuple()
      try expect(.blockEnd)
      return .assignment(target, value)
    }
    if isSymbol("|") { throw fault(.unsupported("a filter of a \"set\" block")) }
    try expect(.blockEnd)
    return .capture(target, try scoped { parser throws(TemplateFault) in try parser.body(until: "endset") })
  }

  /// What has variables of its own, and out of which no loop is left.
  mutating func scoped<Result>(_ body: (inout TemplateParser) throws(TemplateFault) -> Result) throws(TemplateFault) -> Result {
    let depth = loopDepth
    loopDepth = 0
    scopeDepth += 1
    defer {
      loopDepth = depth
      scopeDepth -= 1
    }
    return try body(&self)
  }

  private mutating func target(mayBeAttribute: Bool) throws(TemplateFault) -> TemplateTarget {
    let start = offset
    let isParenthesized = passes(.symbol("("))
    var names = [try assignableName()]
    if mayBeAttribute, !isParenthesized, passes(.symbol(".")) { return .attribute(of: names[0], try name()) }
    var isTuple = false
    while passes(.symbol(",")) {
      isTuple = true
      if isSymbol(")") || isName("in") { break }
      names.append(try assignableName())
    }
    if isParenthesized { try expect(.symbol(")")) }
    if isSymbol(".") || isSymbol(",") { throw TemplateFault(kind: .unsupported("such a target of an assignment"), offset: start) }
    return isTuple ? .names(names) : .name(names[0])
  }

  mutating func assignableName() throws(TemplateFault) -> String {
    let start = offset
    let name = try name()
    guard !["true", "false", "none", "True", "False", "None", "loop"].contains(name) else {
      throw TemplateFault(kind: .syntax("\"\(name)\" cannot be assigned to"), offset: start)
    }
    guard !macroNames.contains(name) else { throw TemplateFault(kind: .unsupported("another meaning of the macro's name \"\(name)\""), offset: start) }
    return name
  }
}

// MARK: - Expressions, the loosest first

extension TemplateParser {
  /// An expression, or several between commas.
  private mutating func tuple(
    withChoice: Bool = true, endingAtRecursive: Bool = false, inParentheses: Bool = false
  ) throws(TemplateFault) -> TemplateExpression {
    let start = offset
    var items: [TemplateExpression] = []
    var isTuple = false
    while true {
      if !items.isEmpty { try expect(.symbol(",")) }
      if isTupleEnd(endingAtRecursive) { break }
      items.append(withChoice ? try expression() : try disjunction())
      guard isSymbol(",") else { break }
      isTuple = true
    }
    if !isTuple {
      if let item = items.first { return item }
      guard inParentheses else { throw fault(.syntax("expected an expression, found \(words)")) }
    }
    return TemplateExpression(kind: .tuple(items), offset: start)
  }

  private func isTupleEnd(_ endingAtRecursive: Bool) -> Bool {
    switch kind {
    case .variableEnd, .blockEnd, .symbol(")"): true
    case .name("recursive"): endingAtRecursive
    default: false
    }
  }

  mutating func expression() throws(TemplateFault) -> TemplateExpression {
    try nested { parser throws(TemplateFault) in
      var expression = try parser.disjunction()
      while parser.isName("if") {
        try parser.descend()
        let start = parser.offset
        parser.advance()
        let condition = try parser.disjunction()
        let otherwise = parser.passes(.name("else")) ? try parser.expression() : nil
        expression = TemplateExpression(kind: .choice(expression, condition: condition, otherwise: otherwise), offset: start)
      }
      return expression
    }
  }

  private mutating func disjunction() throws(TemplateFault) -> TemplateExpression {
    let before = depth
    defer { depth = before }
    var left = try conjunction()
    while isName("or") {
      try descend()
      let start = offset
      advance()
      left = TemplateExpression(kind: .or(left, try conjunction()), offset: start)
    }
    return left
  }

  private mutating func conjunction() throws(TemplateFault) -> TemplateExpression {
    let before = depth
    defer { depth = before }
    var left = try negation()
    while isName("and") {
      try descend()
      let start = offset
      advance()
      left = TemplateExpression(kind: .and(left, try negation()), offset: start)
    }
    return left
  }

  private mutating func negation() throws(TemplateFault) -> TemplateExpression {
    guard isName("not") else { return try comparison() }
    let start = offset
    advance()
    let operand = try nested { parser throws(TemplateFault) in try parser.negation() }
    return TemplateExpression(kind: .not(operand), offset: start)
  }

  private mutating func comparison() throws(TemplateFault) -> TemplateExpression {
    let start = offset
    let left = try sum()
    var others: [(TemplateComparison, TemplateExpression)] = []
    while let comparison = comparisonSign() { others.append((comparison, try sum())) }
    return others.isEmpty ? left : TemplateExpression(kind: .comparison(left, others), offset: start)
  }

  /// Passes the sign of a comparison, if one is next.
  private mutating func comparisonSign() -> TemplateComparison? {
    if passes(.name("in")) { return .isIn }
    if isName("not"), isName("in", ahead: 1) {
      advance()
      advance()
      return .isNotIn
    }
    guard case .symbol(let symbol) = kind, let comparison = TemplateComparison(rawValue: symbol) else { return nil }
    advance()
    return comparison
  }

  private mutating func sum() throws(TemplateFault) -> TemplateExpression {
    let before = depth
    defer { depth = before }
    var left = try joined()
    while case .symbol(let symbol) = kind, symbol == "+" || symbol == "-", let sign = TemplateOperator(rawValue: symbol) {
      try descend()
      let start = offset
      advance()
      left = TemplateExpression(kind: .arithmetic(left, sign, try joined()), offset: start)
    }
    return left
  }

  private mutating func joined() throws(TemplateFault) -> TemplateExpression {
    let start = offset
    var parts = [try product()]
    while passes(.symbol("~")) { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : TemplateExpression(kind: .joined(parts.map { asText($0) }), offset: start)
  }

  /// What `safe` gives escapes what it is put together with (`+`), unless it is only written or joined: there it is a string like any other. Elsewhere it is
  /// refused where it happens, since templates ask for it on ways that a conversation without tools does not take.
  private func asText(_ expression: TemplateExpression) -> TemplateExpression {
    guard case .filter(let inner, .safe, let arguments) = expression.kind else { return expression }
    return TemplateExpression(kind: .filter(inner, .string, arguments), offset: expression.offset)
  }

  private mutating func product() throws(TemplateFault) -> TemplateExpression {
    let before = depth
    defer { depth = before }
    var left = try unary()
    while case .symbol(let symbol) = kind, ["*", "/", "//", "%", "**"].contains(symbol) {
      try descend()
      let start = offset
      guard let sign = TemplateOperator(rawValue: symbol) else { throw fault(.unsupported("the operator \"\(symbol)\"")) }
      advance()
      left = TemplateExpression(kind: .arithmetic(left, sign, try unary()), offset: start)
    }
    return left
  }

  private mutating func unary(withFilter: Bool = true) throws(TemplateFault) -> TemplateExpression {
    let start = offset
    var expression: TemplateExpression
    if passes(.symbol("-")) {
      let operand = try nested { parser throws(TemplateFault) in try parser.unary(withFilter: false) }
      expression = TemplateExpression(kind: .negative(operand), offset: start)
    } else if isSymbol("+") {
      throw fault(.unsupported("the sign \"+\""))
    } else {
      expression = try primary()
    }
    expression = try postfix(expression)
    return withFilter ? try filtered(expression) : expression
  }

  private mutating func primary() throws(TemplateFault) -> TemplateExpression {
    let start = offset
    func made(_ kind: TemplateExpression.Kind) -> TemplateExpression { TemplateExpression(kind: kind, offset: start) }
    switch kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return made(.bool(true))
      case "false", "False": return made(.bool(false))
      case "none", "None": return made(.none)
      default: return try named(name, at: start)
      }
    case .string(var bytes):
      advance()
      while case .string(let more) = kind {
        bytes += more
        advance()
      }
      return made(.text(TemplateText(bytes)))
    case .integer(let value):
      advance()
      return made(.integer(value))
    case .symbol("("):
      advance()
      let inner = try nested { parser throws(TemplateFault) in try parser.tuple(inParentheses: true) }
      try expect(.symbol(")"))
      return inner
    case .symbol("["):
      advance()
      return made(.list(try items(until: "]") { parser throws(TemplateFault) in try parser.expression() }))
    case .symbol("{"):
      advance()
      return made(.mapping(try items(until: "}") { parser throws(TemplateFault) in
        let key = try parser.expression()
        try parser.expect(.symbol(":"))
        return (key: key, value: try parser.expression())
      }))
    default: throw fault(.syntax("unexpected \(words)"))
    }
  }

  /// What stands between commas, up to and with the closing symbol. A last comma may stand alone.
  private mutating func items<Item>(
    until end: String, _ item: (inout TemplateParser) throws(TemplateFault) -> Item
  ) throws(TemplateFault) -> [Item] {
    var items: [Item] = []
    while !passes(.symbol(end)) {
      if !items.isEmpty {
        try expect(.symbol(","))
        if passes(.symbol(end)) { break }
      }
      items.append(try item(&self))
    }
    return items
  }
}

// MARK: - Calls, elements, filters and tests

extension TemplateParser {
  /// A variable, or a call by name.
  private mutating func named(_ name: String, at start: Int) throws(TemplateFault) -> TemplateExpression {
    let isCall = isSymbol("(")
    if macroNames.contains(name) {
      guard isCall else { throw TemplateFault(kind: .unsupported("the macro \"\(name)\" as a value"), offset: start) }
      return TemplateExpression(kind: try macroCall(name), offset: start)
    }
    if namesReadInMacro != nil, namesReadInMacro?[name] == nil { namesReadInMacro?[name] = start }
    return isCall ? try call(name, at: start) : TemplateExpression(kind: .name(name), offset: start)
  }

  private mutating func call(_ name: String, at start: Int) throws(TemplateFault) -> TemplateExpression {
    guard TemplateFunction(rawValue: name) != nil else { throw TemplateFault(kind: .unsupported("the function \"\(name)\""), offset: start) }
    return TemplateExpression(kind: .function(name, try arguments()), offset: start)
  }

  private mutating func postfix(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
    let before = depth
    defer { depth = before }
    var expression = expression
    while true {
      try descend()
      let start = offset
      if passes(.symbol(".")) {
        expression = try member(of: expression, at: start)
      } else if passes(.symbol("[")) {
        expression = try element(of: expression, at: start)
        try expect(.symbol("]"))
      } else if isSymbol("(") {
        throw fault(.unsupported("the call of what is no function's name"))
      } else {
        return expression
      }
    }
  }

  private mutating func member(of expression: TemplateExpression, at start: Int) throws(TemplateFault) -> TemplateExpression {
    if case .integer(let number) = kind {
      advance()
      return TemplateExpression(kind: .element(expression, TemplateExpression(kind: .integer(number), offset: start)), offset: start)
    }
    let name = try name()
    guard isSymbol("(") else { return TemplateExpression(kind: .attribute(expression, name), offset: start) }
    guard TemplateMethod(rawValue: name) != nil else { throw TemplateFault(kind: .unsupported("the method \"\(name)\""), offset: start) }
    return TemplateExpression(kind: .method(expression, name, try arguments()), offset: start)
  }

  private mutating func element(of expression: TemplateExpression, at start: Int) throws(TemplateFault) -> TemplateExpression {
    var from: TemplateExpression?
    if !isSymbol(":") {
      let index = try self.expression()
      if isSymbol(",") { throw fault(.unsupported("an index of several parts")) }
      guard isSymbol(":") else { return TemplateExpression(kind: .element(expression, index), offset: start) }
      from = index
    }
    try expect(.symbol(":"))
    func bound(_ parser: inout TemplateParser) throws(TemplateFault) -> TemplateExpression? {
      parser.isSymbol(":") || parser.isSymbol("]") || parser.isSymbol(",") ? nil : try parser.expression()
    }
    let to = try bound(&self)
    let step = passes(.symbol(":")) ? try bound(&self) : nil
    if isSymbol(",") { throw fault(.unsupported("an index of several parts")) }
    return TemplateExpression(kind: .slice(expression, from: from, to: to, step: step), offset: start)
  }

  mutating func arguments() throws(TemplateFault) -> TemplateArguments {
    try nested { parser throws(TemplateFault) in
      try parser.expect(.symbol("("))
      var arguments = TemplateArguments()
      _ = try parser.items(until: ")") { parser throws(TemplateFault) in
        if parser.isSymbol("*") || parser.isSymbol("**") { throw parser.fault(.unsupported("an argument with \"*\"")) }
        if case .name(let name) = parser.kind, parser.tokens[parser.index + 1].kind == .symbol("=") {
          parser.advance()
          parser.advance()
          arguments.named.append((name, try parser.expression()))
        } else {
          guard arguments.named.isEmpty else { throw parser.fault(.syntax("an argument without a name after one with a name")) }
          arguments.values.append(try parser.expression())
        }
      }
      return arguments
    }
  }

  private mutating func filtered(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
    let before = depth
    defer { depth = before }
    var expression = expression
    while true {
      try descend()
      if passes(.symbol("|")) {
        expression = try filter(expression)
      } else if passes(.name("is")) {
        expression = try test(expression)
      } else if isSymbol("(") {
        throw fault(.unsupported("the call of what is no function's name"))
      } else {
        return expression
      }
    }
  }

  private mutating func filter(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
    let start = offset
    let name = try name()
    guard !isSymbol("."), let filter = TemplateFilter(rawValue: name) else {
      throw TemplateFault(kind: .unsupported("the filter \"\(name)\""), offset: start)
    }
    return TemplateExpression(kind: .filter(expression, filter, isSymbol("(") ? try arguments() : TemplateArguments()), offset: start)
  }

  private mutating func test(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
    let isNegated = passes(.name("not"))
    let start = offset
    let name = try name()
    guard !isSymbol("."), let test = TemplateTest(rawValue: name) else {
      throw TemplateFault(kind: .unsupported("the test \"\(name)\""), offset: start)
    }
    var arguments = TemplateArguments()
    if isSymbol("(") {
      arguments = try self.arguments()
    } else if beginsArgument {
      if isName("is") { throw fault(.syntax("tests with \"is\" cannot be chained")) }
      arguments.values.append(try postfix(try primary()))
    }
    let tested = TemplateExpression(kind: .test(expression, test, arguments), offset: start)
    return isNegated ? TemplateExpression(kind: .not(tested), offset: start) : tested
  }

  /// Whether what is next is the argument of a test, which needs no parentheses.
  private var beginsArgument: Bool {
    switch kind {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .integer, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
