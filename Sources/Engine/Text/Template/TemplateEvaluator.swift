/// Renders a template: statements to text. A value, used once.
///
/// It cannot run for ever or fill the memory, whatever the template is: there is no recursion but that of the syntax, whose depth the parser
/// bounds, and that of macros, which is bounded here, and each step and each byte that is made is paid for out of `budget`.
struct TemplateEvaluator {
  /// What a rendering may cost. A conversation of ten thousand turns costs less than a tenth.
  static let fullBudget = 1 << 27
  private static let costOfStep = 32
  /// Of each value that is put into a new list: about what it takes of memory.
  static let costOfElement = 64
  /// A turn of a loop makes a scope.
  static let costOfTurn = 128

  /// What was written.
  private(set) var output = TemplateText()
  /// Where `{% generation %}` blocks wrote, in the output's bytes.
  private(set) var generated: [Range<Int>] = []
  /// Where a loop over messages wrote while it stood at a message; nil for a message at which more than one loop wrote.
  private(set) var written: [Int: Range<Int>?] = [:]

  private(set) var budget: Int
  var scopes: [[String: TemplateValue]]
  /// Those whose place was passed.
  var macros: [String: TemplateMacro] = [:]
  /// How many calls of macros are open.
  var calls = 0
  /// How many captures are open: what they hold is not yet in the output.
  private var captures = 0
  private var isAtMessage = false
  private var depth = 0
  private static let deepest = 200
  /// How many values were made of values that are made of values. A value is no deeper than this, so that letting it go fits the stack.
  private var nestings = 0
  private static let mostNestings = 1000

  init(variables: [String: TemplateValue], budget: Int = fullBudget) {
    scopes = [variables]
    self.budget = budget
  }

  /// Pays for work that is done.
  mutating func pay(_ cost: Int, at offset: Int) throws(TemplateFault) {
    budget -= cost
    if budget < 0 { throw TemplateFault(kind: .limit("the template takes too much work"), offset: offset) }
  }

  enum Flow { case onward, breaks, continues }
}

// MARK: - Statements

extension TemplateEvaluator {
  mutating func run(_ statements: [TemplateStatement]) throws(TemplateFault) -> Flow {
    for statement in statements {
      let flow = try run(statement)
      guard flow == .onward else { return flow }
    }
    return .onward
  }

  private mutating func run(_ statement: TemplateStatement) throws(TemplateFault) -> Flow {
    let offset = statement.offset
    try pay(Self.costOfStep, at: offset)
    switch statement.kind {
    case .data(let data): try write(TemplateText(data), at: offset)
    case .output(let expression): try write(try string(try value(expression), at: expression.offset), at: offset)
    case .choice(let branches, let otherwise):
      for (condition, body) in branches where try value(condition).isTrue { return try run(body) }
      return try run(otherwise)
    case .loop(let loop): return try run(loop)
    case .assignment(let target, let expression): try assign(try value(expression), to: target, at: offset)
    case .capture(let target, let body): try assign(.text(try captured(body)), to: target, at: offset)
    case .generation(let body): try runGeneration(body, at: offset)
    case .macro(let macro): macros[macro.name] = macro
    case .breakLoop: return .breaks
    case .continueLoop: return .continues
    }
    return .onward
  }

  private mutating func write(_ text: TemplateText, at offset: Int) throws(TemplateFault) {
    try pay(text.bytes.count, at: offset)
    output.append(text)
  }

  mutating func captured(_ body: [TemplateStatement]) throws(TemplateFault) -> TemplateText {
    let before = output
    output = TemplateText()
    captures += 1
    scopes.append([:])
    _ = try run(body)
    scopes.removeLast()
    captures -= 1
    defer { output = before }
    return output
  }

  private mutating func runGeneration(_ body: [TemplateStatement], at offset: Int) throws(TemplateFault) {
    guard captures == 0 else { throw TemplateFault(kind: .unsupported("\"generation\" within a \"set\" block"), offset: offset) }
    let start = output.bytes.count
    scopes.append([:])
    let flow = try run(body)
    guard flow == .onward else { throw TemplateFault(kind: .unsupported("a jump out of \"generation\""), offset: offset) }
    scopes.removeLast()
    generated.append(start..<output.bytes.count)
  }

