package import Artifacts
package import Foundation
package import Signing

/// Whom the consumer believes: which keys, how many of them, for which Souls. A plain JSON file, `soulpack.trust/1`, that the consumer keeps.
package struct TrustPolicy: Hashable, Sendable {
  package static let schema = "soulpack.trust/1"

  package struct Rule: Hashable, Sendable {
    /// A pattern over the Soul's name, with `*` and `?`.
    package let souls: String
    /// Sorted, each once, at least one.
    package let keys: [PublicKey]
    /// How many of `keys` must have signed: from 1 to all.
    package let threshold: Int

    /// Fails for no key, a key given twice, or a threshold that can be met by none or never.
    package init?(souls: String, keys: [PublicKey], threshold: Int = 1) {
      guard !souls.isEmpty, Set(keys).count == keys.count, threshold >= 1, threshold <= keys.count else { return nil }
      self.souls = souls
      self.keys = keys.sorted()
      self.threshold = threshold
    }
  }

  /// In order: the first whose pattern fits the Soul's name decides alone.
  package let rules: [Rule]

  /// Trusts nobody.
  package static let empty = TrustPolicy(rules: [])

  package init(rules: [Rule]) {
    self.rules = rules
  }

  /// What the policy says to a Soul that `keys` validly signed. Signatures must have been checked before: this counts keys and no more.
  package func evaluate(soul name: String, signers keys: Set<PublicKey>) -> TrustDecision {
    guard let rule = rule(for: name) else { return .noRule }
    let counted = keys.intersection(rule.keys)
    guard counted.count >= rule.threshold else {
      return .untrusted(rule: rule.souls, reason: "\(counted.count) of the rule's keys signed, \(rule.threshold) needed")
    }
    return .trusted(rule: rule.souls, keys: counted)
  }

  /// The keys that the rule for this Soul names; none where there is no rule.
  package func keys(for soul: String) -> Set<PublicKey> { Set(rule(for: soul)?.keys ?? []) }

  private func rule(for soul: String) -> Rule? { rules.first { Glob(pattern: $0.souls).matches(soul) } }
}

package enum TrustPolicyError: ExplainedError, Hashable {
  case malformed(path: String, problem: String)
  case inputOutput(path: String, reason: String)

  package var message: String {
    switch self {
    case .malformed(let path, let problem), .inputOutput(let path, let problem): "\(path): \(problem)"
    }
  }

  package var hint: String? { nil }
}

// MARK: - File

extension TrustPolicy {
  private static let byteLimit = 4 << 20

  /// Reads the policy. No file is the empty policy: nobody is trusted.
  package static func load(from url: URL) throws(TrustPolicyError) -> TrustPolicy {
    guard FileManager.default.fileExists(atPath: url.path) else {
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)) != nil
      // Whoever keeps the policy elsewhere, on a disk that is not there now perhaps, does not trust nobody.
      guard !isLink else { throw .inputOutput(path: url.path, reason: "a link to a file that is not there") }
      return .empty
    }
    do {
      let bytes = try Data(contentsOf: url)
      guard bytes.count <= byteLimit else { throw TrustPolicyError.malformed(path: url.path, problem: "too large for a policy") }
      return try TrustPolicy(document: try JSONValue(parsing: bytes))
    } catch let error as TrustPolicyError {
      throw error
    } catch let error as DocumentError {
      throw .malformed(path: url.path, problem: error.message)
    } catch let error as JSONSyntaxError {
      throw .malformed(path: url.path, problem: error.reason)
    } catch {
      throw .inputOutput(path: url.path, reason: "cannot be read")
    }
  }

  /// Changes the policy that is at `url` and gives what it is then. No other process changes it in between. Where `change` throws, nothing is written.
  package static func update(at url: URL, _ change: (TrustPolicy) throws -> TrustPolicy) throws -> TrustPolicy {
    do {
      return try ChangeLock.holding(beside: url) {
        let policy = try change(try load(from: url))
        try policy.save(to: url)
        return policy
      }
    } catch let error as any ExplainedError {
      throw error
    } catch {
      throw TrustPolicyError.inputOutput(path: url.path, reason: "cannot be written")
    }
  }

  /// Writes the policy for people to read and edit, replacing the file in one step; where it is a link, the file that it leads to.
  package func save(to url: URL) throws(TrustPolicyError) {
    do {
      let url = url.resolvingSymlinksInPath()
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(document.pretty.utf8).write(to: url, options: .atomic)
    } catch {
      throw .inputOutput(path: url.path, reason: "cannot be written")
    }
  }

  package var document: JSONValue {
    ["schema": .string(Self.schema), "rules": .array(rules.map(\.document))]
  }

  package init(document: JSONValue) throws(DocumentError) {
    let reader = DocumentReader(document, document: "")
    try reader.object(["rules"], schema: Self.schema)
    var rules: [Rule] = []
    for rule in try reader.member("rules").elements(atMost: 10_000) { rules.append(try Rule(rule)) }
    self.init(rules: rules)
  }
}

extension TrustPolicy.Rule {
  fileprivate var document: JSONValue {
    ["souls": .string(souls), "keys": .array(keys.map { .string($0.description) }), "threshold": .integer(Int64(threshold))]
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["souls", "keys", "threshold"])
    var keys: [PublicKey] = []
    for key in try reader.member("keys").elements(atMost: 1000) { keys.append(try key.publicKey()) }
    let threshold = try reader.optional("threshold")?.integer(1...1000) ?? 1
    guard let rule = Self(souls: try reader.member("souls").nonEmptyString(), keys: keys, threshold: Int(threshold)) else {
      throw reader.failure("needs distinct keys, and a threshold between 1 and their number")
    }
    self = rule
  }
}
