internal import Artifacts
internal import Archiving
package import Foundation
internal import Hashing
internal import Signing

extension SoulArchive {
  /// Opens an archive, strictly. It is refused unless its bytes are the ones that this very Soul with these very referrers has: canonical tar,
  /// canonical documents, each blob under its digest, none missing and none that nothing names.
  package static func open(_ url: URL) throws(ArchiveError) -> SoulArchive {
    try explaining(url) { try OpenedLayout(url).archive() }
  }
}

/// The first reading of an archive: all members digested, the two that have no digest kept.
private struct OpenedLayout {
  /// Registries refuse manifests above 4 MB.
  private static let manifestLimit: Int64 = 4 << 20

  private let url: URL
  private let index: Data
  private let extents: [Digest: Extent]

  init(_ url: URL) throws {
    var reader = try TarReader(opening: url)
    let marker = try Self.document(Layout.markerName, from: &reader, limit: 1024)
    guard marker == Layout.marker else { throw DocumentError(document: Layout.markerName, problem: "is not the layout's version 1.0.0") }
    index = try Self.document(Layout.indexName, from: &reader, limit: Int(Self.manifestLimit))
    extents = try Self.blobs(&reader, url)
    self.url = url
  }

  /// The next member, which must have this name, kept whole.
  private static func document(_ name: String, from reader: inout TarReader, limit: Int) throws -> Data {
    var bytes = Data()
    let member = try reader.next { piece in
      if bytes.count <= limit { bytes.append(contentsOf: piece) }
    }
    guard let member else { throw DocumentError(document: name, problem: "is missing") }
    guard member.name == name else { throw ArchiveError.Problem.order(member: member.name) }
    guard member.byteCount <= limit else { throw DocumentError(document: name, problem: "is larger than \(limit) bytes") }
    return bytes
  }

  /// The other members: blobs in the order of their digests, each the digest of its bytes.
  private static func blobs(_ reader: inout TarReader, _ url: URL) throws -> [Digest: Extent] {
    var extents: [Digest: Extent] = [:]
    var last: Digest?
    while true {
      var hasher = SHA256()
      guard let member = try reader.next({ hasher.update($0) }) else { return extents }
      guard let digest = Layout.blobDigest(member.name) else { throw ArchiveError.Problem.unexpectedMember(member.name) }
      if let last, digest <= last { throw ArchiveError.Problem.order(member: member.name) }
      guard hasher.finalize() == digest else { throw ArchiveError.Problem.wrongDigest(member.name) }
      extents[digest] = Extent(file: url, offset: member.offset, byteCount: member.byteCount)
      last = digest
    }
  }

  func archive() throws -> SoulArchive {
    let (soul, referrerDigests) = try Layout.parseIndex(index)
    let image = try image(soul)
    let referrers = try referrerDigests.map { try referrer($0, subject: soul) }
    try checkReach(image, referrers)
    return SoulArchive(url: url, image: image, referrers: referrers, extents: extents)
  }

  /// The image that soul.json and the layers make; it must be the one that is stored.
  private func image(_ soul: Descriptor) throws -> SoulImage {
    let imageBytes = try bytes(soul, limit: Self.manifestLimit)
    let (configuration, layers) = try SoulImage.parse(imageBytes)
    for layer in layers { try check(Descriptor(mediaType: layer.role.mediaType, digest: layer.digest, byteCount: layer.byteCount)) }
    guard let own = layers.first(where: { $0.path == SoulFile.manifestPath }), layers.contains(where: { $0.path == SoulFile.cardPath }) else {
      throw ArchiveError.Problem.inconsistent("has no \(SoulFile.manifestPath) or no \(SoulFile.cardPath)")
    }
    let descriptor = Descriptor(mediaType: own.role.mediaType, digest: own.digest, byteCount: own.byteCount)
    let document = try JSONValue(parsingCanonical: try bytes(descriptor, limit: Layout.documentLimit))
    let image = try SoulImage(manifest: SoulManifest(document: document), layers: layers)
    guard own.role == .document, image.imageManifest == imageBytes, image.manifest.document == document,
      try bytes(configuration, limit: Self.manifestLimit) == image.configuration
    else { throw DocumentError(document: "image manifest", problem: "is not the one that soul.json and the files make") }
    return image
  }

  private func referrer(_ digest: Digest, subject: Descriptor) throws -> Referrer {
    guard let extent = extents[digest] else { throw ArchiveError.Problem.missingBlob(digest) }
    let own = Descriptor(mediaType: MediaType.manifest, digest: digest, byteCount: extent.byteCount)
    let layer = try Referrer.layer(of: try bytes(own, limit: Self.manifestLimit))
    let content = try Referrer.Content(try bytes(layer, limit: Layout.documentLimit), mediaType: layer.mediaType)
    let referrer = Referrer(content, subject: subject)
    guard referrer.digest == digest else { throw DocumentError(document: "referrer", problem: "is not one of this Soul") }
    return referrer
  }

  /// Present, and of the size that is promised. That its bytes fit its digest was seen when the file was read.
  private func check(_ descriptor: Descriptor) throws {
    guard let extent = extents[descriptor.digest] else { throw ArchiveError.Problem.missingBlob(descriptor.digest) }
    guard extent.byteCount == descriptor.byteCount else { throw ArchiveError.Problem.wrongSize(descriptor.digest) }
  }

  /// The bytes of a document that will be parsed, digested again as they are read.
  private func bytes(_ descriptor: Descriptor, limit: Int64) throws -> Data {
    try check(descriptor)
    guard descriptor.byteCount <= limit else {
      throw DocumentError(document: descriptor.mediaType, problem: "is larger than \(limit) bytes")
    }
    return try SoulArchive.contents(of: descriptor.digest, in: extents)
  }

  /// No blob is missing and none is there that nothing names.
  private func checkReach(_ image: SoulImage, _ referrers: [Referrer]) throws {
    var named: Set<Digest> = [image.descriptor.digest, Digest(hashing: image.configuration)]
    named.formUnion(image.layers.map(\.digest))
    for referrer in referrers { named.formUnion(referrer.blobs.map { Digest(hashing: $0) }) }
    if let missing = named.subtracting(extents.keys).min() { throw ArchiveError.Problem.missingBlob(missing) }
    if let extra = Set(extents.keys).subtracting(named).min() { throw ArchiveError.Problem.extraBlob(extra) }
  }
}