  private mutating func run(_ loop: TemplateLoop) throws(TemplateFault) -> Flow {
    var items = try iterated(try value(loop.items), at: loop.items.offset)
    if let condition = loop.condition { items = try filtered(items, loop.target, by: condition) }
    // Jinja runs `else` unless some turn of the body came to its end, and so also where all of them were cut short.
    var isCompleted = false
    for index in items.indices {
      try pay(Self.costOfTurn, at: loop.items.offset)
      let state = TemplateLoopState(items: items, index: index)
      scopes.append(["loop": .loop(state)])
      try assign(items[index], to: loop.target, at: loop.items.offset)
      let flow = try runNotingMessage(items[index], loop.body)
      scopes.removeLast()
      if flow == .onward { isCompleted = true }
      if flow == .breaks { break }
    }
    // A jump there is one of the loop around this one.
    return isCompleted ? .onward : try run(loop.otherwise)
  }

  private mutating func filtered(
    _ items: [TemplateValue], _ target: TemplateTarget, by condition: TemplateExpression
  ) throws(TemplateFault) -> [TemplateValue] {
    var kept: [TemplateValue] = []
    for item in items {
      try pay(Self.costOfTurn, at: condition.offset)
      scopes.append([:])
      try assign(item, to: target, at: condition.offset)
      if try value(condition).isTrue { kept.append(item) }
      scopes.removeLast()
    }
    return kept
  }

  /// Runs the body of a loop once, and notes what it wrote if it stands at a message.
  private mutating func runNotingMessage(_ item: TemplateValue, _ body: [TemplateStatement]) throws(TemplateFault) -> Flow {
    guard captures == 0, !isAtMessage, case .mapping(let mapping) = item, let message = mapping.messageIndex else { return try run(body) }
    let start = output.bytes.count
    isAtMessage = true
    let flow = try run(body)
    isAtMessage = false
    if output.bytes.count > start {
      written.updateValue(written[message] == nil ? start..<output.bytes.count : nil, forKey: message)
    }
    return flow
  }

  private mutating func assign(_ value: TemplateValue, to target: TemplateTarget, at offset: Int) throws(TemplateFault) {
    switch target {
    case .name(let name): scopes[scopes.count - 1][name] = value
    case .names(let names):
      let parts = try iterated(value, at: offset)
      guard parts.count == names.count else {
        throw TemplateFault(kind: .failed("\(parts.count) values for \(names.count) names"), offset: offset)
      }
      for (name, part) in zip(names, parts) { scopes[scopes.count - 1][name] = part }
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = variable(name) else {
        throw TemplateFault(kind: .failed("\"\(name)\" is no namespace, and so \"\(name).\(attribute)\" cannot be set"), offset: offset)
      }
      guard !attribute.hasPrefix("_") else { throw TemplateFault(kind: .unsupported("the member \"\(attribute)\""), offset: offset) }
      try refuseNamespace(value, at: offset)
      namespace.members[attribute] = value
    }
  }

  private func variable(_ name: String) -> TemplateValue {
    for scope in scopes.reversed() {
      if let value = scope[name] { return value }
    }
    if let function = TemplateFunction(rawValue: name), function != .now { return .function(function) }
    return .undefined(name)
  }
}

// MARK: - Expressions

