extension TemplateParser {
  /// Statements up to a block of one of these names, whose name is then next.
  mutating func statements(until ends: [String]) throws(TemplateFault) -> [TemplateStatement] {
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

  mutating func block() throws(TemplateFault) -> TemplateStatement.Kind {
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

  mutating func choice() throws(TemplateFault) -> TemplateStatement.Kind {
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
