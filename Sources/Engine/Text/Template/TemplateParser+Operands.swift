/// What stands next to a value: calls, elements, filters and tests.
extension TemplateParser {
  /// A variable, or a call by name.
  mutating func named(_ name: String, at start: Int) throws(TemplateFault) -> TemplateExpression {
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

  mutating func postfix(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
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

  mutating func filtered(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
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

  mutating func filter(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateExpression {
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
