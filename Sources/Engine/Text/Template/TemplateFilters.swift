/// What stands behind a `|`. Filters of names that are not here were refused when the template was read.
extension TemplateEvaluator {
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
}
