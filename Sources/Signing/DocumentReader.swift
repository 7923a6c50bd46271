package import Artifacts
package import Foundation

/// Reads a document member by member and refuses what it does not expect: signed words must not hold more than was understood.
///
/// It carries the place it stands at, so that an error names it: `soul.json: components[0].base.digest: not a SHA-256 digest`.
package struct DocumentReader: Sendable {
  package let value: JSONValue
  private let document: String
  private let path: String

  package init(_ value: JSONValue, document: String) {
    self.init(value, document: document, path: "")
  }

  private init(_ value: JSONValue, document: String, path: String) {
    self.value = value
    self.document = document
    self.path = path
  }
}

/// A document that is not what its schema says.
package struct DocumentError: ExplainedError, Hashable {
  package let document: String
  /// Such as `components[0].base.digest`; empty for the document itself.
  package let path: String
  package let problem: String

  package init(document: String, path: String = "", problem: String) {
    self.document = document
    self.path = path
    self.problem = problem
  }

  package var message: String { [document, path, problem].filter { !$0.isEmpty }.joined(separator: ": ") }
  package var hint: String? { nil }
}

extension DocumentReader {
  package func failure(_ problem: String) -> DocumentError {
    DocumentError(document: document, path: path, problem: problem)
  }

  /// Checks that this is an object whose members are among `keys`, with the schema's name where one is given.
  package func object(_ keys: Set<String>, schema: String? = nil) throws(DocumentError) {
    guard let members = value.object else { throw failure("not an object") }
    if let schema, members["schema"]?.string != schema { throw failure("\"schema\" is not \"\(schema)\"") }
    let known = schema == nil ? keys : keys.union(["schema"])
    if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) { throw failure("unknown member \"\(unknown)\"") }
  }

  package func member(_ key: String) throws(DocumentError) -> DocumentReader {
    guard let reader = optional(key) else { throw failure("\"\(key)\" is missing") }
    return reader
  }

  package func optional(_ key: String) -> DocumentReader? {
    value[key].map { DocumentReader($0, document: document, path: path.isEmpty ? key : "\(path).\(key)") }
  }

  package func string() throws(DocumentError) -> String {
    guard let text = value.string else { throw failure("not a string") }
    return text
  }

  package func nonEmptyString() throws(DocumentError) -> String {
    let text = try string()
    guard !text.isEmpty else { throw failure("is empty") }
    return text
  }

  package func bool() throws(DocumentError) -> Bool {
    guard let flag = value.bool else { throw failure("not a boolean") }
    return flag
  }

  package func integer(_ range: ClosedRange<Int64>) throws(DocumentError) -> Int64 {
    guard let number = value.integer else { throw failure("not an integer") }
    guard range.contains(number) else { throw failure("not within \(range.lowerBound)…\(range.upperBound)") }
    return number
  }

  /// A count or a size: from 0 to the largest integer that every reader of JSON keeps (RFC 8785, section 3.2.2.3).
  package func count() throws(DocumentError) -> Int64 {
    try integer(0...JSONValue.largestExactInteger)
  }

  package func digest() throws(DocumentError) -> Digest {
    // `Digest` also reads bare digits; a document has the one spelling.
    guard let text = value.string, let digest = Digest(text), digest.description == text else { throw failure("not a SHA-256 digest") }
    return digest
  }

  package func publicKey() throws(DocumentError) -> PublicKey {
    guard let key = value.string.flatMap({ PublicKey($0) }) else { throw failure("not an Ed25519 did:key") }
    return key
  }

  package func base64() throws(DocumentError) -> Data {
    guard let data = Data(strictBase64: try string()) else { throw failure("not base64 in its strict form") }
    return data
  }

  package func choice<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) throws(DocumentError) -> Choice
  where Choice.RawValue == String {
    let text = try string()
    guard let choice = Choice(rawValue: text) else {
      throw failure("\"\(text)\" is none of \(Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))")
    }
    return choice
  }

  package func elements(atMost limit: Int = 100_000) throws(DocumentError) -> [DocumentReader] {
    guard let values = value.array else { throw failure("not an array") }
    guard values.count <= limit else { throw failure("has more than \(limit) elements") }
    return values.enumerated().map { DocumentReader($1, document: document, path: "\(path)[\($0)]") }
  }

  /// The members of an object whose keys are data, in the canonical order.
  package func entries() throws(DocumentError) -> [(key: String, value: DocumentReader)] {
    guard let members = value.object else { throw failure("not an object") }
    return members.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }.compactMap { key in optional(key).map { (key, $0) } }
  }
}

extension JSONValue {
  package static let largestExactInteger: Int64 = (1 << 53) - 1
}
