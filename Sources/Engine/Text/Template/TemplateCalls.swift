/// Functions and methods. Those of names that are not here were refused when the template was read.
extension TemplateEvaluator {
  // MARK: Functions

  mutating func call(_ name: String, _ arguments: TemplateValues, at offset: Int) throws(TemplateFault) -> TemplateValue {
    switch TemplateFunction(rawValue: name) {
    case .raise:
      let words = try string(try arguments.bound(to: ["message"], at: offset)[0] ?? .text(""), at: offset)
      throw TemplateFault(kind: .raised(words.ownWords()), offset: offset)
    case .namespace:
      guard arguments.positional.isEmpty else { throw unsupported("a namespace made of another value", at: offset) }
      let namespace = TemplateNamespace()
      for (name, value) in arguments.named {
        try refuseNamespace(value, at: offset)
        namespace.members[name] = value
      }
      return .namespace(namespace)
    case .range: return try range(try arguments.positional(at: offset), at: offset)
    case .now: throw unsupported("\"strftime_now\", since a clock would make other tokens every day,", at: offset)
    case nil: throw unsupported("the function \"\(name)\"", at: offset)
    }
  }

  /// Jinja's sandbox makes no longer ones.
  private static let longestRange = 100_000

  private mutating func range(_ arguments: [TemplateValue], at offset: Int) throws(TemplateFault) -> TemplateValue {
    let numbers = arguments.compactMap(\.number)
    guard numbers.count == arguments.count, (1...3).contains(numbers.count), numbers.count < 3 || numbers[2] != 0 else {
      throw failed("\"range\" takes one to three integers", at: offset)
    }
    let (from, to) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
    let places = stride(from: from, to: to, by: numbers.count == 3 ? numbers[2] : 1)
    var values: [TemplateValue] = []
    for place in places {
      guard values.count < Self.longestRange else {
        throw TemplateFault(kind: .limit("a range of more than \(Self.longestRange) integers"), offset: offset)
      }
      values.append(.integer(place))
    }
    try pay(Self.costOfElement * values.count, at: offset)
    return .view(TemplateView(items: values, name: "a range"))
  }

  // MARK: Methods

  mutating func call(
    _ name: String, of object: TemplateValue, _ arguments: TemplateValues, at offset: Int
  ) throws(TemplateFault) -> TemplateValue {
    guard let method = TemplateMethod(rawValue: name) else { throw unsupported("the method \"\(name)\"", at: offset) }
    switch object {
    case .text(let text):
      try pay(text.bytes.count, at: offset)
      return try call(method, of: text, try arguments.positional(at: offset), at: offset)
    case .mapping(let mapping): return try call(method, of: mapping, try arguments.positional(at: offset), at: offset)
    case .undefined: throw failed("\(object.typeName) has no method \"\(name)\"", at: offset)
    default: throw unsupported("the method \"\(name)\" of \(object.typeName)", at: offset)
    }
  }

  private mutating func call(
    _ method: TemplateMethod, of mapping: TemplateMapping, _ arguments: [TemplateValue], at offset: Int
  ) throws(TemplateFault) -> TemplateValue {
    switch (method, arguments.count) {
    case (.get, 1...2):
      guard case .text(let key) = arguments[0] else { throw failed("a key that is \(arguments[0].typeName)", at: offset) }
      return mapping[key] ?? (arguments.count == 2 ? arguments[1] : .none)
    case (.items, 0): return .view(TemplateView(items: try items(of: mapping, at: offset), name: "a view of items"))
    case (.keys, 0):
      try pay(Self.costOfElement * mapping.members.count, at: offset)
      return .view(TemplateView(items: mapping.members.map { .text($0.key) }, name: "a view of keys"))
    case (.values, 0):
      try pay(Self.costOfElement * mapping.members.count, at: offset)
      return .view(TemplateView(items: mapping.members.map(\.value), name: "a view of values"))
    default: throw unsupported("the method \"\(method.rawValue)\" of a mapping with \(arguments.count) arguments", at: offset)
    }
  }

  /// A pair for each member.
  mutating func items(of mapping: TemplateMapping, at offset: Int) throws(TemplateFault) -> [TemplateValue] {
    try pay(2 * Self.costOfElement * mapping.members.count, at: offset)
    return mapping.members.map { .tuple([.text($0.key), $0.value]) }
  }

