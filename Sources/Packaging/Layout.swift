internal import Artifacts
internal import Archiving
internal import Foundation
internal import Hashing
internal import Signing

/// The members of the tar: an OCI image layout (image-spec, image-layout.md) with one image, the Soul.
enum Layout {
  static let markerName = "oci-layout"
  static let marker = Data(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
  static let indexName = "index.json"
  private static let blobPrefix = "blobs/sha256/"

  static func blobName(_ digest: Digest) -> String { blobPrefix + digest.hex }

  static func blobDigest(_ name: String) -> Digest? {
    guard name.hasPrefix(blobPrefix) else { return nil }
    return Digest(name.dropFirst(blobPrefix.count)).flatMap { blobName($0) == name ? $0 : nil }
  }

  /// Names the referrers in the Soul's descriptor, since a second manifest in the index would make other tools refuse the file.
  static let referrersAnnotation = "dev.soulpack.referrers"
  static let referrerLimit = 1000

  /// Of soul.json and of what a referrer brings: both are read whole.
  static let documentLimit: Int64 = 16 << 20

  /// `index.json`: the Soul alone, its referrers' digests sorted and joined by commas.
  static func index(soul: Descriptor, referrers: [Digest]) -> Data {
    var extra: [String: JSONValue] = ["artifactType": .string(MediaType.model)]
    if !referrers.isEmpty {
      let digests = referrers.sorted().map(\.description).joined(separator: ",")
      extra["annotations"] = [referrersAnnotation: .string(digests)]
    }
    let document: JSONValue = [
      "schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": [soul.document(adding: extra)],
    ]
    return document.canonical
  }

  /// What an index says; it must be the one that `index` writes.
  static func parseIndex(_ bytes: Data) throws -> (soul: Descriptor, referrers: [Digest]) {
    let reader = DocumentReader(try JSONValue(parsingCanonical: bytes), document: indexName)
    guard let first = try reader.member("manifests").elements(atMost: 1).first else { throw reader.failure("names no image") }
    let soul = try Descriptor(first, extra: ["annotations", "artifactType"])
    let referrers = try first.optional("annotations").map(digests) ?? []
    guard referrers.count <= referrerLimit else { throw reader.failure("names more than \(referrerLimit) referrers") }
    guard Set(referrers).count == referrers.count, index(soul: soul, referrers: referrers) == bytes else {
      throw reader.failure("is not the index of a Soul")
    }
    return (soul, referrers)
  }

  private static func digests(_ annotations: DocumentReader) throws -> [Digest] {
    let annotation = try annotations.member(referrersAnnotation)
    return try annotation.string().split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let digest = Digest(text) else { throw annotation.failure("not a list of SHA-256 digests") }
      return digest
    }
  }
}

/// Where the bytes of a blob are.
enum BlobSource {
  case data(Data)
  case extent(Extent)

  var byteCount: Int64 {
    switch self {
    case .data(let data): Int64(data.count)
    case .extent(let extent): extent.byteCount
    }
  }
}

extension Layout {
  /// Writes the file: marker, index, blobs by digest. Each blob is digested as it goes in; one that changed since it was named stops the
  /// writing. What was begun is removed.
  static func write(soul: Descriptor, referrers: [Digest], blobs: [Digest: BlobSource], to url: URL) throws {
    var writer = try TarWriter(creating: url)
    do {
      try writer.append(markerName, contents: marker)
      try writer.append(indexName, contents: index(soul: soul, referrers: referrers))
      for (digest, source) in blobs.sorted(by: { $0.key < $1.key }) { try append(source, digest, to: &writer) }
      try writer.finish()
    } catch {
      unlink(url.path)
      throw error
    }
  }

  private static func append(_ source: BlobSource, _ digest: Digest, to writer: inout TarWriter) throws {
    let name = blobName(digest)
    var hasher = SHA256()
    switch source {
    case .data(let data):
      hasher.update(data)
      try writer.append(name, contents: data)
    case .extent(let extent):
      try writer.append(name, copying: extent) { hasher.update($0) }
    }
    guard hasher.finalize() == digest else { throw ArchiveError.Problem.sourceChanged(name) }
  }
}
