package import Artifacts
package import Foundation

/// A DSSE envelope, version 1 (github.com/secure-systems-lab/dsse): a payload, its type, and signatures over both.
///
/// Ours is strict: `parsing` takes the canonical JSON of `canonical` and nothing else, so an envelope has one spelling and one digest. The
/// `keyid` of a signature is the did:key it claims to be of; as the specification has it, that is a hint and decides nothing.
package struct Envelope: Hashable, Sendable {
  package struct Signature: Hashable, Sendable {
    package let keyID: String
    package let bytes: Data

    package init(keyID: String, bytes: Data) {
      self.keyID = keyID
      self.bytes = bytes
    }
  }

  package let payloadType: String
  package let payload: Data
  package let signatures: [Signature]

  package init(payloadType: String, payload: Data, signatures: [Signature] = []) {
    self.payloadType = payloadType
    self.payload = payload
    self.signatures = signatures
  }

  /// `PAE(type, body) = "DSSEv1" SP len(type) SP type SP len(body) SP body`: what is signed.
  package static func preAuthenticationEncoding(payloadType: String, payload: Data) -> Data {
    Data("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
  }

  private var signedBytes: Data { Self.preAuthenticationEncoding(payloadType: payloadType, payload: payload) }
}

// MARK: - Signing and checking

extension Envelope {
  /// The same envelope with the signature of `key`, once. Signatures stand in the order of their key ids.
  package func signed(by key: borrowing SigningKey) -> Envelope {
    let keyID = key.publicKey.description
    let signature = Signature(keyID: keyID, bytes: key.signature(over: signedBytes))
    let all = signatures.filter { $0.keyID != keyID } + [signature]
    return Envelope(payloadType: payloadType, payload: payload, signatures: all.sorted { $0.keyID < $1.keyID })
  }

  /// The payload, if at least `threshold` of `keys` signed it. Each key counts once, however many signatures it gave.
  package func verified(by keys: Set<PublicKey>, threshold: Int = 1) throws(EnvelopeError) -> VerifiedPayload {
    let message = signedBytes
    let signers = keys.filter { key in signatures.contains { key.accepts(signature: $0.bytes, over: message) } }
    guard signers.count >= max(threshold, 1) else { throw .tooFewSignatures(valid: signers.count, needed: max(threshold, 1)) }
    return VerifiedPayload(type: payloadType, bytes: payload, signers: signers)
  }

  /// Each signature under the key that it names. Nil key: the key id is no Ed25519 did:key, so nothing can be said for it.
  package func checks() -> [SignatureCheck] {
    let message = signedBytes
    return signatures.map { signature in
      let key = PublicKey(signature.keyID)
      return SignatureCheck(
        keyID: signature.keyID, key: key, isValid: key?.accepts(signature: signature.bytes, over: message) ?? false)
    }
  }
}

/// What a signature turned out to be worth.
package struct SignatureCheck: Hashable, Sendable {
  package let keyID: String
  package let key: PublicKey?
  package let isValid: Bool
}

/// Bytes that were verified. Only `Envelope.verified` makes one, so whoever parses it parses what was signed.
package struct VerifiedPayload: Hashable, Sendable {
  package let type: String
  package let bytes: Data
  /// At least one.
  package let signers: Set<PublicKey>

  fileprivate init(type: String, bytes: Data, signers: Set<PublicKey>) {
    self.type = type
    self.bytes = bytes
    self.signers = signers
  }
}

package enum EnvelopeError: ExplainedError, Hashable {
  case malformed(String)
  case tooFewSignatures(valid: Int, needed: Int)

  package var message: String {
    switch self {
    case .malformed(let reason): reason
    case .tooFewSignatures(let valid, let needed): "\(valid) valid signatures by distinct keys, \(needed) needed"
    }
  }

  package var hint: String? { nil }
}

// MARK: - JSON

extension Envelope {
  private static let byteLimit = 16 << 20
  private static let signatureLimit = 64

  package var canonical: Data { document.canonical }

  package var document: JSONValue {
    let signatures = signatures.map { signature -> JSONValue in
      ["keyid": .string(signature.keyID), "sig": .string(signature.bytes.base64EncodedString())]
    }
    return [
      "payload": .string(payload.base64EncodedString()), "payloadType": .string(payloadType), "signatures": .array(signatures),
    ]
  }

  /// Reads what `canonical` wrote. Key ids must be in order and distinct (other verifiers refuse two alike).
  package init(parsing bytes: Data) throws(EnvelopeError) {
    guard bytes.count <= Self.byteLimit else { throw .malformed("the envelope is larger than \(Self.byteLimit) bytes") }
    do {
      try self.init(DocumentReader(try JSONValue(parsingCanonical: bytes), document: "envelope"))
    } catch let error as JSONSyntaxError {
      throw .malformed("envelope: \(error.reason)")
    } catch let error as DocumentError {
      throw .malformed(error.message)
    } catch {
      throw .malformed("envelope: unreadable")
    }
  }

  /// An envelope inside another document, by the same rules.
  package init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["payload", "payloadType", "signatures"])
    var signatures: [Signature] = []
    for signature in try reader.member("signatures").elements(atMost: Self.signatureLimit) { signatures.append(try Self.signature(signature)) }
    guard zip(signatures, signatures.dropFirst()).allSatisfy({ $0.keyID < $1.keyID }) else {
      throw reader.failure("signatures are not in the order of distinct key ids")
    }
    self.init(
      payloadType: try reader.member("payloadType").nonEmptyString(), payload: try reader.member("payload").base64(), signatures: signatures)
  }

  private static func signature(_ reader: DocumentReader) throws(DocumentError) -> Signature {
    try reader.object(["keyid", "sig"])
    let bytes = try reader.member("sig").base64()
    guard bytes.count == PublicKey.signatureByteCount else { throw reader.failure("a signature has \(PublicKey.signatureByteCount) bytes") }
    return Signature(keyID: try reader.member("keyid").nonEmptyString(), bytes: bytes)
  }
}