  private mutating func call(
    _ method: TemplateMethod, of text: TemplateText, _ arguments: [TemplateValue], at offset: Int
  ) throws(TemplateFault) -> TemplateValue {
    switch (method, arguments.count) {
    case (.strip, 0...1), (.lstrip, 0...1), (.rstrip, 0...1):
      let characters = try charactersToStrip(arguments.first, at: offset)
      return .text(text.stripped(of: characters, left: method != .rstrip, right: method != .lstrip))
    case (.split, 0...2): return .list(try split(text, arguments, at: offset).map { .text($0) })
    case (.startswith, 1), (.endswith, 1):
      for part in try parts(arguments[0], at: offset) {
        if method == .startswith ? text.bytes.starts(with: part.bytes) : text.bytes.reversed().starts(with: part.bytes.reversed()) {
          return .bool(true)
        }
      }
      return .bool(false)
    case (.replace, 2...3): return .text(try replaced(text, arguments, at: offset))
    case (.upper, 0), (.lower, 0), (.capitalize, 0): return .text(try recased(text, method.rawValue, at: offset))
    case (.join, 1): return .text(try joined(try iterated(arguments[0], at: offset), by: text, isStrict: true, at: offset))
    case (.find, 1):
      guard let place = text.firstPlace(of: try part(arguments[0], at: offset)) else { return .integer(-1) }
      return .integer(text[0..<place.lowerBound].count)
    case (.removeprefix, 1):
      let part = try part(arguments[0], at: offset)
      return .text(text.bytes.starts(with: part.bytes) ? text[part.bytes.count..<text.bytes.count] : text)
    case (.removesuffix, 1):
      let part = try part(arguments[0], at: offset)
      let ends = text.bytes.reversed().starts(with: part.bytes.reversed())
      return .text(ends ? text[0..<text.bytes.count - part.bytes.count] : text)
    default: throw unsupported("the method \"\(method.rawValue)\" of a string with \(arguments.count) arguments", at: offset)
    }
  }

  func part(_ value: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateText {
    guard case .text(let text) = value else { throw failed("\(value.typeName) where a string is asked for", at: offset) }
    return text
  }

  private func parts(_ value: TemplateValue, at offset: Int) throws(TemplateFault) -> [TemplateText] {
    guard case .tuple(let values) = value else { return [try part(value, at: offset)] }
    var parts: [TemplateText] = []
    for value in values { parts.append(try part(value, at: offset)) }
    return parts
  }

  /// The characters to strip; nil for white space.
  private func characters(_ value: TemplateValue?, at offset: Int) throws(TemplateFault) -> TemplateText? {
    switch value {
    case nil, .some(.none): nil
    case .some(let value): try part(value, at: offset)
    }
  }

  /// Paid for, since they are made a set.
  mutating func charactersToStrip(_ value: TemplateValue?, at offset: Int) throws(TemplateFault) -> TemplateText? {
    guard let characters = try characters(value, at: offset) else { return nil }
    try pay(Self.costOfElement * characters.bytes.count, at: offset)
    return characters
  }

  private mutating func split(_ text: TemplateText, _ arguments: [TemplateValue], at offset: Int) throws(TemplateFault) -> [TemplateText] {
    guard let separator = try characters(arguments.first, at: offset) else {
      try pay(Self.costOfElement * text.bytes.count / 2, at: offset)
      guard arguments.count < 2 else { throw unsupported("\"split\" at white space with a bound", at: offset) }
      return text.splitAtSpaces()
    }
    guard !separator.isEmpty else { throw failed("an empty separator", at: offset) }
    try pay(2 * text.bytes.count + Self.costOfElement * text.countOfParts(by: separator), at: offset)
    return text.split(by: separator, most: try bound(arguments.dropFirst().first, at: offset))
  }

  mutating func replaced(_ text: TemplateText, _ arguments: [TemplateValue], at offset: Int) throws(TemplateFault) -> TemplateText {
    let (old, new) = (try part(arguments[0], at: offset), try part(arguments[1], at: offset))
    guard !old.isEmpty else { throw unsupported("\"replace\" of an empty string", at: offset) }
    let most = try bound(arguments.dropFirst(2).first, at: offset)
    // Paid before it is made: a short text may become a long one.
    try pay(2 * text.bytes.count + (Self.costOfElement + new.bytes.count) * text.countOfParts(by: old), at: offset)
    return text.replacing(old, by: new, most: most)
  }

  /// How many at most; a negative number or none is no bound.
  private func bound(_ value: TemplateValue?, at offset: Int) throws(TemplateFault) -> Int {
    guard let value else { return .max }
    if case .none = value { return .max }
    guard let number = value.number else { throw failed("\(value.typeName) where a count is asked for", at: offset) }
    return number < 0 ? .max : number
  }

  /// Letters beyond ASCII change by tables that are another with every version of Unicode.
  func recased(_ text: TemplateText, _ name: String, at offset: Int) throws(TemplateFault) -> TemplateText {
    guard text.bytes.allSatisfy({ $0 < 0x80 }) else { throw unsupported("\"\(name)\" of letters beyond ASCII", at: offset) }
    func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
    func upper(_ byte: UInt8) -> UInt8 { (0x61...0x7A).contains(byte) ? byte & ~0x20 : byte }
    switch name {
    case "upper": return text.replaced(by: text.bytes.map(upper))
    case "lower": return text.replaced(by: text.bytes.map(lower))
    default: return text.replaced(by: text.bytes.prefix(1).map(upper) + text.bytes.dropFirst().map(lower))
    }
  }

  mutating func joined(
    _ items: [TemplateValue], by separator: TemplateText, isStrict: Bool, at offset: Int
  ) throws(TemplateFault) -> TemplateText {
    var text = TemplateText()
    for (index, item) in items.enumerated() {
      let part = isStrict ? try part(item, at: offset) : try string(item, at: offset)
      try pay(separator.bytes.count + part.bytes.count, at: offset)
      if index > 0 { text.append(separator) }
      text.append(part)
    }
    return text
  }
}
