internal import Artifacts

/// A YAML document as it was read: scalars are still text, and everything knows its place.
struct DocumentNode {
  struct Member {
    var key: String
    var keyPlace: Place
    var value: DocumentNode
  }

  indirect enum Content {
    /// `isPlain` is false where it was quoted or a block: a quoted "8" is text, not a number.
    case scalar(String, isPlain: Bool)
    case list([DocumentNode])
    case mapping([Member])
  }

  var place: Place
  var content: Content

  /// Nothing was written: `key:`, `~` or `null`.
  var isNothing: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What an error calls it.
  var found: String {
    switch content {
    case _ where isNothing: "nothing"
    case .scalar(let text, let isPlain): isPlain ? "\"\(text.prefix(60))\"" : "the text \"\(text.prefix(60))\""
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension DocumentNode {
  /// A default of the schema, given the place of what lacks it.
  init(_ value: JSONValue, at place: Place) {
    self.place = place
    switch value {
    case .null: content = .scalar("", isPlain: true)
    case .bool(let value): content = .scalar(value ? "true" : "false", isPlain: true)
    case .integer(let value): content = .scalar(String(value), isPlain: true)
    case .number: preconditionFailure("a default with a fraction is written as text, which keeps it exact")
    case .string(let text): content = .scalar(text, isPlain: true)
    case .array(let values): content = .list(values.map { DocumentNode($0, at: place) })
    case .object(let members):
      let sorted = members.sorted { $0.key < $1.key }
      content = .mapping(sorted.map { Member(key: $0.key, keyPlace: place, value: DocumentNode($0.value, at: place)) })
    }
  }
}
