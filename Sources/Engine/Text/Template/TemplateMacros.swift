/// `{% macro name(a, b=1) %}…{% endmacro %}`: what the body writes for some arguments is the value of a call.
///
/// It sees its arguments, what it sets itself and the variables of the top of the template, as they are when it is called; not those of whoever calls it.
struct TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, preset: TemplateExpression?)]
  let body: [TemplateStatement]
}

// MARK: - Reading

extension TemplateParser {
  /// The names of all macros, which may call each other before they are written. Their names are nothing else, so that a call means what it says.
  static func macroNames(in tokens: [TemplateToken]) -> Set<String> {
    var names: Set<String> = []
    for (index, token) in tokens.enumerated().dropFirst(2) {
      guard case .name(let name) = token.kind, tokens[index - 1].kind == .name("macro"), tokens[index - 2].kind == .blockBegin else { continue }
      names.insert(name)
    }
    return names
  }

  mutating func macro(at start: Int) throws(TemplateFault) -> TemplateStatement.Kind {
    guard scopeDepth == 0 else { throw TemplateFault(kind: .unsupported("a macro that is not at the top of the template"), offset: start) }
    let nameOffset = offset
    let name = try name()
    guard TemplateFunction(rawValue: name) == nil else { throw TemplateFault(kind: .unsupported("a macro of the name \"\(name)\""), offset: nameOffset) }
    namesReadInMacro = [:]
    defer { namesReadInMacro = nil }
    let parameters = try parameters()
    try expect(.blockEnd)
    let body = try scoped { parser throws(TemplateFault) in try parser.body(until: "endmacro") }
    for name in ["caller", "varargs", "kwargs"] {
      // Jinja gives a macro that asks for one of these what was not asked for.
      guard let place = namesReadInMacro?[name] else { continue }
      throw TemplateFault(kind: .unsupported("\"\(name)\" in a macro"), offset: place)
    }
    let own = Set(parameters.map(\.name))
    namesReadByMacros.merge((namesReadInMacro ?? [:]).filter { !own.contains($0.key) }) { first, _ in first }
    return .macro(TemplateMacro(name: name, parameters: parameters, body: body))
  }

  private mutating func parameters() throws(TemplateFault) -> [(name: String, preset: TemplateExpression?)] {
    try expect(.symbol("("))
    var parameters: [(name: String, preset: TemplateExpression?)] = []
    while !passes(.symbol(")")) {
      if !parameters.isEmpty { try expect(.symbol(",")) }
      let start = offset
      let name = try assignableName()
      guard name != "caller", !parameters.contains(where: { $0.name == name }) else {
        throw TemplateFault(kind: .unsupported("such a parameter as \"\(name)\""), offset: start)
      }
      let preset = passes(.symbol("=")) ? try expression() : nil
      if preset == nil, parameters.last?.preset != nil {
        throw TemplateFault(kind: .syntax("the parameter \"\(name)\" without a default after one with a default"), offset: start)
      }
      parameters.append((name, preset))
    }
    return parameters
  }

  mutating func macroCall(_ name: String) throws(TemplateFault) -> TemplateExpression.Kind {
    let start = offset
    let arguments = try arguments()
    let names = arguments.named.map(\.name)
    guard Set(names).count == names.count else { throw TemplateFault(kind: .syntax("an argument of \"\(name)\" stands there twice"), offset: start) }
    return .macro(name, arguments)
  }

  /// A variable that Jinja knows from the start is, where the template sets it, undefined up to that place, for macros too. Nobody means that.
  func refuseHiddenNames() throws(TemplateFault) {
    let given = ["messages", "tools", "documents", "add_generation_prompt"] + ChatSettings.names + TemplateFunction.allCases.map(\.rawValue)
    for name in given where namesSetAtTop.contains(name) {
      guard let place = namesReadByMacros[name] else { continue }
      throw TemplateFault(kind: .unsupported("a macro that reads \"\(name)\", which the template sets,"), offset: place)
    }
  }
}

// MARK: - Running

extension TemplateEvaluator {
  /// Macros may call themselves: less deep than anything that fills the stack.
  private static let mostCalls = 16

  mutating func call(_ name: String, _ arguments: TemplateValues, ofMacroAt offset: Int) throws(TemplateFault) -> TemplateValue {
    guard let macro = macros[name] else { throw failed("the macro \"\(name)\" is called before it is there", at: offset) }
    guard calls < Self.mostCalls else { throw TemplateFault(kind: .limit("macros nested deeper than \(Self.mostCalls) calls"), offset: offset) }
    let given = try bind(arguments, to: macro, at: offset)
    try pay(Self.costOfTurn, at: offset)
    let outer = scopes
    scopes = [scopes[0], [:]]
    calls += 1
    for (parameter, value) in zip(macro.parameters, given) { scopes[1][parameter.name] = value ?? .undefined(parameter.name) }
    for (parameter, value) in zip(macro.parameters, given) where value == nil {
      if let preset = parameter.preset { scopes[1][parameter.name] = try self.value(preset) }
    }
    let text = try captured(macro.body)
    calls -= 1
    scopes = outer
    return .text(text)
  }

  /// The arguments in the order of the parameters; nil for one that is not given.
  private func bind(_ arguments: TemplateValues, to macro: TemplateMacro, at offset: Int) throws(TemplateFault) -> [TemplateValue?] {
    guard arguments.positional.count <= macro.parameters.count else {
      throw failed("\"\(macro.name)\" takes no more than \(macro.parameters.count) arguments", at: offset)
    }
    var values: [TemplateValue?] = arguments.positional
    for parameter in macro.parameters.dropFirst(values.count) { values.append(arguments.named.first { $0.name == parameter.name }?.value) }
    let free = Set(macro.parameters.dropFirst(arguments.positional.count).map(\.name))
    if let name = arguments.named.first(where: { !free.contains($0.name) })?.name {
      throw failed("\"\(macro.name)\" takes no argument \"\(name)\" here", at: offset)
    }
    return values
  }
}
