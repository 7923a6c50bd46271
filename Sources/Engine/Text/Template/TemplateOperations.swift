/// What Python and Jinja do with values: members, operators, comparisons.
extension TemplateEvaluator {
  func failed(_ words: String, at offset: Int) -> TemplateFault { TemplateFault(kind: .failed(words), offset: offset) }

  func unsupported(_ words: String, at offset: Int) -> TemplateFault { TemplateFault(kind: .unsupported(words), offset: offset) }

  /// Python's `str`, for what has a plain form.
  func string(_ value: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateText {
    switch value {
    case .undefined: return TemplateText()
    case .none: return TemplateText("None")
    case .bool(let value): return TemplateText(value ? "True" : "False")
    case .integer(let value): return TemplateText(String(value))
    case .text(let text): return text
    case .list, .tuple, .mapping, .namespace, .generator, .view, .loop, .function: throw unsupported("\(value.typeName) as text", at: offset)
    }
  }

  mutating func iterated(_ value: TemplateValue, at offset: Int) throws(TemplateFault) -> [TemplateValue] {
    let items: [TemplateValue]
    switch value {
    case .undefined: items = []
    case .text(let text):
      try pay(Self.costOfElement * text.bytes.count, at: offset)
      items = text.characters.map { .text($0) }
    case .list(let list), .tuple(let list): items = list
    case .view(let view): items = view.items
    case .mapping(let mapping): items = mapping.members.map { .text($0.key) }
    case .generator(let generator): items = generator.takeAll()
    default: throw failed("\(value.typeName) cannot be gone through", at: offset)
    }
    try pay(items.count, at: offset)
    return items
  }

  // MARK: Members

  private static let namesOfMappings: Set<String> = [
    "items", "keys", "values", "get", "copy", "pop", "update", "clear", "setdefault", "popitem", "fromkeys",
  ]

  /// `object.name`. A mapping's methods stand before its members, as in Python.
  func attribute(_ name: String, of object: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateValue {
    guard !name.hasPrefix("_") else { throw unsupported("the member \"\(name)\"", at: offset) }
    switch object {
    case .undefined: throw failed("\(object.typeName) has no members", at: offset)
    case .mapping(let mapping):
      guard !Self.namesOfMappings.contains(name) else { throw unsupported("the method \"\(name)\" that is not called", at: offset) }
      return mapping[name] ?? .undefined(name)
    case .namespace(let namespace): return namespace.members[name] ?? .undefined(name)
    case .loop(let loop):
      guard let value = loop[name] else { throw unsupported("\"loop.\(name)\"", at: offset) }
      return value
    case .none: return .undefined(name)
    // A method of theirs, perhaps: to say that it is undefined would be wrong.
    case .bool, .integer, .text, .list, .tuple, .generator, .view, .function:
      throw unsupported("the member \"\(name)\" of \(object.typeName)", at: offset)
    }
  }

  /// `object[index]`. What is not there is undefined.
  func element(_ index: TemplateValue, of object: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateValue {
    switch (object, index) {
    case (.undefined, _): throw failed("\(object.typeName) has no elements", at: offset)
    case (.mapping(let mapping), .text(let key)):
      if let value = mapping[key] { return value }
      guard !Self.namesOfMappings.contains(key.string) else { throw unsupported("the method \"\(key.string)\" by index", at: offset) }
      return .undefined(key.ownWords())
    case (.list(let items), _), (.tuple(let items), _):
      guard let number = index.number else { break }
      let place = number < 0 ? number + items.count : number
      return items.indices.contains(place) ? items[place] : .undefined("element \(number)")
    case (.text(let text), _):
      guard let number = index.number else { break }
      let count = text.count
      let place = number < 0 ? number + count : number
      guard (0..<count).contains(place) else { return .undefined("element \(number)") }
      return .text(text[text.offset(ofCharacter: place)..<text.offset(ofCharacter: place + 1)])
    case (.namespace(let namespace), .text(let key)): return namespace.members[key.string] ?? .undefined(key.ownWords())
    default: break
    }
    throw unsupported("\(index.typeName) as index of \(object.typeName)", at: offset)
  }

  /// Python's slices (`bounds` are from, to and step).
  mutating func slice(_ object: TemplateValue, _ bounds: [TemplateValue?], at offset: Int) throws(TemplateFault) -> TemplateValue {
    var numbers: [Int?] = []
    for bound in bounds {
      switch bound {
      case nil, .some(.none): numbers.append(nil)
      case .some(let value):
        guard let number = value.number else { throw failed("\(value.typeName) as a bound", at: offset) }
        numbers.append(number)
      }
    }
    let step = numbers[2] ?? 1
    guard step != 0 else { throw failed("a step of 0", at: offset) }
    switch object {
    case .list(let items):
      try pay(Self.costOfElement * items.count, at: offset)
      return .list(Self.places(numbers[0], numbers[1], step, items.count).map { items[$0] })
    case .tuple(let items):
      try pay(Self.costOfElement * items.count, at: offset)
      return .tuple(Self.places(numbers[0], numbers[1], step, items.count).map { items[$0] })
    case .text(let text):
      try pay(text.bytes.count * (step == 1 ? 1 : Self.costOfElement), at: offset)
      let places = Self.places(numbers[0], numbers[1], step, text.count)
      if step == 1 {
        guard let first = places.first, let last = places.last else { return .text(TemplateText()) }
        return .text(text[text.offset(ofCharacter: first)..<text.offset(ofCharacter: last + 1)])
      }
      let characters = text.characters
      return .text(places.reduce(into: TemplateText()) { $0.append(characters[$1]) })
    case .undefined: throw failed("\(object.typeName) has no elements", at: offset)
    default: throw unsupported("a slice of \(object.typeName)", at: offset)
    }
  }

  private static func places(_ from: Int?, _ to: Int?, _ step: Int, _ count: Int) -> [Int] {
    func clamped(_ bound: Int, _ low: Int, _ high: Int) -> Int { min(max(bound < 0 ? bound + count : bound, low), high) }
    if step > 0 {
      return Array(stride(from: from.map { clamped($0, 0, count) } ?? 0, to: to.map { clamped($0, 0, count) } ?? count, by: step))
    }
    return Array(stride(from: from.map { clamped($0, -1, count - 1) } ?? count - 1, to: to.map { clamped($0, -1, count - 1) } ?? -1, by: step))
  }

  // MARK: Operators

  mutating func arithmetic(
    _ left: TemplateValue, _ sign: TemplateOperator, _ right: TemplateValue, at offset: Int
  ) throws(TemplateFault) -> TemplateValue {
    if let left = left.number, let right = right.number { return .integer(try integer(left, sign, right, at: offset)) }
    switch (left, sign, right) {
    case (.text(let left), .plus, .text(let right)):
      try pay(left.bytes.count + right.bytes.count, at: offset)
      return .text(left + right)
    case (.list(let left), .plus, .list(let right)):
      try pay(Self.costOfElement * (left.count + right.count), at: offset)
      return .list(left + right)
    case (.undefined, _, _): throw failed(left.typeName + " cannot be reckoned with", at: offset)
    case (_, _, .undefined): throw failed(right.typeName + " cannot be reckoned with", at: offset)
    case (.text, .remainder, _): throw unsupported("a string with \"%\"", at: offset)
    case (.text, .times, _), (_, .times, .text), (.list, .times, _), (_, .times, .list):
      throw unsupported("\"*\" on \(left.typeName) and \(right.typeName)", at: offset)
    default: throw failed("\"\(sign.rawValue)\" between \(left.typeName) and \(right.typeName)", at: offset)
    }
  }

  private func integer(_ left: Int, _ sign: TemplateOperator, _ right: Int, at offset: Int) throws(TemplateFault) -> Int {
    let result: (partialValue: Int, overflow: Bool)
    switch sign {
    case .plus: result = left.addingReportingOverflow(right)
    case .minus: result = left.subtractingReportingOverflow(right)
    case .times: result = left.multipliedReportingOverflow(by: right)
    case .wholeQuotient, .remainder:
      guard right != 0 else { throw failed("division by 0", at: offset) }
      guard right != -1 else { return sign == .remainder ? 0 : try integer(0, .minus, left, at: offset) }
      // Python rounds down, Swift towards 0.
      let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
      let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
      return sign == .remainder ? (isBelow ? remainder + right : remainder) : (isBelow ? quotient - 1 : quotient)
    }
    guard !result.overflow else { throw unsupported("an integer of more than 64 bits", at: offset) }
    return result.partialValue
  }

  mutating func holds(
    _ comparison: TemplateComparison, _ left: TemplateValue, _ right: TemplateValue, at offset: Int
  ) throws(TemplateFault) -> Bool {
    switch comparison {
    case .equal: return try equal(left, right, at: offset)
    case .unequal: return !(try equal(left, right, at: offset))
    case .isIn: return try contains(right, left, at: offset)
    case .isNotIn: return !(try contains(right, left, at: offset))
    case .less: return try isOrdered(left, right, at: offset)
    case .greater: return try isOrdered(right, left, at: offset)
    case .atMost: return !(try isOrdered(right, left, at: offset))
    case .atLeast: return !(try isOrdered(left, right, at: offset))
    }
  }

  mutating func equal(_ left: TemplateValue, _ right: TemplateValue, at offset: Int) throws(TemplateFault) -> Bool {
    for case .view(let view) in [left, right] { throw unsupported("\(view.name) in a comparison", at: offset) }
    var cost = 0
    let isEqual = TemplateValue.equal(left, right, cost: &cost, most: budget)
    try pay(cost, at: offset)
    return isEqual
  }

  /// Whether the left is less than the right. UTF-8 orders as code points do.
  private mutating func isOrdered(_ left: TemplateValue, _ right: TemplateValue, at offset: Int) throws(TemplateFault) -> Bool {
    if let left = left.number, let right = right.number { return left < right }
    guard case (.text(let left), .text(let right)) = (left, right) else {
      throw failed("no order between \(left.typeName) and \(right.typeName)", at: offset)
    }
    try pay(left.bytes.count, at: offset)
    return left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  private mutating func contains(_ container: TemplateValue, _ item: TemplateValue, at offset: Int) throws(TemplateFault) -> Bool {
    switch (container, item) {
    case (.text(let text), .text(let part)):
      try pay(text.bytes.count, at: offset)
      return text.firstPlace(of: part) != nil
    case (.text, _): throw failed("\(item.typeName) cannot be in a string", at: offset)
    case (.mapping(let mapping), .text(let key)): return mapping[key] != nil
    case (.mapping, _): return false
    default:
      for member in try iterated(container, at: offset) where try equal(member, item, at: offset) { return true }
      return false
    }
  }

  // MARK: Tests

  mutating func holds(
    _ test: TemplateTest, of value: TemplateValue, _ arguments: [TemplateValue], at offset: Int
  ) throws(TemplateFault) -> Bool {
    let other = arguments.first
    let wanted = test.takesArgument ? 1 : 0
    guard arguments.count == wanted else { throw failed("the test \"\(test.rawValue)\" takes \(wanted) arguments", at: offset) }
    if let other { return try holds(test, value, other, at: offset) }
    switch (test, value) {
    case (.defined, _): return !value.isUndefined
    case (.undefined, _): return value.isUndefined
    case (.none, .none), (.boolean, .bool), (.string, .text), (.mapping, .mapping), (.integer, .integer), (.number, .integer),
      (.number, .bool), (.isTrue, .bool(true)), (.isFalse, .bool(false)):
      return true
    case (.sequence, .text), (.sequence, .list), (.sequence, .tuple), (.sequence, .mapping), (.sequence, .undefined): return true
    case (.iterable, .text), (.iterable, .list), (.iterable, .tuple), (.iterable, .mapping), (.iterable, .generator), (.iterable, .view),
      (.iterable, .undefined):
      return true
    case (.odd, _), (.even, _):
      guard let number = value.number else { throw failed("\(value.typeName) is neither odd nor even", at: offset) }
      return number.isMultiple(of: 2) == (test == .even)
    case (_, .loop), (_, .namespace), (_, .function), (.sequence, .view):
      throw unsupported("the test \"\(test.rawValue)\" of \(value.typeName)", at: offset)
    default: return false
    }
  }

  private mutating func holds(
    _ test: TemplateTest, _ value: TemplateValue, _ other: TemplateValue, at offset: Int
  ) throws(TemplateFault) -> Bool {
    switch test {
    case .ne, .unequalSign: return try holds(.unequal, value, other, at: offset)
    case .isIn: return try holds(TemplateComparison.isIn, value, other, at: offset)
    case .lt, .lessthan: return try holds(.less, value, other, at: offset)
    case .le: return try holds(.atMost, value, other, at: offset)
    case .gt, .greaterthan: return try holds(.greater, value, other, at: offset)
    case .ge: return try holds(.atLeast, value, other, at: offset)
    case .divisibleby: return try arithmetic(value, .remainder, other, at: offset).number == 0
    default: return try equal(value, other, at: offset)
    }
  }
}

extension TemplateTest {
  fileprivate var takesArgument: Bool {
    switch self {
    case .eq, .equalto, .equalSign, .ne, .unequalSign, .isIn, .divisibleby, .lt, .lessthan, .le, .gt, .greaterthan, .ge: true
    default: false
    }
  }
}
