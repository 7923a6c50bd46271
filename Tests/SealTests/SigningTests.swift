import Artifacts
import Foundation
import Hashing
import Signing
import Testing

@Suite("Ed25519 keys")
struct KeyTests {
  /// RFC 8032, section 7.1.
  struct Vector: Sendable {
    let seed, publicKey, message, signature: String
  }

  static let vectors = [
    Vector(
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
      signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    Vector(
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
      signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    Vector(
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
      signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
  ]

  @Test("the vectors of RFC 8032 come out, and each bit of a signature counts", arguments: vectors)
  func known(_ vector: Vector) throws {
    let key = try signingKey(hex: vector.seed)
    let message = Data(try bytes(vector.message))
    let signature = key.signature(over: message)
    #expect(hexadecimal(key.publicKey.bytes) == vector.publicKey)
    #expect(hexadecimal(signature) == vector.signature)
    #expect(key.publicKey.accepts(signature: signature, over: message))
    for bit in 0..<512 {
      var changed = signature
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(!key.publicKey.accepts(signature: changed, over: message))
    }
    #expect(!key.publicKey.accepts(signature: signature, over: message + [0]))
    #expect(!key.publicKey.accepts(signature: signature.dropLast(), over: message))
  }

  @Test("a did:key is the one spelling of a key")
  func didKey() throws {
    // The did:key method's own vector: the key whose seed is all zeros.
    let text = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
    let key = try signingKey(hex: String(repeating: "00", count: 32)).publicKey
    #expect(key.description == text)
    #expect(PublicKey(text) == key)
  }

  @Test(
    "what is no Ed25519 did:key is refused",
    arguments: [
      "", "did:key:", "did:key:z", "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
      "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp ", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW",
      "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW0", "did:key:z16MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
      "DID:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
      "did:key:z" + String(repeating: "z", count: 100_000),
    ])
  func badKey(_ text: String) {
    #expect(PublicKey(text) == nil)
  }

  @Test("points of small order and non-canonical encodings are no keys")
  func badPoints() {
    var identity = [UInt8](repeating: 0, count: 32)
    #expect(PublicKey(bytes: identity) == nil)
    identity[0] = 1
    #expect(PublicKey(bytes: identity) == nil)
    #expect(PublicKey(bytes: [UInt8](repeating: 0xFF, count: 32)) == nil)
    #expect(PublicKey(bytes: [UInt8](repeating: 2, count: 31)) == nil)
  }

  @Test("two generated keys differ, and a seed gives its key back")
  func generated() throws {
    let one = SigningKey.generate()
    let two = SigningKey.generate()
    #expect(one.publicKey != two.publicKey)
    guard let again = SigningKey(seed: one.seed()) else { throw BadSeed() }
    #expect(again.publicKey == one.publicKey)
    let short = SigningKey(seed: SecretBytes(copying: [1, 2, 3]))?.publicKey
    #expect(short == nil)
  }
}

@Suite("DSSE envelopes")
struct EnvelopeTests {
  @Test("the pre-authentication encoding is the specification's")
  func encoding() {
    let encoded = Envelope.preAuthenticationEncoding(payloadType: "http://example.com/HelloWorld", payload: Data("hello world".utf8))
    #expect(String(decoding: encoded, as: UTF8.self) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    // Lengths are of bytes, not of characters.
    let umlaut = Envelope.preAuthenticationEncoding(payloadType: "é", payload: Data([0, 10]))
    #expect(umlaut == Data("DSSEv1 2 é 2 ".utf8) + [0, 10])
  }

  @Test("an envelope comes back as it was written, and verified bytes are its payload")
  func roundTrip() throws {
    let one = SigningKey.generate()
    let two = SigningKey.generate()
    let envelope = Envelope(payloadType: "text/x", payload: Data("words".utf8)).signed(by: one).signed(by: two).signed(by: one)
    #expect(envelope.signatures.count == 2)
    #expect(try Envelope(parsing: envelope.canonical) == envelope)
    let verified = try envelope.verified(by: [one.publicKey, two.publicKey], threshold: 2)
    #expect(verified.bytes == Data("words".utf8))
    #expect(verified.signers == [one.publicKey, two.publicKey])
    #expect(envelope.checks().filter(\.isValid).count == 2)
  }

  @Test("a threshold counts distinct keys: two signatures of one key are one")
  func threshold() throws {
    let key = SigningKey.generate()
    let other = SigningKey.generate()
    let signed = Envelope(payloadType: "text/x", payload: Data("words".utf8)).signed(by: key)
    // The same signature again, under key ids that claim to be somebody else's.
    let forged = signed.signatures + [
      Envelope.Signature(keyID: other.publicKey.description, bytes: signed.signatures[0].bytes),
      Envelope.Signature(keyID: "", bytes: signed.signatures[0].bytes),
    ]
    let doubled = Envelope(payloadType: signed.payloadType, payload: signed.payload, signatures: forged)
    #expect(throws: EnvelopeError.tooFewSignatures(valid: 1, needed: 2)) {
      try doubled.verified(by: [key.publicKey, other.publicKey], threshold: 2)
    }
    #expect(throws: EnvelopeError.tooFewSignatures(valid: 0, needed: 1)) { try doubled.verified(by: [other.publicKey], threshold: 0) }
    #expect(doubled.checks().filter(\.isValid).compactMap(\.key) == [key.publicKey])
  }

  @Test("a changed payload or payload type is not what was signed")
  func changed() throws {
    let key = SigningKey.generate()
    let signed = Envelope(payloadType: "text/x", payload: Data("words".utf8)).signed(by: key)
    for (type, payload) in [("text/x", "wordz"), ("text/y", "words"), ("text/x 5", "words"), ("text/x", "")] {
      let changed = Envelope(payloadType: type, payload: Data(payload.utf8), signatures: signed.signatures)
      #expect(throws: EnvelopeError.self) { try changed.verified(by: [key.publicKey]) }
    }
  }

  static let signature = Data(repeating: 7, count: 64).base64EncodedString()

  @Test(
    "an envelope that is not in its one form is refused",
    arguments: [
      "", "{}", "[]", "null", #"{"payload":"","payloadType":"t","signatures":[]}"# + "\n",
      #"{ "payload":"","payloadType":"t","signatures":[]}"#, #"{"payloadType":"t","payload":"","signatures":[]}"#,
      #"{"payload":"","payloadType":"t","signatures":[],"x":1}"#, #"{"payload":"","payloadType":"","signatures":[]}"#,
      #"{"payload":"YR==","payloadType":"t","signatures":[]}"#, #"{"payload":"YQ","payloadType":"t","signatures":[]}"#,
      #"{"payload":"YQ= =","payloadType":"t","signatures":[]}"#, #"{"payload":"_-_-","payloadType":"t","signatures":[]}"#,
      #"{"payload":"","payload":"","payloadType":"t","signatures":[]}"#,
      #"{"payload":"","payloadType":"t","signatures":[{"keyid":"a","sig":"YQ=="}]}"#,
      #"{"payload":"","payloadType":"t","signatures":[{"sig":"\#(signature)"}]}"#,
      #"{"payload":"","payloadType":"t","signatures":[{"keyid":"a","sig":"\#(signature)"},{"keyid":"a","sig":"\#(signature)"}]}"#,
      #"{"payload":"","payloadType":"t","signatures":[{"keyid":"b","sig":"\#(signature)"},{"keyid":"a","sig":"\#(signature)"}]}"#,
    ])
  func malformed(_ text: String) {
    #expect(throws: EnvelopeError.self) { try Envelope(parsing: Data(text.utf8)) }
  }

  @Test("the strict form itself is taken")
  func wellFormed() throws {
    let text = #"{"payload":"YQ==","payloadType":"t","signatures":[{"keyid":"a","sig":"\#(Self.signature)"}]}"#
    let envelope = try Envelope(parsing: Data(text.utf8))
    #expect(envelope.payload == Data("a".utf8))
    let check = try #require(envelope.checks().first)
    #expect(check.keyID == "a" && check.key == nil && !check.isValid)
  }
}

@Suite("in-toto statements")
struct StatementTests {
  private let digest = Digest(hashing: Data("soul".utf8))

  private func verified(_ payload: Data, type: String = Statement.payloadType) throws -> VerifiedPayload {
    let key = SigningKey.generate()
    return try Envelope(payloadType: type, payload: payload).signed(by: key).verified(by: [key.publicKey])
  }

  @Test("a statement comes back from its verified payload")
  func roundTrip() throws {
    let statement = Statement(
      subjects: [.init(name: "lamplighter@1.0.0", digest: digest)], predicateType: "https://example.org/p", predicate: ["a": [1, 2]])
    #expect(try Statement(verified(statement.canonical)) == statement)
  }

  @Test("an unknown payload type is refused before the payload is parsed")
  func payloadType() throws {
    let payload = try verified(Data("{".utf8), type: "application/json")
    #expect(throws: DocumentError(document: "statement", problem: "unknown payload type \"application/json\"")) { try Statement(payload) }
  }

  @Test(
    "what is no Statement v1 is refused",
    arguments: [
      "{", "{}", #"{"_type":"https://in-toto.io/Statement/v0.1","predicate":{},"predicateType":"p","subject":[]}"#,
      #"{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"p","subject":[]}"#,
      #"{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"p","subject":[{"digest":{"sha256":"00"},"name":"n"}]}"#,
      #"{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"p","subject":[{"digest":{"md5":"00"},"name":"n"}]}"#,
    ])
  func malformed(_ text: String) throws {
    let payload = try verified(Data(text.utf8))
    #expect(throws: DocumentError.self) { try Statement(payload) }
  }
}

func bytes(_ hex: String) throws -> [UInt8] { try #require(hexadecimalBytes(hex.utf8)) }

func signingKey(hex: String) throws -> SigningKey {
  guard let key = SigningKey(seed: SecretBytes(copying: try bytes(hex))) else { throw BadSeed() }
  return key
}

struct BadSeed: Error {}
