internal import Artifacts

/// Functions, methods and filters. Those of names that are not here were refused when the template was read.
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
  private mutating func items(of mapping: TemplateMapping, at offset: Int) throws(TemplateFault) -> [TemplateValue] {
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

  private func part(_ value: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateText {
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
  private mutating func charactersToStrip(_ value: TemplateValue?, at offset: Int) throws(TemplateFault) -> TemplateText? {
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

  private mutating func replaced(_ text: TemplateText, _ arguments: [TemplateValue], at offset: Int) throws(TemplateFault) -> TemplateText {
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
  private func recased(_ text: TemplateText, _ name: String, at offset: Int) throws(TemplateFault) -> TemplateText {
    guard text.bytes.allSatisfy({ $0 < 0x80 }) else { throw unsupported("\"\(name)\" of letters beyond ASCII", at: offset) }
    func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
    func upper(_ byte: UInt8) -> UInt8 { (0x61...0x7A).contains(byte) ? byte & ~0x20 : byte }
    switch name {
    case "upper": return text.replaced(by: text.bytes.map(upper))
    case "lower": return text.replaced(by: text.bytes.map(lower))
    default: return text.replaced(by: text.bytes.prefix(1).map(upper) + text.bytes.dropFirst().map(lower))
    }
  }

  private mutating func joined(
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

  // MARK: Filters

  mutating func apply(
    _ filter: TemplateFilter, to value: TemplateValue, _ arguments: TemplateValues, at offset: Int
  ) throws(TemplateFault) -> TemplateValue {
    switch filter {
    case .trim:
      let characters = try charactersToStrip(try arguments.bound(to: ["chars"], at: offset)[0], at: offset)
      let text = try string(value, at: offset)
      try pay(text.bytes.count, at: offset)
      return .text(text.stripped(of: characters, left: true, right: true))
    case .length, .count: return .integer(try length(value, at: offset))
    case .upper, .lower, .capitalize:
      let text = try string(value, at: offset)
      try pay(text.bytes.count, at: offset)
      return .text(try recased(text, filter.rawValue, at: offset))
    case .join:
      let separator = try arguments.bound(to: ["d"], at: offset)[0] ?? .text("")
      return .text(try joined(try iterated(value, at: offset), by: try string(separator, at: offset), isStrict: false, at: offset))
    case .replace:
      let bound = try arguments.bound(to: ["old", "new", "count"], at: offset)
      guard let old = bound[0], let new = bound[1] else { throw failed("\"replace\" takes two strings", at: offset) }
      let text = try string(value, at: offset)
      return .text(try replaced(text, [.text(try string(old, at: offset)), .text(try string(new, at: offset)), bound[2] ?? .none], at: offset))
    case .default, .d:
      let bound = try arguments.bound(to: ["default_value", "boolean"], at: offset)
      let isMissing = value.isUndefined || ((bound[1]?.isTrue ?? false) && !value.isTrue)
      return isMissing ? bound[0] ?? .text("") : value
    case .safe: throw unsupported("the filter \"safe\" in such a place", at: offset)
    case .first, .last, .list, .string, .items:
      guard try arguments.positional(at: offset).isEmpty else { throw failed("\"\(filter.rawValue)\" takes no arguments", at: offset) }
      return try plain(filter, value, at: offset)
    case .dictsort:
      guard try arguments.positional(at: offset).isEmpty else { throw unsupported("\"dictsort\" with arguments", at: offset) }
      return .list(try sortedItems(of: value, at: offset))
    case .tojson: return .text(try json(value, arguments, at: offset))
    case .select, .reject, .selectattr, .rejectattr, .map:
      return .generator(TemplateGenerator(try chosen(filter, try iterated(value, at: offset), arguments, at: offset)))
    }
  }

  /// The pairs by key, in Python's order of the keys in small letters.
  private mutating func sortedItems(of value: TemplateValue, at offset: Int) throws(TemplateFault) -> [TemplateValue] {
    guard case .mapping(let mapping) = value else { throw failed("\(value.typeName) has no items", at: offset) }
    var keys: [(bytes: [UInt8], place: Int)] = []
    for (place, member) in mapping.members.enumerated() {
      try pay(Self.costOfElement + member.key.bytes.count, at: offset)
      keys.append((try recased(member.key, "lower", at: offset).bytes, place))
    }
    let items = try items(of: mapping, at: offset)
    // UTF-8 orders as the characters' numbers do. Equal ones stay in their order.
    keys.sort { $0.bytes == $1.bytes ? $0.place < $1.place : $0.bytes.lexicographicallyPrecedes($1.bytes) }
    return keys.map { items[$0.place] }
  }

  private func length(_ value: TemplateValue, at offset: Int) throws(TemplateFault) -> Int {
    switch value {
    case .undefined: return 0
    case .text(let text): return text.count
    case .list(let items), .tuple(let items): return items.count
    case .mapping(let mapping): return mapping.members.count
    case .view(let view): return view.items.count
    case .loop(let loop): return loop.items.count
    case .none, .bool, .integer, .namespace, .generator, .function: throw failed("\(value.typeName) has no length", at: offset)
    }
  }

  private mutating func plain(_ filter: TemplateFilter, _ value: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateValue {
    switch (filter, value) {
    case (.string, _): return .text(try string(value, at: offset))
    case (.items, .undefined): return .generator(TemplateGenerator([]))
    case (.items, .mapping(let mapping)):
      return .generator(TemplateGenerator(try items(of: mapping, at: offset)))
    case (.items, _): throw failed("\(value.typeName) has no items", at: offset)
    case (.list, _): return .list(try iterated(value, at: offset))
    case (.first, .generator(let generator)): return generator.takeFirst() ?? .undefined("the first of nothing")
    case (.first, _): return try iterated(value, at: offset).first ?? .undefined("the first of nothing")
    case (_, .generator): throw failed("a generator has no last element", at: offset)
    default: return try iterated(value, at: offset).last ?? .undefined("the last of nothing")
    }
  }

  /// What `select`, `reject`, `selectattr`, `rejectattr` keep, or what `map(attribute=…)` finds.
  private mutating func chosen(
    _ filter: TemplateFilter, _ items: [TemplateValue], _ arguments: TemplateValues, at offset: Int
  ) throws(TemplateFault) -> [TemplateValue] {
    if filter == .map {
      guard arguments.positional.isEmpty, arguments.named.count == 1, case .text(let name) = try arguments.bound(to: ["attribute"], at: offset)[0]
      else { throw unsupported("\"map\" with anything but \"attribute\"", at: offset) }
      var values: [TemplateValue] = []
      for item in items { values.append(try member(name, of: item, at: offset)) }
      return values
    }
    var given = try arguments.positional(at: offset)[...]
    let isByMember = filter == .selectattr || filter == .rejectattr
    let name = isByMember ? try part(given.popFirst() ?? .none, at: offset) : nil
    var test: TemplateTest?
    if let word = given.popFirst() {
      let word = try part(word, at: offset)
      guard let known = TemplateTest(rawValue: word.string) else { throw unsupported("the test \"\(word.ownWords())\"", at: offset) }
      test = known
    }
    let keeps = filter == .select || filter == .selectattr
    var kept: [TemplateValue] = []
    for item in items {
      var value = item
      if let name { value = try member(name, of: item, at: offset) }
      var isChosen = value.isTrue
      if let test { isChosen = try holds(test, of: value, Array(given), at: offset) }
      if isChosen == keeps { kept.append(item) }
    }
    return kept
  }

  /// A member by name, or by a path of names.
  private func member(_ path: TemplateText, of item: TemplateValue, at offset: Int) throws(TemplateFault) -> TemplateValue {
    var value = item
    for name in path.split(by: TemplateText(".")) {
      guard !name.bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { throw unsupported("a number as a member's name", at: offset) }
      value = try element(.text(name), of: value, at: offset)
    }
    return value
  }

  // MARK: JSON

  /// As Python's `json.dumps` with `ensure_ascii=False`, which is `transformers`' own filter.
  private mutating func json(_ value: TemplateValue, _ arguments: TemplateValues, at offset: Int) throws(TemplateFault) -> TemplateText {
    let bound = try arguments.bound(to: ["ensure_ascii", "indent"], at: offset)
    if bound[0]?.isTrue ?? false { throw unsupported("\"tojson\" with \"ensure_ascii\"", at: offset) }
    var indent: Int?
    switch bound[1] {
    case nil, .some(.none): break
    case .some(let value):
      guard let number = value.number, (0...16).contains(number) else { throw unsupported("\"tojson\" with such an indent", at: offset) }
      indent = number
    }
    var text = TemplateText()
    try append(value, to: &text, indent: indent, depth: 0, at: offset)
    return text
  }

  private mutating func append(
    _ value: TemplateValue, to text: inout TemplateText, indent: Int?, depth: Int, at offset: Int
  ) throws(TemplateFault) {
    try pay(8 * (1 + depth), at: offset)
    switch value {
    case .none: text.append(TemplateText("null"))
    case .bool(let value): text.append(TemplateText(value ? "true" : "false"))
    case .integer(let value): text.append(TemplateText(String(value)))
    case .text(let string):
      try pay(6 * string.bytes.count, at: offset)
      text.append(string.replaced(by: Self.quotedJSON(string.bytes)))
    case .list(let items), .tuple(let items):
      try appendAll(items, "[", "]", to: &text, indent, depth, at: offset) { (evaluator, item, text) throws(TemplateFault) in
        try evaluator.append(item, to: &text, indent: indent, depth: depth + 1, at: offset)
      }
    case .mapping(let mapping):
      try appendAll(mapping.members, "{", "}", to: &text, indent, depth, at: offset) { (evaluator, member, text) throws(TemplateFault) in
        try evaluator.append(.text(member.key), to: &text, indent: indent, depth: depth + 1, at: offset)
        text.append(TemplateText(": "))
        try evaluator.append(member.value, to: &text, indent: indent, depth: depth + 1, at: offset)
      }
    case .undefined, .namespace, .generator, .view, .loop, .function: throw failed("\(value.typeName) has no JSON form", at: offset)
    }
  }

  private mutating func appendAll<Item>(
    _ items: [Item], _ open: String, _ close: String, to text: inout TemplateText, _ indent: Int?, _ depth: Int, at offset: Int,
    _ body: (inout TemplateEvaluator, Item, inout TemplateText) throws(TemplateFault) -> Void
  ) throws(TemplateFault) {
    guard depth < 100 else { throw TemplateFault(kind: .limit("JSON nested deeper than 100 levels"), offset: offset) }
    func newLine(_ depth: Int) -> String { indent.map { "\n" + String(repeating: " ", count: $0 * depth) } ?? "" }
    text.append(TemplateText(open))
    for (index, item) in items.enumerated() {
      if index > 0 { text.append(TemplateText(indent == nil ? ", " : ",")) }
      text.append(TemplateText(newLine(depth + 1)))
      try body(&self, item, &text)
    }
    text.append(TemplateText(items.isEmpty ? close : newLine(depth) + close))
  }

  private static func quotedJSON(_ bytes: [UInt8]) -> [UInt8] {
    var output = Array("\"".utf8)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x0A: output += Array("\\n".utf8)
      case 0x0D: output += Array("\\r".utf8)
      case 0x09: output += Array("\\t".utf8)
      case 0x08: output += Array("\\b".utf8)
      case 0x0C: output += Array("\\f".utf8)
      case 0..<0x20: output += Array("\\u00\(hexadecimal([byte]))".utf8)
      default: output.append(byte)
      }
    }
    return output + Array("\"".utf8)
  }
}
