internal import Artifacts
internal import Foundation
internal import Hashing

/// What the hub calls a file's content, and its cache too: SHA-256 for large files (Git LFS), what git calls it for all others. Either can be
/// checked.
enum BlobName: Hashable, Sendable {
  case sha256(Digest)
  /// 40 lower-case hexadecimal digits.
  case git(String)

  /// Nil where the text is neither.
  init?(_ text: some StringProtocol) {
    if text.utf8.count == 64, let digest = Digest(text) {
      self = .sha256(digest)
    } else if HubReference.isCommit(text) {
      self = .git(String(text))
    } else {
      return nil
    }
  }

  /// An entity tag (RFC 9110, section 8.8.3): quoted, and weak where something on the way packed the body.
  init?(entityTag: String) {
    let strong = entityTag.hasPrefix("W/") ? entityTag.dropFirst(2) : entityTag[...]
    guard strong.count >= 2, strong.hasPrefix("\""), strong.hasSuffix("\"") else { return nil }
    self.init(strong.dropFirst().dropLast())
  }

  var text: String {
    switch self {
    case .sha256(let digest): digest.hex
    case .git(let digits): digits
    }
  }

  /// What the content of a file is called, by the same kind of name. Reads all of it; ends where the task is cancelled.
  func named(fileAt url: URL) throws -> BlobName {
    let file = open(url.path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FetchError.disk(operation: "open it", path: url.path, code: errno) }
    defer { close(file) }
    switch self {
    case .sha256:
      var hasher = SHA256()
      try read(file, url) { hasher.update($0) }
      return .sha256(hasher.finalize())
    case .git:
      var status = stat()
      guard fstat(file, &status) == 0 else { throw FetchError.disk(operation: "look at it", path: url.path, code: errno) }
      var hasher = GitBlobHasher(byteCount: Int64(status.st_size))
      try read(file, url) { hasher.update($0) }
      return .git(hasher.finalize())
    }
  }

  private func read(_ file: Int32, _ url: URL, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      try Task.checkCancellation()
      let count = Foundation.read(file, buffer.baseAddress, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FetchError.disk(operation: "read it", path: url.path, code: errno) }
      if count == 0 { return }
      body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}

/// A file as the hub promises it.
struct PromisedFile {
  /// At the top of the repository.
  let name: String
  let blob: BlobName
  let byteCount: Int64

  /// From the headers of the hub's answer: `X-Linked-…` speak of a large file elsewhere, the others of what the hub itself sends.
  init(name: String, facts: [String: String], _ model: HubReference) throws(FetchError) {
    if let commit = facts["x-repo-commit"], commit != model.revision { throw .otherCommit(model, found: String(commit.prefix(64))) }
    guard let blob = (facts["x-linked-etag"] ?? facts["etag"]).flatMap({ BlobName(entityTag: $0) }) else { throw .noDigest(file: name) }
    let size = facts["x-linked-size"] ?? (facts["location"] == nil ? facts["content-length"] : nil)
    guard let byteCount = size.flatMap({ Int64($0) }), byteCount >= 0, byteCount < 1 << 50 else { throw .noSize(file: name) }
    (self.name, self.blob, self.byteCount) = (name, blob, byteCount)
  }
}
