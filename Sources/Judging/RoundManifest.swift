package import Artifacts
internal import Hashing
package import Signing

/// What a round is about and who takes part in it. The owner signs it, and each validator signs one for an owner's Soul and height, aborted ones
/// included, so that nobody can roll the dice again. The round's id is its digest.
package struct RoundManifest: Hashable, Sendable {
  package static let schema = "soulpack.albft-round/1"

  /// What is trained, on what, by what: all that a consumer can find again in soul.json.
  package struct Subject: Hashable, Sendable {
    /// The Soul's, in the form that recipes have for names.
    package let name: String
    package let version: String
    /// Nil for a new model.
    package let base: Digest?
    package let dataset: Digest
    package let recipe: Digest
    package let engine: Digest

    package init(name: String, version: String, base: Digest?, dataset: Digest, recipe: Digest, engine: Digest) {
      self.name = name
      self.version = version
      self.base = base
      self.dataset = dataset
      self.recipe = recipe
      self.engine = engine
    }

    /// A lower-case letter or a digit, then at most 63 of these and `-`. A looser form would give one Soul several slots.
    fileprivate var isNamed: Bool {
      let isLetterOrDigit = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
      guard let first = name.utf8.first, isLetterOrDigit(first), name.utf8.count <= 64, !version.isEmpty else { return false }
      return name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  package struct Trainer: Hashable, Sendable {
    package let key: PublicKey
    /// How many candidates it may propose, and how many bytes each may have.
    package let candidates: Int64
    package let bytes: Int64

    package init(key: PublicKey, candidates: Int64, bytes: Int64) {
      self.key = key
      self.candidates = candidates
      self.bytes = bytes
    }
  }

  package let subject: Subject
  /// The certificate of the round before, at a height above 0.
  package let parent: Digest?
  package let question: Question
  package let owner: PublicKey
  /// Sorted; 3f + 1 of them.
  package let validators: [PublicKey]
  /// Sorted by key.
  package let trainers: [Trainer]

  /// Nil unless the Soul has a name that a recipe can have, and there are 3f + 1 distinct validators (at most 61), distinct trainers, and a parent
  /// exactly where the height is above 0.
  package init?(
    _ subject: Subject, parent: Digest? = nil, question: Question, owner: PublicKey, validators: [PublicKey], trainers: [Trainer]
  ) {
    guard subject.isNamed, validators.count % 3 == 1, validators.count <= Self.validatorLimit, Set(validators).count == validators.count,
      Set(trainers.map(\.key)).count == trainers.count, (parent == nil) == (question.height == 0)
    else { return nil }
    self.subject = subject
    self.parent = parent
    self.question = question
    self.owner = owner
    self.validators = validators.sorted()
    self.trainers = trainers.sorted { $0.key < $1.key }
  }

  /// 3·20 + 1: with the owner's, the signatures fit one envelope, which holds 64.
  private static let validatorLimit = 61

  package var id: Digest { Digest(hashing: document) }

  /// f: how many validators may lie without harm.
  package var faultLimit: Int { (validators.count - 1) / 3 }
  /// 2f + 1.
  package var quorum: Int { 2 * faultLimit + 1 }

  /// A committee of one measures itself.
  package var label: Decision.Label { validators.count == 1 ? .selfMeasured : .attested }

  func trainer(_ key: PublicKey) -> Trainer? { trainers.first { $0.key == key } }
}

extension RoundManifest {
  package var document: JSONValue {
    var members = subject.document
    members["schema"] = .string(Self.schema)
    members["parent"] = parent.map { .digest($0) }
    members["question"] = question.document
    members["owner"] = .string(owner.description)
    members["validators"] = .array(validators.map { .string($0.description) })
    members["trainers"] = .array(trainers.map(\.document))
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(
      ["name", "version", "base", "dataset", "recipe", "engine", "parent", "question", "owner", "validators", "trainers"], schema: Self.schema)
    var validators: [PublicKey] = []
    for key in try reader.member("validators").elements(atMost: Self.validatorLimit) { validators.append(try key.publicKey()) }
    var trainers: [Trainer] = []
    for trainer in try reader.member("trainers").elements(atMost: 10_000) { trainers.append(try Trainer(trainer)) }
    let manifest = RoundManifest(
      try Subject(reader), parent: try reader.optional("parent")?.digest(), question: try Question(reader.member("question")),
      owner: try reader.member("owner").publicKey(), validators: validators, trainers: trainers)
    guard let manifest else { throw reader.failure("needs a Soul's name and version, 3f + 1 distinct validators, distinct trainers, and a parent above height 0 only") }
    self = manifest
  }
}

extension RoundManifest.Subject {
  fileprivate var document: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "name": .string(name), "version": .string(version), "dataset": .digest(dataset), "recipe": .digest(recipe), "engine": .digest(engine),
    ]
    members["base"] = base.map { .digest($0) }
    return members
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    self.init(
      name: try reader.member("name").string(), version: try reader.member("version").string(), base: try reader.optional("base")?.digest(),
      dataset: try reader.member("dataset").digest(), recipe: try reader.member("recipe").digest(), engine: try reader.member("engine").digest())
  }
}

extension RoundManifest.Trainer {
  fileprivate var document: JSONValue {
    ["key": .string(key.description), "candidates": .integer(candidates), "bytes": .integer(bytes)]
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["key", "candidates", "bytes"])
    self.init(
      key: try reader.member("key").publicKey(), candidates: try reader.member("candidates").count(), bytes: try reader.member("bytes").count())
  }
}
