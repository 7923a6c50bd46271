internal import Foundation
internal import Yams

/// Reads YAML bytes into a document. Yams is spoken here and nowhere else.
///
/// A recipe is one document of plain data: anchors, aliases, tags and second documents are refused, because nobody reading the file would
/// see what they stand for.
enum DocumentReader {
  /// A recipe is a page; a megabyte is a mistake or an attack.
  static let byteLimit = 1 << 20

  static func read(_ bytes: Data, file: String) throws(RecipeError) -> DocumentNode {
    guard bytes.count <= byteLimit else { throw RecipeError(.tooLarge(byteCount: bytes.count, limit: byteLimit), at: .file(file)) }
    if let place = firstNonUTF8(bytes, file: file) { throw RecipeError(.notUTF8, at: place) }
    // A byte order mark may open a stream (YAML 1.2.2, section 5.2); it is no part of the first line.
    let text = String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes, as: UTF8.self)
    let placed = { (mark: Mark?) in mark.map { Place.position(file: file, line: $0.line, column: $0.column) } ?? .file(file) }
    try refuseAnchors(text, file: file)
    return try read(text, file: file, placed: placed)
  }

  /// Reads the value of an override, whose every part is placed at the override itself.
  static func read(value: String, of override: String) throws(RecipeError) -> DocumentNode {
    let place = Place.override(override)
    do {
      try refuseAnchors(value, file: "")
      return try read(value, file: "", placed: { _ in place })
    } catch {
      guard case .empty = error.problem else { throw RecipeError(error.problem, at: place) }
      return DocumentNode(place: place, content: .scalar("", isPlain: true))
    }
  }

  private static func read(_ text: String, file: String, placed: (Mark?) -> Place) throws(RecipeError) -> DocumentNode {
    let (root, second) = try compose(text, file: file)
    guard let root else { throw RecipeError(.empty, at: .file(file)) }
    if let second { throw RecipeError(.severalDocuments, at: placed(second.mark)) }
    let document = try convert(root, placed)
    guard !document.isNothing else { throw RecipeError(.empty, at: .file(file)) }
    return document
  }

  /// Anchors must be found before they are composed: Yams hashes every key, and a key that is an alias of aliases takes exponential time.
  ///
  /// `&` and `*` are one class of character everywhere in YAML except that one opens an anchor and the other an alias. So with every `&`
  /// turned into `*` the tokens stay the same, no anchor exists, and the first anchor or alias of the original is an undefined alias here.
  private static func refuseAnchors(_ text: String, file: String) throws(RecipeError) {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "*") }) else { return }
    _ = try compose(text.replacing("&", with: "*"), file: file)
  }

  private static func compose(_ text: String, file: String) throws(RecipeError) -> (root: Node?, second: Node?) {
    do {
      // The encoding is given because the default asks the environment.
      let parser = try Parser(yaml: text, encoding: .utf8)
      guard let root = try parser.nextRoot() else { return (nil, nil) }
      return (root, try parser.nextRoot())
    } catch let error as YamlError {
      throw recipeError(error, file: file)
    } catch {
      throw RecipeError(.notYAML(reason: "the parser gave up"), at: .file(file))
    }
  }

  private static func recipeError(_ error: YamlError, file: String) -> RecipeError {
    let placed = { (mark: Mark) in Place.position(file: file, line: mark.line, column: mark.column) }
    switch error {
    case .composer(_, "found undefined alias", let mark, _): return RecipeError(.anchorOrAlias, at: placed(mark))
    case .duplicatedKeysInMapping(let keys, let context):
      return RecipeError(.duplicateKey(keys.first ?? ""), at: placed(context.mark))
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      return RecipeError(.notYAML(reason: problem), at: placed(mark))
    case .reader(let problem, let offset, _, let text):
      return RecipeError(.notYAML(reason: problem), at: offset.map { place(ofCharacter: $0, in: text, file: file) } ?? .file(file))
    default: return RecipeError(.notYAML(reason: "the parser gave up"), at: .file(file))
    }
  }

  private static func convert(_ node: Node, _ placed: (Mark?) -> Place) throws(RecipeError) -> DocumentNode {
    let place = placed(node.mark)
    switch node {
    case .scalar(let scalar):
      // Yams gives quoted text the tag that it means anyway.
      if scalar.style == .plain || scalar.tag.rawValue != Tag.Name.str.rawValue { try refuse(tag: scalar.tag, at: place) }
      return DocumentNode(place: place, content: .scalar(scalar.string, isPlain: scalar.style == .plain))
    case .sequence(let sequence):
      try refuse(tag: sequence.tag, at: place)
      var items: [DocumentNode] = []
      for item in sequence { items.append(try convert(item, placed)) }
      return DocumentNode(place: place, content: .list(items))
    case .mapping(let mapping):
      try refuse(tag: mapping.tag, at: place)
      var members: [DocumentNode.Member] = []
      for (key, value) in mapping { members.append(try member(key, value, placed)) }
      return DocumentNode(place: place, content: .mapping(members))
    case .alias: throw RecipeError(.anchorOrAlias, at: place)
    }
  }

  private static func member(_ key: Node, _ value: Node, _ placed: (Mark?) -> Place) throws(RecipeError) -> DocumentNode.Member {
    guard case .scalar(let scalar) = key else { throw RecipeError(.keyNotText, at: placed(key.mark)) }
    return DocumentNode.Member(key: scalar.string, keyPlace: placed(key.mark), value: try convert(value, placed))
  }

  private static func refuse(tag: Tag, at place: Place) throws(RecipeError) {
    guard tag.rawValue.isEmpty else { throw RecipeError(.tag(tag.rawValue), at: place) }
  }

  private static func firstNonUTF8(_ bytes: Data, file: String) -> Place? {
    var (line, column) = (1, 1)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue("\n"): (line, column) = (line + 1, 1)
      case .scalarValue: column += 1
      case .emptyInput: return nil
      case .error: return .position(file: file, line: line, column: column)
      }
    }
  }

  private static func place(ofCharacter offset: Int, in text: String, file: String) -> Place {
    let before = text.prefix(offset)
    let line = before.unicodeScalars.count { $0 == "\n" }
    let column = before.unicodeScalars.reversed().prefix { $0 != "\n" }.count
    return .position(file: file, line: line + 1, column: column + 1)
  }
}
