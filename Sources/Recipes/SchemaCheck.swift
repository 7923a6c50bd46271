internal import Artifacts

/// Holds a document against a shape: fills in defaults and notes everything that does not fit.
struct SchemaCheck {
  private(set) var errors: [RecipeError] = []

  /// Nil where the value as a whole cannot be used; a record comes back with the members that can. `key` is what errors call it.
  mutating func check(_ node: DocumentNode, _ shape: Shape, key: String) -> Setting? {
    switch shape {
    case .record(let record): members(of: node, key: key).map { check($0, record, key: key, place: node.place) }
    case .named(let noun, let shape): members(of: node, key: key).map { check($0, named: noun, shape, key: key, place: node.place) }
    case .list(let shape, let atLeast): check(node, listOf: shape, atLeast: atLeast, key: key)
    case .either(let scalar, let collection): check(node, scalar, or: collection, key: key)
    default: scalar(node, shape, key: key).map { Setting(place: node.place, value: $0) }
    }
  }

  private mutating func check(_ node: DocumentNode, _ scalar: Shape, or collection: Shape, key: String) -> Setting? {
    switch (node.content, collection) {
    case (.scalar(let text, _), .integer) where Int64(text) != nil: return check(node, collection, key: key)
    case (.scalar(let text, _), _) where !node.isNothing && (!collection.isScalar || scalar.mayBeWord(text)): return check(node, scalar, key: key)
    case (.list, .list), (.mapping, .record): return check(node, collection, key: key)
    default:
      note(.wrongValue(key: key, expected: "\(scalar.expectation), or \(collection.expectation)", found: node.found), at: node.place)
      return nil
    }
  }

  mutating func note(_ problem: RecipeError.Problem, at place: Place) {
    errors.append(RecipeError(problem, at: place))
  }

  // MARK: Mappings

  private mutating func members(of node: DocumentNode, key: String) -> [DocumentNode.Member]? {
    guard case .mapping(let members) = node.content else {
      note(.wrongValue(key: key, expected: "a mapping", found: node.found), at: node.place)
      return nil
    }
    var seen: Set<String> = []
    return members.filter { member in
      let isNew = seen.insert(member.key).inserted
      if !isNew { note(.duplicateKey(member.key), at: member.keyPlace) }
      return isNew
    }
  }

  private mutating func check(_ given: [DocumentNode.Member], _ record: Record, key: String, place: Place) -> Setting {
    for member in given where !record.fields.contains(where: { $0.key == member.key }) { refuse(member, by: record, within: key) }
    var members: [Setting.Member] = []
    for field in record.fields {
      if let member = given.first(where: { $0.key == field.key }) {
        guard let setting = check(member.value, field.shape, key: field.key) else { continue }
        members.append(Setting.Member(key: field.key, keyPlace: member.keyPlace, setting: setting))
      } else if case .standard(let value) = field.presence {
        guard let setting = check(DocumentNode(value, at: place), field.shape, key: field.key) else { continue }
        members.append(Setting.Member(key: field.key, keyPlace: place, setting: setting))
      } else if case .required = field.presence {
        note(.missingKey(field.key, within: key), at: place)
      }
    }
    if record.keys == .exactlyOne { checkExactlyOne(given, record, key: key, place: place) }
    return Setting(place: place, value: .members(members))
  }

  private mutating func refuse(_ member: DocumentNode.Member, by record: Record, within key: String) {
    if let later = record.later.first(where: { $0.key == member.key }) {
      note(.notInThisVersion(later.key, instead: later.instead), at: member.keyPlace)
    } else {
      note(.unknownKey(member.key, within: key, known: record.fields.map(\.key)), at: member.keyPlace)
    }
  }

  /// An unknown key alone has been told already, with the nearest known one.
  private mutating func checkExactlyOne(_ given: [DocumentNode.Member], _ record: Record, key: String, place: Place) {
    let known = given.filter { member in record.fields.contains { $0.key == member.key } }
    guard known.count != 1, given.isEmpty || known.count > 1 else { return }
    note(.notExactlyOne(of: record.fields.map(\.key), within: key), at: known.dropFirst().first?.keyPlace ?? place)
  }

  private mutating func check(_ given: [DocumentNode.Member], named noun: String, _ shape: Shape, key: String, place: Place) -> Setting {
    var members: [Setting.Member] = []
    for member in given {
      if !TextForm.name.accepts(member.key) {
        let found = "\"\(member.key.prefix(60))\""
        note(.wrongValue(key: "name of a \(noun)", expected: TextForm.name.expectation, found: found), at: member.keyPlace)
      }
      guard let setting = check(member.value, shape, key: "\(key).\(member.key)") else { continue }
      members.append(Setting.Member(key: member.key, keyPlace: member.keyPlace, setting: setting))
    }
    return Setting(place: place, value: .members(members))
  }

  // MARK: Lists and scalars

  private mutating func check(_ node: DocumentNode, listOf shape: Shape, atLeast: Int, key: String) -> Setting? {
    guard case .list(let nodes) = node.content else {
      note(.wrongValue(key: key, expected: "a list", found: node.found), at: node.place)
      return nil
    }
    guard nodes.count >= atLeast else {
      note(.wrongValue(key: key, expected: atLeast == 1 ? "at least one value" : "\(atLeast) values", found: "\(nodes.count)"), at: node.place)
      return nil
    }
    var settings: [Setting] = []
    for node in nodes {
      if let setting = check(node, shape, key: key) { settings.append(setting) }
    }
    return Setting(place: node.place, value: .list(settings))
  }

  private mutating func scalar(_ node: DocumentNode, _ shape: Shape, key: String) -> Setting.Value? {
    guard case .scalar(let text, let isPlain) = node.content, !node.isNothing else {
      note(.wrongValue(key: key, expected: shape.expectation, found: node.found), at: node.place)
      return nil
    }
    if case .word(let words, let later) = shape { return word(text, words, later, key: key, place: node.place) }
    guard isPlain || shape.mayBeQuoted, let value = shape.value(of: text) else {
      note(.wrongValue(key: key, expected: shape.expectation, found: node.found), at: node.place)
      return nil
    }
    return value
  }

  private mutating func word(_ text: String, _ words: [String], _ later: [String], key: String, place: Place) -> Setting.Value? {
    if words.contains(text) { return .text(text) }
    note(later.contains(text) ? .notInThisVersion("\(key): \(text)", instead: nil) : .unknownWord(key: key, word: text, known: words), at: place)
    return nil
  }
}
