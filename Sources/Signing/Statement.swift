package import Artifacts
package import Foundation

/// An in-toto Statement v1 (github.com/in-toto/attestation, spec/v1): a claim of one type about things named by digest.
package struct Statement: Hashable, Sendable {
  package static let payloadType = "application/vnd.in-toto+json"
  private static let type = "https://in-toto.io/Statement/v1"

  package struct Subject: Hashable, Sendable {
    package let name: String
    package let digest: Digest

    package init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  /// At least one.
  package let subjects: [Subject]
  package let predicateType: String
  package let predicate: JSONValue

  package init(subjects: [Subject], predicateType: String, predicate: JSONValue) {
    self.subjects = subjects
    self.predicateType = predicateType
    self.predicate = predicate
  }

  package var canonical: Data {
    let subjects = subjects.map { subject -> JSONValue in
      ["name": .string(subject.name), "digest": ["sha256": .string(subject.digest.hex)]]
    }
    let statement: JSONValue = [
      "_type": .string(Self.type), "subject": .array(subjects), "predicateType": .string(predicateType), "predicate": predicate,
    ]
    return statement.canonical
  }

  /// The statement in an envelope, signed by `key`; `Envelope.signed` adds further keys.
  package func signed(by key: borrowing SigningKey) -> Envelope {
    Envelope(payloadType: Self.payloadType, payload: canonical).signed(by: key)
  }

  /// Reads a statement from bytes that were verified, which must be its canonical form. Another payload type is refused before the payload
  /// is looked at.
  package init(_ payload: VerifiedPayload) throws(DocumentError) {
    guard payload.type == Self.payloadType else {
      throw DocumentError(document: "statement", problem: "unknown payload type \"\(payload.type)\"")
    }
    let reader = DocumentReader(try Self.parse(payload.bytes), document: "statement")
    try reader.object(["_type", "subject", "predicateType", "predicate"])
    guard try reader.member("_type").string() == Self.type else { throw reader.failure("\"_type\" is not \"\(Self.type)\"") }
    var subjects: [Subject] = []
    for subject in try reader.member("subject").elements(atMost: 1000) { subjects.append(try Self.subject(subject)) }
    guard !subjects.isEmpty else { throw reader.failure("has no subject") }
    self.init(
      subjects: subjects, predicateType: try reader.member("predicateType").nonEmptyString(),
      predicate: try reader.member("predicate").value)
  }

  private static func parse(_ bytes: Data) throws(DocumentError) -> JSONValue {
    do throws(JSONSyntaxError) {
      return try JSONValue(parsingCanonical: bytes)
    } catch {
      throw DocumentError(document: "statement", problem: error.reason)
    }
  }

  private static func subject(_ reader: DocumentReader) throws(DocumentError) -> Subject {
    try reader.object(["name", "digest"])
    let set = try reader.member("digest")
    try set.object(["sha256"])
    let hex = try set.member("sha256")
    guard let digest = Digest(try hex.string()), digest.hex == hex.value.string else { throw hex.failure("not a SHA-256 digest") }
    return Subject(name: try reader.member("name").string(), digest: digest)
  }
}
