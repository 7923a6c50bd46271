package import Artifacts
internal import Foundation
internal import Hashing
package import Signing

/// A signed statement about a Soul that travels in its archive without being part of it: an OCI manifest whose `subject` is the Soul's, whose
/// configuration is empty, and whose only layer is the envelope (image-spec, manifest.md, "Guidelines for Artifact Usage").
package struct Referrer: Hashable, Sendable {
  /// The digest of its manifest.
  package let digest: Digest
  package let envelope: Envelope
  let manifest: Data

  static let emptyConfiguration = Data("{}".utf8)

  static var emptyDescriptor: Descriptor {
    Descriptor(
      mediaType: MediaType.emptyConfiguration, digest: Digest(hashing: emptyConfiguration), byteCount: Int64(emptyConfiguration.count))
  }

  init(envelope: Envelope, subject: Descriptor) {
    let bytes = envelope.canonical
    let layer = Descriptor(mediaType: MediaType.attestation, digest: Digest(hashing: bytes), byteCount: Int64(bytes.count))
    let document: JSONValue = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest), "artifactType": .string(MediaType.attestation),
      "config": Self.emptyDescriptor.document(), "layers": [layer.document()], "subject": subject.document(),
    ]
    self.envelope = envelope
    manifest = document.canonical
    digest = Digest(hashing: manifest)
  }

  /// The blobs that it brings: manifest, envelope, empty configuration.
  var blobs: [Data] { [manifest, envelope.canonical, Self.emptyConfiguration] }

  /// Where a referrer's manifest says the envelope lies. Whether that is all it says, the caller finds out by making it again.
  static func layer(of bytes: Data) throws -> Descriptor {
    let reader = DocumentReader(try JSONValue(parsingCanonical: bytes), document: "referrer")
    let layers = try reader.member("layers").elements(atMost: 1)
    guard let first = layers.first else { throw reader.failure("has no layer") }
    let layer = try Descriptor(first)
    guard layer.mediaType == MediaType.attestation else { throw ArchiveError.Problem.unknownMediaType(layer.mediaType) }
    return layer
  }
}
