internal import Artifacts
internal import Signing

/// An OCI content descriptor (image-spec, descriptor.md): type, digest and size of a blob.
struct Descriptor: Hashable, Sendable {
  let mediaType: String
  let digest: Digest
  let byteCount: Int64

  /// `extra` are the members that some descriptors have besides, such as annotations.
  func document(adding extra: [String: JSONValue] = [:]) -> JSONValue {
    let members: [String: JSONValue] = ["mediaType": .string(mediaType), "digest": .digest(digest), "size": .integer(byteCount)]
    return .object(members.merging(extra) { own, _ in own })
  }

  init(mediaType: String, digest: Digest, byteCount: Int64) {
    self.mediaType = mediaType
    self.digest = digest
    self.byteCount = byteCount
  }

  init(_ reader: DocumentReader, extra: Set<String> = []) throws(DocumentError) {
    try reader.object(extra.union(["mediaType", "digest", "size"]))
    self.init(
      mediaType: try reader.member("mediaType").string(), digest: try reader.member("digest").digest(),
      byteCount: try reader.member("size").count())
  }
}
