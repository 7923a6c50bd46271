package import Artifacts
internal import Archiving
package import Foundation
internal import Hashing
package import Signing

/// A `.soul` file that was opened: canonical to the last byte, every blob digested, manifest and files in agreement. Whether somebody
/// trustworthy signed it is the `Verifier`'s question.
///
/// The value remembers where each blob lies and reads it again when asked, digesting it again: what is handed out is what was checked, whatever
/// has happened to the file since.
package struct SoulArchive: Sendable {
  package let url: URL
  /// The Soul digest: that of the OCI manifest.
  package let digest: Digest
  package let manifest: SoulManifest
  package let files: [File]
  /// By digest.
  package let referrers: [Referrer]
  let image: SoulImage
  let extents: [Digest: Extent]

  package struct File: Hashable, Sendable {
    package let path: String
    package let role: FileRole
    package let digest: Digest
    package let byteCount: Int64
  }

  init(url: URL, image: SoulImage, referrers: [Referrer], extents: [Digest: Extent]) {
    self.url = url
    self.image = image
    self.referrers = referrers
    self.extents = extents
    digest = image.descriptor.digest
    manifest = image.manifest
    files = image.layers.map { File(path: $0.path, role: $0.role, digest: $0.digest, byteCount: $0.byteCount) }
  }
}

// MARK: - Writing

extension SoulArchive {
  /// Packs a Soul into a new file at `url`, which must not exist, and returns the Soul digest: the same for the same manifest and files, on any
  /// machine. `soul.json` and `README.md` are made here from the manifest.
  package static func write(_ manifest: SoulManifest, files: [SoulFile], to url: URL) throws(ArchiveError) -> Digest {
    try explaining(url) { try write(manifest, allFiles: files + ownFiles(manifest, readableDocument(manifest)), to: url) }
  }

  /// The same of files among which soul.json and the card are.
  static func write(_ manifest: SoulManifest, allFiles files: [SoulFile], to url: URL) throws -> Digest {
    var layers: [SoulImage.Layer] = []
    var blobs: [Digest: BlobSource] = [:]
    for file in files {
      let (digest, source) = try measure(file)
      layers.append(SoulImage.Layer(path: file.path, role: file.role, digest: digest, byteCount: source.byteCount))
      blobs[digest] = source
    }
    let image = try SoulImage(manifest: manifest, layers: layers)
    for document in [image.configuration, image.imageManifest] { blobs[Digest(hashing: document)] = .data(document) }
    try Layout.write(soul: image.descriptor, referrers: [], blobs: blobs, to: url)
    return image.descriptor.digest
  }

  /// The bytes of soul.json, which a reader takes: what cannot be opened again must not be sealed.
  private static func readableDocument(_ manifest: SoulManifest) throws -> Data {
    let bytes = manifest.document.canonical
    guard bytes.count <= Layout.documentLimit else { throw ArchiveError.Problem.inconsistent("soul.json is larger than \(Layout.documentLimit) bytes") }
    guard try SoulManifest(document: JSONValue(parsingCanonical: bytes)).document.canonical == bytes else {
      throw ArchiveError.Problem.inconsistent("soul.json has no strict form")
    }
    return bytes
  }

  private static func ownFiles(_ manifest: SoulManifest, _ document: Data) -> [SoulFile] {
    [
      SoulFile(path: SoulFile.manifestPath, role: .document, content: .data(document)),
      SoulFile(path: SoulFile.cardPath, role: .document, content: .data(Data(ModelCard(manifest: manifest).text.utf8))),
    ]
  }

  private static func measure(_ file: SoulFile) throws -> (Digest, BlobSource) {
    switch file.content {
    case .data(let data): return (Digest(hashing: data), .data(data))
    case .file(let url):
      let extent = try Extent(wholeFile: url)
      var hasher = SHA256()
      try extent.read { hasher.update($0) }
      return (hasher.finalize(), .extent(extent))
    }
  }

  /// Writes a copy of the archive with one more referrer to a new file, which must not exist; replacing the old one is the caller's. The Soul
  /// digest stays. A referrer that is there already changes nothing.
  package func attach(_ envelope: Envelope, to newURL: URL) throws(ArchiveError) -> Referrer {
    try attach([.attestation(envelope)], to: newURL)[0]
  }

  /// The same with several, in one writing.
  package func attach(_ contents: [Referrer.Content], to newURL: URL) throws(ArchiveError) -> [Referrer] {
    try explaining(newURL) {
      let added = contents.map { Referrer($0, subject: image.descriptor) }
      // What cannot be opened again must not be written.
      for content in contents {
        guard try Referrer.Content(content.bytes, mediaType: content.mediaType) == content else {
          throw ArchiveError.Problem.inconsistent("what is attached has no strict form")
        }
      }
      var blobs = extents.mapValues(BlobSource.extent)
      for blob in added.flatMap(\.blobs) { blobs[Digest(hashing: blob)] = .data(blob) }
      let all = Set(referrers.map(\.digest)).union(added.map(\.digest))
      guard all.count <= Layout.referrerLimit else { throw ArchiveError.Problem.inconsistent("more than \(Layout.referrerLimit) referrers") }
      try Layout.write(soul: image.descriptor, referrers: Array(all), blobs: blobs, to: newURL)
      return added
    }
  }
}

// MARK: - Reading

extension SoulArchive {
  /// The bytes of one file of the Soul, digested as they are read. Nil where it has no such file.
  package func contents(of path: String) throws(ArchiveError) -> Data? {
    guard let file = files.first(where: { $0.path == path }) else { return nil }
    return try explaining(url) { try Self.contents(of: file.digest, in: extents) }
  }

  static func contents(of digest: Digest, in extents: [Digest: Extent]) throws -> Data {
    guard let extent = extents[digest] else { throw ArchiveError.Problem.missingBlob(digest) }
    var bytes = Data()
    try extent.read { bytes.append(contentsOf: $0) }
    guard Digest(hashing: bytes) == digest else { throw ArchiveError.Problem.sourceChanged(Layout.blobName(digest)) }
    return bytes
  }
}
