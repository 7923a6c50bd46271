package import Artifacts
package import Foundation
internal import Hashing

/// What stays out of every dataset from now on: the records and contributors of the file `retractions`, which lies in git at the project's root.
///
/// The file names nobody: each line holds an HMAC-SHA-256 under a salt that the file holds too, so that no bare digest of a short message stands in a
/// history that others read. It holds no more than that: who has the salt and guesses a message can check the guess. docs/consent.md is the contract.
///
/// Lines are sorted and each stands by itself, so that branches merge line by line. Clones that began the file apart from each other have a salt each,
/// and the merged file has both.
package struct Retractions: Hashable, Sendable {
  package static let fileName = "retractions"
  /// What a line says where no reason was given.
  package static let standardReason = "withdrawn"

  package enum Subject: Hashable, Sendable {
    case record(RecordID)
    /// By its did:key.
    case contributor(String)
  }

  fileprivate enum Kind: String { case contributor, record }

  private struct Entry: Hashable {
    let kind: Kind
    let salt: String
    let code: Digest
    let reason: String

    var line: String { "\(kind.rawValue) \(salt) \(code.hex) \(reason)" }
  }

  private var entries: Set<Entry> = []
  /// By their names, which are the first digits of their digests.
  private var salts: [String: Data] = [:]
  /// The same codes again, for the question that is asked of every record.
  private var records: Set<Digest> = []
  private var contributors: Set<Digest> = []

  /// Nothing is retracted, and there is no salt yet.
  package init() {}

  /// Nothing to look for: neither a record nor a contributor.
  package var isEmpty: Bool { entries.isEmpty }

  package var recordCount: Int { entries.count { $0.kind == .record } }
  package var contributorCount: Int { entries.count { $0.kind == .contributor } }
}

// MARK: - Asking

extension Retractions {
  package func hold(_ id: RecordID) -> Bool { !records.isEmpty && salts.values.contains { records.contains(Self.code(of: .record(id), under: $0)) } }

  /// Whether the contributor of a dataset took back what they gave.
  package func hold(contributor: String) -> Bool {
    !contributors.isEmpty && salts.values.contains { contributors.contains(Self.code(of: .contributor(contributor), under: $0)) }
  }

  private static func code(of subject: Subject, under salt: Data) -> Digest {
    let message =
      switch subject {
      case .record(let id): "soulpack.retraction/1\nrecord\n\(id)"
      case .contributor(let key): "soulpack.retraction/1\ncontributor\n\(key)"
      }
    return Digest(authenticating: Data(message.utf8), key: salt)
  }
}

// MARK: - Changing

extension Retractions {
  /// A salt has as many bytes as the digest that it keys.
  package static let saltByteCount = 32

  package var needsSalt: Bool { salts.isEmpty }

  /// Random bytes, which whoever has a source of them gives.
  package mutating func add(salt: Data) {
    precondition(salt.count == Self.saltByteCount, "a salt has 32 bytes")
    salts[Self.name(of: salt)] = salt
  }

  /// False where it was there already. There must be a salt.
  @discardableResult
  package mutating func insert(_ subject: Subject, reason: String) -> Bool {
    precondition(Self.isReason(reason), "a reason is a word")
    guard let (name, salt) = salts.min(by: { $0.key < $1.key }) else { preconditionFailure("a retraction needs a salt") }
    guard !holds(subject) else { return false }
    insert(Entry(kind: subject.kind, salt: name, code: Self.code(of: subject, under: salt), reason: reason))
    return true
  }

  /// For consent that was given again. False where it was not there.
  @discardableResult
  package mutating func remove(_ subject: Subject) -> Bool {
    let codes = Set(salts.values.map { Self.code(of: subject, under: $0) })
    let found = entries.filter { $0.kind == subject.kind && codes.contains($0.code) }
    entries.subtract(found)
    (records, contributors) = ([], [])
    for entry in entries { insert(entry) }
    return !found.isEmpty
  }

