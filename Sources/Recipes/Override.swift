/// What `--set train.x.epochs=1` says: a path of keys and a value, read by the same schema as the file.
///
/// An override may fill in a key that the file left out. It cannot invent a dataset or a target: a slip in a name would then look like
/// a wish for a new one. Items of a list are numbered from 1, as candidates are: `train.x.candidates.2.seed=7`.
package struct Override: Hashable, Sendable {
  /// As it was given.
  package let text: String
  private let path: [String]
  private let value: String

  package init(parsing text: String) throws(RecipeError) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = halves[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard halves.count == 2, path.allSatisfy({ !$0.isEmpty }) else { throw RecipeError(.notAnOverride, at: .override(text)) }
    self.text = text
    self.path = path
    value = String(halves[1])
  }

  func apply(to document: inout DocumentNode) throws(RecipeError) {
    let value = try DocumentReader.read(value: value, of: text)
    document = try changed(document, .record(RecipeSchema.recipe), path[...], value, within: "the recipe")
  }

  private var place: Place { .override(text) }

  private func changed(
    _ node: DocumentNode, _ shape: Shape, _ path: ArraySlice<String>, _ value: DocumentNode, within: String
  ) throws(RecipeError) -> DocumentNode {
    guard let first = path.first else { return value }
    switch shape {
    case .record(let record): return try changed(node, record, path, value, within: within)
    case .named(let noun, let shape):
      guard case .mapping(var members) = node.content, let index = members.firstIndex(where: { $0.key == first }) else {
        throw RecipeError(.unknownName(kind: noun, name: first, known: node.keys), at: place)
      }
      members[index].value = try changed(members[index].value, shape, path.dropFirst(), value, within: "\(within).\(first)")
      return DocumentNode(place: node.place, content: .mapping(members))
    case .list(let shape, _):
      guard case .list(var items) = node.content, let number = Int(first), items.indices.contains(number - 1) else {
        throw RecipeError(.unknownName(kind: "item of \"\(within)\"", name: first, known: node.numbers), at: place)
      }
      items[number - 1] = try changed(items[number - 1], shape, path.dropFirst(), value, within: "\(within).\(first)")
      return DocumentNode(place: node.place, content: .list(items))
    case .either(_, let collection): return try changed(node, collection, path, value, within: within)
    default: throw RecipeError(.unknownKey(path.joined(separator: "."), within: within, known: []), at: place)
    }
  }

  private func changed(
    _ node: DocumentNode, _ record: Record, _ path: ArraySlice<String>, _ value: DocumentNode, within: String
  ) throws(RecipeError) -> DocumentNode {
    let keys = record.fields.map { (field: $0, parts: $0.key.split(separator: ".").map(String.init)) }
    // Some keys hold a dot themselves: `lora.rank` of a candidate.
    guard let (field, parts) = keys.first(where: { path.starts(with: $0.parts) }) else {
      if let later = record.later.first(where: { $0.key == path.first }) {
        throw RecipeError(.notInThisVersion(later.key, instead: later.instead), at: place)
      }
      throw RecipeError(.unknownKey(path.first ?? "", within: within, known: record.fields.map(\.key)), at: place)
    }
    let rest = path.dropFirst(parts.count)
    var members = node.membersOrNone
    let index = members.firstIndex { $0.key == field.key }
    let old = index.map { members[$0].value } ?? absent(field)
    let new = try changed(old, field.shape, rest, value, within: field.key)
    if let index {
      members[index].value = new
    } else {
      members.append(DocumentNode.Member(key: field.key, keyPlace: place, value: new))
    }
    return DocumentNode(place: node.place, content: .mapping(members))
  }

  /// What stands for a key that the file left out: its default, so that `candidates.1.seed` can be set where no candidate was written.
  private func absent(_ field: Field) -> DocumentNode {
    if case .standard(let value) = field.presence { return DocumentNode(value, at: place) }
    return DocumentNode(place: place, content: .mapping([]))
  }
}

extension DocumentNode {
  fileprivate var membersOrNone: [Member] {
    guard case .mapping(let members) = content else { return [] }
    return members
  }

  fileprivate var keys: [String] { membersOrNone.map(\.key) }

  fileprivate var numbers: [String] {
    guard case .list(let items) = content else { return [] }
    return items.indices.map { String($0 + 1) }
  }
}
