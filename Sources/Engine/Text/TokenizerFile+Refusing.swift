internal import Artifacts

// How the readers of `tokenizer.json` refuse: by the member's path and what stands there.

/// A member that is not there reads as null.
func require(_ value: JSONValue?, isAnyOf values: [JSONValue], at place: String) throws(TokenizerError) {
  guard values.contains(value ?? .null) else { throw .unsupported(place: place, value: describe(value)) }
}

func refuseUnknown(_ members: [String: JSONValue], known: Set<String>, in place: String) throws(TokenizerError) {
  if let name = members.keys.filter({ !known.contains($0) }).min() {
    throw .unsupported(place: place + name, value: describe(members[name]))
  }
}

/// A value in a message: its type where it has one, unless the `whole` is asked for, else its JSON, cut where it is long.
func describe(_ value: JSONValue?, whole: Bool = false) -> String {
  guard let value else { return "nothing" }
  if !whole, let type = value["type"]?.string { return "\"\(type)\"" }
  let text = value.canonicalText
  return text.count > 200 ? text.prefix(200) + "…" : text
}