extension TemplateEvaluator {
  mutating func value(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateValue {
    let offset = expression.offset
    try pay(Self.costOfStep, at: offset)
    guard depth < Self.deepest else { throw TemplateFault(kind: .limit("nested deeper than \(Self.deepest) levels"), offset: offset) }
    depth += 1
    defer { depth -= 1 }
    switch expression.kind {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .text(let text): return .text(text)
    case .name(let name): return try named(name, at: offset)
    case .list(let items): return .list(try nested(try values(items), at: offset))
    case .tuple(let items): return .tuple(try nested(try values(items), at: offset))
    case .mapping(let members): return .mapping(try mapping(members))
    case .attribute(let object, let name): return try attribute(name, of: try value(object), at: offset)
    case .element(let object, let index): return try element(try value(index), of: try value(object), at: offset)
    case .slice(let object, let from, let to, let step):
      let bounds = [try valueIfGiven(from), try valueIfGiven(to), try valueIfGiven(step)]
      return try slice(try value(object), bounds, at: offset)
    case .function(let name, let arguments): return try call(name, try evaluated(arguments), at: offset)
    case .macro(let name, let arguments): return try call(name, try evaluated(arguments), ofMacroAt: offset)
    case .method(let object, let name, let arguments): return try call(name, of: try value(object), try evaluated(arguments), at: offset)
    case .filter(let object, let filter, let arguments): return try apply(filter, to: try value(object), try evaluated(arguments), at: offset)
    case .test(let object, let test, let arguments):
      return .bool(try holds(test, of: try value(object), try evaluated(arguments).positional(at: offset), at: offset))
    case .not(let operand): return .bool(!(try value(operand).isTrue))
    case .negative(let operand): return try arithmetic(.integer(0), .minus, try value(operand), at: offset)
    case .arithmetic(let left, let sign, let right): return try arithmetic(try value(left), sign, try value(right), at: offset)
    case .joined(let parts):
      var text = TemplateText()
      for part in parts {
        let more = try string(try value(part), at: part.offset)
        // Each before it is taken: together they may be more than there is room for.
        try pay(more.bytes.count, at: offset)
        text.append(more)
      }
      return .text(text)
    case .comparison(let left, let others): return .bool(try compare(left, others))
    case .and(let left, let right):
      let value = try value(left)
      return value.isTrue ? try self.value(right) : value
    case .or(let left, let right):
      let value = try value(left)
      return value.isTrue ? value : try self.value(right)
    case .choice(let then, let condition, let otherwise):
      if try value(condition).isTrue { return try value(then) }
      return try valueIfGiven(otherwise) ?? .undefined("the inline if without else")
    }
  }

  private mutating func valueIfGiven(_ expression: TemplateExpression?) throws(TemplateFault) -> TemplateValue? {
    guard let expression else { return nil }
    return try value(expression)
  }

  private mutating func values(_ expressions: [TemplateExpression]) throws(TemplateFault) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try value(expression)) }
    return values
  }

  /// A namespace is no part of anything: it can be changed, and could hold itself.
  func refuseNamespace(_ value: TemplateValue, at offset: Int) throws(TemplateFault) {
    switch value {
    case .namespace, .loop: throw TemplateFault(kind: .unsupported("\(value.typeName) as a part of another value"), offset: offset)
    default: break
    }
  }

  /// Values that become parts of another.
  private mutating func nested(_ values: [TemplateValue], at offset: Int) throws(TemplateFault) -> [TemplateValue] {
    guard values.contains(where: \.isContainer) else { return values }
    for value in values {
      try refuseNamespace(value, at: offset)
      // What holds one could be compared with what holds another, which is by other rules than for lists.
      if case .view = value { throw TemplateFault(kind: .unsupported("\(value.typeName) as a part of another value"), offset: offset) }
    }
    nestings += 1
    guard nestings <= Self.mostNestings else { throw TemplateFault(kind: .limit("too many values within values"), offset: offset) }
    return values
  }

  private func named(_ name: String, at offset: Int) throws(TemplateFault) -> TemplateValue {
    let value = variable(name)
    // Jinja has these, so that to call them undefined would be wrong.
    if value.isUndefined, ["dict", "lipsum", "cycler", "joiner"].contains(name) {
      throw TemplateFault(kind: .unsupported("the function \"\(name)\""), offset: offset)
    }
    return value
  }

  private mutating func mapping(_ members: [(key: TemplateExpression, value: TemplateExpression)]) throws(TemplateFault) -> TemplateMapping {
    var mapping = TemplateMapping()
    for (key, member) in members {
      guard case .text(let name) = try value(key) else { throw TemplateFault(kind: .unsupported("a key that is no string"), offset: key.offset) }
      try pay(Self.costOfStep * (1 + mapping.members.count), at: key.offset)
      mapping.set(name, to: try nested([try value(member)], at: member.offset)[0])
    }
    return mapping
  }

  private mutating func evaluated(_ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValues {
    var evaluated = TemplateValues(positional: try values(arguments.values))
    for (name, expression) in arguments.named { evaluated.named.append((name, try value(expression))) }
    return evaluated
  }

  private mutating func compare(
    _ left: TemplateExpression, _ others: [(TemplateComparison, TemplateExpression)]
  ) throws(TemplateFault) -> Bool {
    var left = try value(left)
    for (comparison, expression) in others {
      let right = try value(expression)
      guard try holds(comparison, left, right, at: expression.offset) else { return false }
      left = right
    }
    return true
  }
}

/// The values that a function, filter or method is called with.
struct TemplateValues {
  var positional: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []

  func positional(at offset: Int) throws(TemplateFault) -> [TemplateValue] {
    if let name = named.first?.name { throw TemplateFault(kind: .unsupported("the argument \"\(name)\""), offset: offset) }
    return positional
  }

  /// In the order of the parameters' names; nil for one that is not given.
  func bound(to names: [String], at offset: Int) throws(TemplateFault) -> [TemplateValue?] {
    guard positional.count <= names.count else { throw TemplateFault(kind: .failed("too many arguments"), offset: offset) }
    var values: [TemplateValue?] = positional + Array(repeating: nil, count: names.count - positional.count)
    for (name, value) in named {
      guard let index = names.firstIndex(of: name), values[index] == nil else {
        throw TemplateFault(kind: .unsupported("the argument \"\(name)\""), offset: offset)
      }
      values[index] = value
    }
    return values
  }
}
