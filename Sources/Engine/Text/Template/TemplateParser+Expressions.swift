/// From what binds loosest to what binds tightest.
extension TemplateParser {
  /// An expression, or several between commas.
  mutating func tuple(
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

  mutating func joined() throws(TemplateFault) -> TemplateExpression {
    let start = offset
    var parts = [try product()]
    while passes(.symbol("~")) { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : TemplateExpression(kind: .joined(parts.map { asText($0) }), offset: start)
  }

  /// What `safe` gives escapes what it is put together with (`+`), unless it is only written or joined: there it is a string like any other. Elsewhere it is
  /// refused where it happens, since templates ask for it on ways that a conversation without tools does not take.
  func asText(_ expression: TemplateExpression) -> TemplateExpression {
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

  mutating func primary() throws(TemplateFault) -> TemplateExpression {
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
  mutating func items<Item>(
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
