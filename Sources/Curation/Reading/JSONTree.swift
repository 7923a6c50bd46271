internal import Artifacts
internal import CSimdjson

/// A JSON value as simdjson holds it. It lives as long as the call that hands it out: the next line takes its place.
struct JSONTree {
  enum Kind { case null, bool, integer, number, string, array, object }

  private let value: csj_value

  init(_ value: csj_value) { self.value = value }

  var kind: Kind {
    switch csj_value_type(value) {
    case CSJ_BOOL: .bool
    case CSJ_INTEGER: .integer
    case CSJ_NUMBER: .number
    case CSJ_STRING: .string
    case CSJ_ARRAY: .array
    case CSJ_OBJECT: .object
    default: .null
    }
  }

  var isNull: Bool { kind == .null }

  var string: String? { kind == .string ? JSONTree.string(csj_value_string(value)) : nil }

  var bool: Bool? { kind == .bool ? csj_value_bool(value) : nil }

  var integer: Int? { kind == .integer ? Int(csj_value_integer(value)) : nil }

  /// The values of an array, or the members of an object, in their order; nothing of another value. Stops where `body` says false.
  func forEachChild(_ body: (_ key: String, JSONTree) throws -> Bool) rethrows {
    var cursor = csj_value_children(value)
    var key = csj_text()
    var child = csj_value()
    while csj_cursor_next(&cursor, &key, &child) {
      guard try body(JSONTree.string(key), JSONTree(child)) else { return }
    }
  }

  /// As a value that stays. For what is small.
  var copy: JSONValue {
    switch kind {
    case .null: return .null
    case .bool: return .bool(csj_value_bool(value))
    case .integer: return .integer(csj_value_integer(value))
    case .number: return .number(csj_value_number(value))
    case .string: return .string(string ?? "")
    case .array:
      var values: [JSONValue] = []
      forEachChild { _, child in
        values.append(child.copy)
        return true
      }
      return .array(values)
    case .object:
      var members: [String: JSONValue] = [:]
      forEachChild { key, child in
        members[key] = child.copy
        return true
      }
      return .object(members)
    }
  }

  /// Copies. The bytes are valid UTF-8: simdjson checks the line, and refuses escapes of lone surrogates.
  static func string(_ text: csj_text) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
  }
}

/// The members of an object that somebody knows, each with whether it stands there twice. A null counts as absent, and the second of a name
/// only where it is `strict`.
struct JSONMembers {
  private var members: [String: JSONTree] = [:]
  private var there: Set<String> = []
  private var repeated: Set<String> = []

  /// Nil where the value is no object.
  init?(_ tree: JSONTree, known: Set<String>, strict: Set<String> = []) {
    guard tree.kind == .object else { return nil }
    tree.forEachChild { key, value in
      guard known.contains(key), !value.isNull || strict.contains(key) else { return true }
      if !there.insert(key).inserted { repeated.insert(key) }
      if !value.isNull { members[key] = value }
      return true
    }
  }

  subscript(name: String) -> JSONTree? { members[name] }

  func has(_ name: String) -> Bool { members[name] != nil }

  /// Also as a null, where the name is strict.
  func isThere(_ name: String) -> Bool { there.contains(name) }

  func isRepeated(_ name: String) -> Bool { repeated.contains(name) }
}
