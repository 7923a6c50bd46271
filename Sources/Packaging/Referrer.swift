package import Artifacts
internal import Foundation
internal import Hashing
package import Signing

/// Something signed about a Soul that travels in its archive without being part of it: an OCI manifest whose `subject` is the Soul's, whose
/// configuration is empty, and whose only layer is what was signed (image-spec, manifest.md, "Guidelines for Artifact Usage").
package struct Referrer: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    /// An in-toto statement about the Soul.
    case attestation(Envelope)
    /// A committee's certificate of the selection, an object. What it says is for Judging to read.
    case certificate(JSONValue)
  }

  /// The digest of its manifest.
  package let digest: Digest
  package let content: Content
  let manifest: Data

  static let emptyConfiguration = Data("{}".utf8)

  static var emptyDescriptor: Descriptor {
    Descriptor(
      mediaType: MediaType.emptyConfiguration, digest: Digest(hashing: emptyConfiguration), byteCount: Int64(emptyConfiguration.count))
  }

  init(_ content: Content, subject: Descriptor) {
    let layer = Descriptor(mediaType: content.mediaType, digest: Digest(hashing: content.bytes), byteCount: Int64(content.bytes.count))
    let document: JSONValue = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest), "artifactType": .string(content.mediaType),
      "config": Self.emptyDescriptor.document(), "layers": [layer.document()], "subject": subject.document(),
    ]
    self.content = content
    manifest = document.canonical
    digest = Digest(hashing: manifest)
  }

  /// Nil for a certificate.
  package var envelope: Envelope? {
    if case .attestation(let envelope) = content { envelope } else { nil }
  }

  /// The blobs that it brings: manifest, what was signed, empty configuration.
  var blobs: [Data] { [manifest, content.bytes, Self.emptyConfiguration] }

  /// Where a referrer's manifest says that its content lies. Whether that is all it says, the caller finds out by making it again.
  static func layer(of bytes: Data) throws -> Descriptor {
    let reader = DocumentReader(try JSONValue(parsingCanonical: bytes), document: "referrer")
    let layers = try reader.member("layers").elements(atMost: 1)
    guard let first = layers.first else { throw reader.failure("has no layer") }
    return try Descriptor(first)
  }
}

extension Referrer.Content {
  var mediaType: String {
    switch self {
    case .attestation: MediaType.attestation
    case .certificate: MediaType.certificate
    }
  }

  var bytes: Data {
    switch self {
    case .attestation(let envelope): envelope.canonical
    case .certificate(let document): document.canonical
    }
  }

  /// Who is named as a signer; that they signed is another question. A certificate holds the envelope of the decision.
  package var claimedSigners: [String] {
    switch self {
    case .attestation(let envelope): envelope.signatures.map(\.keyID)
    case .certificate(let document): (document["decision"]?["signatures"]?.array ?? []).compactMap { $0["keyid"]?.string }
    }
  }

  /// Reads what `bytes` wrote, in its strict form.
  init(_ bytes: Data, mediaType: String) throws {
    switch mediaType {
    case MediaType.attestation: self = .attestation(try Envelope(parsing: bytes))
    case MediaType.certificate:
      let document = try JSONValue(parsingCanonical: bytes)
      guard document.object != nil else { throw DocumentError(document: "certificate", problem: "not an object") }
      self = .certificate(document)
    default: throw ArchiveError.Problem.unknownMediaType(mediaType)
    }
  }
}
