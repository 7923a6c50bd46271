/// A model on a hub, at a revision: `hf://owner/name@revision`. The revision is a commit, a branch or a tag, and is never left out: a recipe says
/// what it follows.
package struct HubReference: Hashable, Sendable {
  package static let scheme = "hf://"

  package let owner: String
  package let name: String
  package let revision: String

  /// Nil where the text is none. One model has one spelling: no trailing `/`, no upper-case scheme, no query.
  package init?(_ text: String) {
    guard text.hasPrefix(HubReference.scheme) else { return nil }
    let parts = text.dropFirst(HubReference.scheme.count).split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy({ HubReference.isName($0.utf8) }), HubReference.isRevision(parts[1].utf8) else { return nil }
    (owner, name, revision) = (String(names[0]), String(names[1]), String(parts[1]))
  }

  private init(owner: String, name: String, revision: String) { (self.owner, self.name, self.revision) = (owner, name, revision) }

  /// `owner/name`
  package var model: String { "\(owner)/\(name)" }

  /// Nil where the text is not a commit.
  package func at(commit: String) -> HubReference? {
    HubReference.isCommit(commit) ? HubReference(owner: owner, name: name, revision: commit) : nil
  }

  package var namesCommit: Bool { HubReference.isCommit(revision) }

  /// A whole one: 40 lower-case hexadecimal digits.
  package static func isCommit(_ text: some StringProtocol) -> Bool {
    text.utf8.count == 40 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// The hub's own rule: letters, digits, `-`, `_` and `.`, at most 96, neither `--` nor `..`, no `-` or `.` at an end. In its cache's folders `--` stands
  /// for `/`.
  private static func isName(_ name: Substring.UTF8View) -> Bool {
    let isEdge = { (byte: UInt8?) in byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") }
    guard (1...96).contains(name.count), !isEdge(name.first), !isEdge(name.last), name.allSatisfy({ isWordByte($0) || isEdge($0) }) else { return false }
    return !zip(name, name.dropFirst()).contains { $0 == $1 && isEdge($0) }
  }

  /// What git takes for a branch or tag (git-check-ref-format(1)), from a small alphabet; parts become folders of the cache, so none is hidden.
  private static func isRevision(_ revision: Substring.UTF8View) -> Bool {
    guard (1...200).contains(revision.count) else { return false }
    return revision.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, isWordByte(first), part.last != UInt8(ascii: ".") else { return false }
      guard part.allSatisfy({ isWordByte($0) || "-.+".utf8.contains($0) }) else { return false }
      return !zip(part, part.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == $0 } && !String(decoding: part, as: UTF8.self).hasSuffix(".lock")
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
    default: false
    }
  }
}

extension HubReference: CustomStringConvertible {
  package var description: String { "\(HubReference.scheme)\(model)@\(revision)" }
}

/// Which commit of which model a base is: what an archive says of where its base came from. It is a document of the store, so that it is in a key
/// as every other input is.
package struct HubOrigin: Hashable, Sendable {
  /// `owner/name`
  package let model: String
  package let commit: String

  package init(_ reference: HubReference, commit: String) { (model, self.commit) = (reference.model, commit) }

  package var canonical: JSONValue { ["schema": "soulpack.hub-model/1", "hub": "hf", "model": .string(model), "commit": .string(commit)] }

  /// Nil where the document is none.
  package init?(canonical value: JSONValue) {
    guard value["schema"]?.string == "soulpack.hub-model/1", let model = value["model"]?.string, let commit = value["commit"]?.string,
      HubReference("\(HubReference.scheme)\(model)@\(commit)")?.namesCommit == true
    else { return nil }
    (self.model, self.commit) = (model, commit)
  }

  /// `hf://owner/name@commit`
  package var reference: String { "\(HubReference.scheme)\(model)@\(commit)" }
}
