package import Foundation
internal import Artifacts

/// Reads and writes Hugging Face's `tokenizer.json`, as far as it is BPE over bytes or over characters. What it does not know it refuses by name.
package enum TokenizerFile {
  package static func read(_ bytes: Data) throws(TokenizerError) -> Tokenizer { try TokenizerDocument(bytes).tokenizer() }
}

/// The members of the file. The vocabulary and the merges have types of their own, since they are large; the rest is small.
struct TokenizerDocument {
  struct Model {
    var vocabulary = Vocabulary()
    var merges: [Merge] = []
    var options: [String: JSONValue] = [:]
  }

  private(set) var model = Model()
  private(set) var members: [String: JSONValue] = [:]

  init(_ data: Data) throws(TokenizerError) {
    let bytes = [UInt8](data)
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .malformed(place: "tokenizer.json", reason: "not UTF-8") }
    var walker = JSONWalker(bytes)
    var places = try Self.places(&walker, in: "")
    try walker.end()
    guard let place = places.removeValue(forKey: "model") else { throw .malformed(place: "model", reason: "missing") }
    for (name, place) in places { members[name] = try Self.value(bytes[place], at: name) }
    try readModel(bytes, at: place)
  }

  private mutating func readModel(_ bytes: [UInt8], at place: Range<Int>) throws(TokenizerError) {
    var walker = JSONWalker(bytes, from: place.lowerBound)
    guard walker.next() == UInt8(ascii: "{") else { throw .malformed(place: "model", reason: "not an object") }
    var places = try Self.places(&walker, in: "model.")
    let (vocabulary, merges) = (places.removeValue(forKey: "vocab"), places.removeValue(forKey: "merges"))
    for (name, place) in places { model.options[name] = try Self.value(bytes[place], at: "model." + name) }
    // Other models spell their vocabulary otherwise, so their kind is asked before it is read. Old files name no kind.
    if let kind = model.options["type"], kind != "BPE" { throw .unsupported(place: "model.type", value: kind.canonicalText) }
    if let vocabulary { model.vocabulary = try Vocabulary(bytes, at: vocabulary) }
    if let merges { model.merges = try model.vocabulary.merges(bytes, at: merges) }
  }

  /// Where the members of an object stand, which may be there once.
  private static func places(_ walker: inout JSONWalker, in place: String) throws(TokenizerError) -> [String: Range<Int>] {
    var places: [String: Range<Int>] = [:]
    try walker.members { (walker, name) throws(TokenizerError) in
      let name = String(decoding: name, as: UTF8.self)
      guard places.updateValue(try walker.value(), forKey: name) == nil else {
        throw .malformed(place: place + name, reason: "stands there twice")
      }
    }
    return places
  }

  private static func value(_ bytes: ArraySlice<UInt8>, at place: String) throws(TokenizerError) -> JSONValue {
    do {
      return try JSONValue(parsing: Data(bytes))
    } catch {
      throw .malformed(place: place, reason: error.reason)
    }
  }
}

/// The tokens of a model by their spelling.
struct Vocabulary {
  private var spellings = ByteTable()
  private(set) var ids: [Int32] = []

  init() {}

  init(_ bytes: [UInt8], at place: Range<Int>) throws(TokenizerError) {
    var walker = JSONWalker(bytes, from: place.lowerBound)
    guard walker.next() == UInt8(ascii: "{") else { throw .malformed(place: "model.vocab", reason: "not an object") }
    try walker.members { (walker, spelling) throws(TokenizerError) in
      ids.append(try walker.integer())
      guard spellings.insert(spelling).isNew else {
        throw .malformed(place: "model.vocab", reason: "token \(quoted(spelling)) stands there twice")
      }
    }
  }

  var count: Int { ids.count }

  func id(of spelling: some Collection<UInt8>) -> Int32? { spellings.index(of: spelling).map { ids[$0] } }

  func spelling(at index: Int) -> ArraySlice<UInt8> { spellings.key(at: index) }

  /// Merges are pairs, as newer versions write them, or `left right`, as older ones did.
  func merges(_ bytes: [UInt8], at place: Range<Int>) throws(TokenizerError) -> [Merge] {
    var walker = JSONWalker(bytes, from: place.lowerBound)
    guard walker.next() == UInt8(ascii: "[") else { throw .malformed(place: "model.merges", reason: "not a list") }
    var merges: [Merge] = []
    try walker.elements { walker throws(TokenizerError) in
      let place = "model.merges[\(merges.count)]"
      var pair: [[UInt8]] = []
      if walker.next() == UInt8(ascii: "[") {
        try walker.elements { walker throws(TokenizerError) in pair.append(try walker.string()) }
      } else {
        let rule = try walker.string()
        // The first line of the file that rules once were in; the judge passes over it.
        if rule.starts(with: "#version".utf8) { return }
        pair = rule.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
      }
      guard pair.count == 2 else { throw .malformed(place: place, reason: "not two tokens") }
      merges.append(try merge(pair[0], pair[1], at: place))
    }
    return merges
  }

  private func merge(_ left: [UInt8], _ right: [UInt8], at place: String) throws(TokenizerError) -> Merge {
    func id(_ spelling: [UInt8]) throws(TokenizerError) -> Int32 {
      guard let id = self.id(of: spelling) else { throw .malformed(place: place, reason: "\(quoted(spelling)) is no token of model.vocab") }
      return id
    }
    return Merge(left: try id(left), right: try id(right), merged: try id(left + right))
  }
}

/// A token in a message: as JSON spells it, cut where it is long.
func quoted(_ spelling: some Collection<UInt8>) -> String {
  let text = String(decoding: spelling, as: UTF8.self)
  return JSONValue.string(text.count > 40 ? text.prefix(40) + "…" : text).canonicalText
}
