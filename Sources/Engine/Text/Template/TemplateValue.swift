/// A value of a template's world, as Python has it.
indirect enum TemplateValue {
  /// What a name or member that is not there gives, with its name for the message.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case text(TemplateText)
  case list([TemplateValue])
  case tuple([TemplateValue])
  case mapping(TemplateMapping)
  case namespace(TemplateNamespace)
  case generator(TemplateGenerator)
  case view(TemplateView)
  case loop(TemplateLoopState)
  case function(TemplateFunction)

  static func text(_ text: String) -> TemplateValue { .text(TemplateText(text)) }

  /// For messages: what Python would call it.
  var typeName: String {
    switch self {
    case .undefined(let name): "\"\(name)\", which is undefined,"
    case .none: "none"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .text: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .mapping: "a mapping"
    case .namespace: "a namespace"
    case .generator: "a generator"
    case .view(let view): view.name
    case .loop: "a loop"
    case .function: "a function"
    }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .mapping(let mapping): !mapping.members.isEmpty
    case .view(let view): !view.items.isEmpty
    case .loop(let loop): !loop.items.isEmpty
    case .namespace, .generator, .function: true
    }
  }

  var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  /// Truth values are integers in Python.
  var number: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// Whether it is made of other values.
  var isContainer: Bool {
    switch self {
    case .list, .tuple, .mapping, .generator, .namespace, .view, .loop: true
    case .undefined, .none, .bool, .integer, .text, .function: false
    }
  }

  /// Python's `==`. `cost` counts what was compared; beyond `most` the answer is none, for whoever pays for it will not be able to.
  static func equal(_ left: TemplateValue, _ right: TemplateValue, cost: inout Int, most: Int) -> Bool {
    cost += 16
    guard cost <= most else { return false }
    if let left = left.number, let right = right.number { return left == right }
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let left), .text(let right)):
      cost += min(left.bytes.count, right.bytes.count)
      return left.bytes == right.bytes
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { equal($0, $1, cost: &cost, most: most) }
    case (.mapping(let left), .mapping(let right)):
      return left.members.count == right.members.count
        && left.members.allSatisfy { member in right[member.key].map { equal($0, member.value, cost: &cost, most: most) } ?? false }
    case (.namespace(let left), .namespace(let right)): return left === right
    case (.generator(let left), .generator(let right)): return left === right
    case (.function(let left), .function(let right)): return left == right
    default: return false
    }
  }
}

/// A dictionary in the order of its members. Its keys are strings: JSON has no others.
struct TemplateMapping {
  private(set) var members: [(key: TemplateText, value: TemplateValue)] = []
  /// Which message of the conversation this is, if it is one.
  var messageIndex: Int?

  subscript(key: TemplateText) -> TemplateValue? { members.first { $0.key.bytes == key.bytes }?.value }

  subscript(key: String) -> TemplateValue? { members.first { $0.key.bytes.elementsEqual(key.utf8) }?.value }

  mutating func set(_ key: TemplateText, to value: TemplateValue) {
    if let index = members.firstIndex(where: { $0.key.bytes == key.bytes }) {
      members[index].value = value
    } else {
      members.append((key, value))
    }
  }
}

/// What `namespace(…)` makes: the one thing that a template can change from inside of a loop.
final class TemplateNamespace {
  var members: [String: TemplateValue] = [:]
}

/// What `select` and its kin give: it can be gone through once.
final class TemplateGenerator {
  private var items: ArraySlice<TemplateValue>

  init(_ items: [TemplateValue]) { self.items = items[...] }

  func takeAll() -> [TemplateValue] {
    defer { items = [] }
    return Array(items)
  }

  func takeFirst() -> TemplateValue? { items.popFirst() }
}

/// What `range`, `keys`, `values` and `items` give. In Python none of them is a list: it can be gone through, measured and asked what is in it as one
/// can, and where it differs (by index, with `==`, as JSON) it is refused.
struct TemplateView {
  let items: [TemplateValue]
  /// For messages.
  let name: String
}

/// What `loop` is within a loop.
struct TemplateLoopState {
  let items: [TemplateValue]
  let index: Int

  subscript(name: String) -> TemplateValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(items.count - index)
    case "revindex0": .integer(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == items.count - 1)
    case "length": .integer(items.count)
    // They count how deep a recursive loop is; those are refused.
    case "depth": .integer(1)
    case "depth0": .integer(0)
    case "previtem": index > 0 ? items[index - 1] : .undefined("previtem")
    case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("nextitem")
    default: nil
    }
  }
}
