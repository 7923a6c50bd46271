package import Artifacts
internal import Foundation
package import Signing

/// A message whose signatures were all checked; there is no other way to have one. Nothing in a round looks at words that nobody signed.
package struct SignedMessage: Hashable, Sendable {
  package let message: RoundMessage
  package let envelope: Envelope
  /// At least one.
  package let signers: Set<PublicKey>

  package init(_ message: RoundMessage, signedBy key: borrowing SigningKey) {
    self.message = message
    envelope = Envelope(payloadType: RoundMessage.payloadType, payload: message.payload).signed(by: key)
    signers = [key.publicKey]
  }

  private init(_ message: RoundMessage, _ envelope: Envelope, _ signers: Set<PublicKey>) {
    self.message = message
    self.envelope = envelope
    self.signers = signers
  }

  /// Checks an envelope: every signature in it holds under the key that it names, and the payload is a message in its one form.
  package init(_ envelope: Envelope) throws(DocumentError) {
    let checks = envelope.checks()
    guard !checks.isEmpty, checks.allSatisfy(\.isValid) else { throw DocumentError(document: "message", problem: "a signature is missing or not valid") }
    guard envelope.payloadType == RoundMessage.payloadType else {
      throw DocumentError(document: "message", problem: "unknown payload type \"\(envelope.payloadType)\"")
    }
    self.init(try RoundMessage(payload: envelope.payload), envelope, Set(checks.compactMap(\.key)))
  }

  package var digest: Digest { message.digest }

  /// The same message with the signatures of both. They must be the same.
  func merging(_ other: SignedMessage) -> SignedMessage {
    precondition(message == other.message, "signatures of two messages")
    let keyIDs = Set(envelope.signatures.map(\.keyID))
    let all = envelope.signatures + other.envelope.signatures.filter { !keyIDs.contains($0.keyID) }
    let merged = Envelope(payloadType: RoundMessage.payloadType, payload: envelope.payload, signatures: all.sorted { $0.keyID < $1.keyID })
    return SignedMessage(message, merged, signers.union(other.signers))
  }
}
