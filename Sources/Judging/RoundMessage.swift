package import Artifacts
package import Foundation
internal import Hashing
package import Signing

/// What somebody says in a round. None of it holds a time.
package enum MessageBody: Hashable, Sendable {
  case manifest(RoundManifest)
  case commit(Commit)
  case freeze(Freeze)
  case reveal(Reveal)
  case vote(Vote)
  case decide(Verdict)
  /// The round ends without a winner, and its height is used up.
  case abort

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case manifest, commit, freeze, reveal, vote, decide, abort
  }
}

/// A trainer has a candidate, and does not yet say which.
package struct Commit: Hashable, Sendable {
  package let by: PublicKey
  package let commitment: Digest

  package init(by key: PublicKey, commitment: Digest) {
    by = key
    self.commitment = commitment
  }

  package init(round: Digest, by key: PublicKey, adapter: Digest, trace: Digest, nonce: Nonce) {
    self.init(by: key, commitment: Self.commitment(round: round, by: key, adapter: adapter, trace: trace, nonce: nonce))
  }

  /// SHA-256 of the ASCII text `soulpack/albft/1/commitment` and 32 bytes each of round, key, adapter digest, trace root and nonce.
  package static func commitment(round: Digest, by key: PublicKey, adapter: Digest, trace: Digest, nonce: Nonce) -> Digest {
    Digest(hashing: Array("soulpack/albft/1/commitment".utf8) + round.bytes + key.bytes + adapter.bytes + trace.bytes + nonce.bytes)
  }
}

/// 32 bytes that nobody else can guess, so that a commitment cannot be tried out against known adapters.
package struct Nonce: Hashable, Sendable {
  let bytes: [UInt8]

  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Digest.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// Follows from the candidate. For a committee of one, which has nobody to hide it from: publishing again then says the same bytes.
  init(round: Digest, adapter: Digest) {
    bytes = Digest(hashing: Array("soulpack/albft/1/nonce".utf8) + round.bytes + adapter.bytes).bytes
  }
}

/// The messages of a stage that count: no others do, from then on.
package struct Freeze: Hashable, Sendable {
  package enum Stage: String, Hashable, Sendable, CaseIterable {
    case commits, reveals, votes
  }

  package let stage: Stage
  /// Digests of messages, sorted.
  package let members: [Digest]

  package init(_ stage: Stage, _ members: Set<Digest>) {
    self.stage = stage
    self.members = members.sorted()
  }
}

/// What was committed to.
package struct Reveal: Hashable, Sendable {
  package let by: PublicKey
  /// The digest of the commit message.
  package let commit: Digest
  package let adapter: Digest
  package let trace: Digest
  package let nonce: Nonce

  package init(by key: PublicKey, commit: Digest, adapter: Digest, trace: Digest, nonce: Nonce) {
    by = key
    self.commit = commit
    self.adapter = adapter
    self.trace = trace
    self.nonce = nonce
  }
}

/// What a validator measured: of the incumbent and of every revealed candidate.
package struct Vote: Hashable, Sendable {
  package let by: PublicKey
  package let table: ScoreTable

  package init(by key: PublicKey, table: ScoreTable) {
    by = key
    self.table = table
  }
}

/// The round's result: the sets that were frozen, the table that was agreed on, and what follows from it.
package struct Verdict: Hashable, Sendable {
  package let commits: [Digest]
  package let reveals: [Digest]
  package let votes: [Digest]
  package let decision: Decision
}

// MARK: - The bytes

/// What is said in a round: the bytes that are signed, `soulpack/albft/1/TYPE ROUND` and a line feed, then canonical JSON.
package struct RoundMessage: Hashable, Sendable {
  package static let payloadType = "application/vnd.soulpack.albft.v1"

  package let round: Digest
  package let body: MessageBody

  package init(round: Digest, _ body: MessageBody) {
    self.round = round
    self.body = body
  }

  package init(_ manifest: RoundManifest) {
    self.init(round: manifest.id, .manifest(manifest))
  }

  package var payload: Data { Data("soulpack/albft/1/\(body.kind.rawValue) \(round)\n".utf8) + body.document.canonical }

  /// What sets name it by. Signatures are not in it: the same words signed by more is the same message.
  package var digest: Digest { Digest(hashing: payload) }

  /// Reads what `payload` writes, and nothing else.
  package init(payload: Data) throws(DocumentError) {
    guard let end = payload.firstIndex(of: UInt8(ascii: "\n")) else { throw DocumentError(document: "message", problem: "has no header line") }
    let header = String(decoding: payload[..<end], as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
    guard header.count == 2, header[0].hasPrefix("soulpack/albft/1/"), let round = Digest(header[1]),
      let kind = MessageBody.Kind(rawValue: String(header[0].dropFirst("soulpack/albft/1/".count)))
    else { throw DocumentError(document: "message", problem: "is not of version 1 of the protocol") }
    let document: JSONValue
    do throws(JSONSyntaxError) {
      document = try JSONValue(parsingCanonical: Data(payload[payload.index(after: end)...]))
    } catch {
      throw DocumentError(document: kind.rawValue, problem: error.reason)
    }
    self.init(round: round, try MessageBody(kind, DocumentReader(document, document: kind.rawValue)))
    if case .manifest(let manifest) = body, manifest.id != round { throw DocumentError(document: "manifest", problem: "is of another round") }
    guard self.payload == payload else { throw DocumentError(document: kind.rawValue, problem: "is not in its one form") }
  }
}