  /// What the log may hold of a subject: nobody can read from it who it is.
  package func code(of subject: Subject) -> Digest? { salts.min { $0.key < $1.key }.map { Self.code(of: subject, under: $0.value) } }

  package func holds(_ subject: Subject) -> Bool {
    switch subject {
    case .record(let id): hold(id)
    case .contributor(let key): hold(contributor: key)
    }
  }

  private mutating func insert(_ entry: Entry) {
    entries.insert(entry)
    switch entry.kind {
    case .record: records.insert(entry.code)
    case .contributor: contributors.insert(entry.code)
    }
  }

  private static func name(of salt: Data) -> String { String(Digest(hashing: salt).hex.prefix(8)) }

  /// A word that says why, and cannot say who: lower-case letters, digits and hyphens, at most 32.
  package static func isReason(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }
}

extension Retractions.Subject {
  fileprivate var kind: Retractions.Kind {
    switch self {
    case .record: .record
    case .contributor: .contributor
    }
  }
}

// MARK: - The file

extension Retractions {
  private static let heading = "# soulpack.retractions/1"
  private static let comment = "# What stays out of every dataset, named by HMAC-SHA-256 under a salt. Keep it in git; change it with `soulpack retract`."

  /// Sorted by bytes: the heading first, since `#` sorts before letters.
  package var bytes: Data {
    let lines = [Self.comment, Self.heading] + entries.map(\.line) + salts.map { "salt \($0.key) \(hexadecimal($0.value))" }
    return Data(lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { $0 + "\n" }.joined().utf8)
  }

  /// Takes lines in any order and more than once: that is what merges leave. What is no line of ours is refused by its number, since a line that is passed
  /// over could be somebody's withdrawal.
  package init(parsing bytes: Data) throws(RetractionsError) {
    self.init()
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    guard lines.contains(where: { $0 == Self.heading }) else { throw .noHeading }
    for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      guard !["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(where: line.hasPrefix) else { throw .halfMerged(line: index + 1) }
      guard read(line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)) else { throw .malformed(line: index + 1) }
    }
    if let entry = entries.first(where: { salts[$0.salt] == nil }) { throw .saltMissing(entry.salt) }
  }

  private mutating func read(_ words: [String]) -> Bool {
    if words.count == 3, words[0] == "salt" {
      guard let salt = Digest(words[2]).map({ Data($0.bytes) }), words[2].utf8.count == 64, Self.name(of: salt) == words[1] else { return false }
      salts[words[1]] = salt
      return true
    }
    guard words.count == 4, let kind = Kind(rawValue: words[0]), words[1].utf8.count == 8, words[2].utf8.count == 64, let code = Digest(words[2]),
      Self.isReason(words[3])
    else { return false }
    insert(Entry(kind: kind, salt: words[1], code: code, reason: words[3]))
    return true
  }
}

/// A file of retractions that cannot be relied on. Nothing is curated then: a withdrawal must not be overlooked.
package enum RetractionsError: ExplainedError, Hashable {
  case notUTF8
  case noHeading
  case malformed(line: Int)
  case halfMerged(line: Int)
  case saltMissing(String)

  package var message: String {
    switch self {
    case .notUTF8: "\(Retractions.fileName): the file is not UTF-8"
    case .noHeading: "\(Retractions.fileName): the file has no line \"# soulpack.retractions/1\""
    case .malformed(let line): "\(Retractions.fileName):\(line): not a line that soulpack writes"
    case .halfMerged(let line): "\(Retractions.fileName):\(line): a merge that was left half done"
    case .saltMissing(let name): "\(Retractions.fileName): the salt \(name), which a line names, is not there"
    }
  }

  package var hint: String? {
    switch self {
    case .halfMerged: "keep the lines of both sides, and take the markers out"
    case .notUTF8, .noHeading, .malformed, .saltMissing: "take the file as git has it: a line that is lost could be somebody's withdrawal"
    }
  }
}
