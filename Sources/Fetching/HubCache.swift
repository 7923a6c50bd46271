internal import Artifacts
internal import Foundation

/// The hub's cache on this machine, in the layout that its own library and all that build on it share ("Understand caching"): for each model
/// `refs/REVISION`, a commit; `blobs/NAME`, contents by their `BlobName`; `snapshots/COMMIT/FILE`, links to them.
///
/// What is read here was put here by anybody: a name is believed once the bytes have it (`BlobName.named`).
struct HubCache {
  /// `models--owner--name`
  let folder: URL
  private let locks: URL

  init(_ cache: URL, _ model: HubReference) {
    let name = "models--\(model.owner)--\(model.name)"
    folder = cache.appending(path: name, directoryHint: .isDirectory)
    locks = cache.appending(path: ".locks/\(name)", directoryHint: .isDirectory)
  }

  private var blobs: URL { folder.appending(path: "blobs", directoryHint: .isDirectory) }
  private func ref(_ revision: String) -> URL { folder.appending(path: "refs/\(revision)") }
  private func snapshot(_ commit: String) -> URL { folder.appending(path: "snapshots/\(commit)", directoryHint: .isDirectory) }

  // MARK: Reading

  /// What a revision was when somebody last asked the hub.
  func commit(of model: HubReference) -> String? {
    if model.namesCommit { return model.revision }
    guard let bytes = SmallFile.contents(of: ref(model.revision), byteLimit: 1024) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return HubReference.isCommit(text) ? text : nil
  }

  /// The names at the top of a commit's folder; none where it is not there.
  func names(at commit: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: snapshot(commit).path)) ?? [] }  // Not there, or not ours to read.

  /// The content that a commit's file links to, by its name; nil where there is none, or it cannot be told from its name what it should be.
  func content(of file: String, at commit: String) -> Content? {
    let link = snapshot(commit).appending(path: file)
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link.path),  // No link: nothing says what it should be.
      let name = BlobName((target as NSString).lastPathComponent)
    else { return nil }
    return content(name)
  }

  struct Content {
    let name: BlobName
    let url: URL
    let byteCount: Int64

    /// Throws where the bytes are others.
    func check() throws { guard try isWhole() else { throw FetchError.damagedCache(path: url.path) } }

    func isWhole() throws -> Bool { try name.named(fileAt: url) == name }
  }

  func place(of name: BlobName) -> URL { blobs.appending(path: name.text) }

  func content(_ name: BlobName) -> Content? {
    let url = place(of: name)
    var status = stat()
    guard lstat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Content(name: name, url: url, byteCount: Int64(status.st_size))
  }

  // MARK: Writing

  /// Where a content comes to be, under the name that the hub's library gives to what it has not yet whole.
  func unfinished(_ name: BlobName) -> URL { blobs.appending(path: name.text + ".incomplete") }

  func lock(_ name: BlobName) -> URL { locks.appending(path: name.text + ".lock") }

  func makeFolders(at commit: String) throws(FetchError) {
    for folder in [blobs, snapshot(commit), locks] { try make(folder) }
    // Links are replaced there: one that leads to somebody's folder would have his files replaced.
    var status = stat()
    let place = snapshot(commit).path
    guard lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw .disk(operation: "put links there", path: place, code: ENOTDIR) }
  }

  private func make(_ folder: URL) throws(FetchError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
      throw .disk(operation: "make it", path: folder.path, code: underlying.domain == NSPOSIXErrorDomain ? Int32(underlying.code) : EIO)
    }
  }

  /// The bytes free to this user where the cache is, or will be.
  func freeByteCount() -> Int64? {
    var place = folder
    var status = statvfs()
    while statvfs(place.path, &status) != 0 {
      guard place.path != "/" else { return nil }
      place.deleteLastPathComponent()
    }
    return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
  }

  /// Gives a content that was found to be whole its name.
  func keep(_ name: BlobName) throws(FetchError) {
    let target = place(of: name)
    guard rename(unfinished(name).path, target.path) == 0 else { throw .disk(operation: "give it its name", path: target.path, code: errno) }
    let descriptor = open(blobs.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)  // A new name that a crash takes back is fetched again.
    close(descriptor)
  }

  /// Lays the link of a commit's file, and replaces one that leads elsewhere.
  func link(_ file: String, at commit: String, to name: BlobName) throws(FetchError) {
    let place = snapshot(commit).appending(path: file)
    let target = "../../blobs/\(name.text)"
    if (try? FileManager.default.destinationOfSymbolicLink(atPath: place.path)) == target { return }  // Mostly: there is none yet.
    let draft = snapshot(commit).appending(path: ".\(file).\(UUID().uuidString)")
    guard symlink(target, draft.path) == 0, rename(draft.path, place.path) == 0 else {
      let code = errno
      unlink(draft.path)
      throw .disk(operation: "link it", path: place.path, code: code)
    }
  }

  /// Notes what a branch or tag is now.
  func note(_ commit: String, as revision: String) throws(FetchError) {
    let place = ref(revision)
    try make(place.deletingLastPathComponent())
    do {
      try Data(commit.utf8).write(to: place, options: .atomic)
    } catch {
      throw .disk(operation: "write it", path: place.path, code: (error as? CocoaError)?.code == .fileWriteOutOfSpace ? ENOSPC : EIO)
    }
  }
}

/// One process at a time fetches a content: flock(2) on the file that the hub's library locks. Where a process ends without releasing it, the
/// kernel does.
struct BlobLock {
  private let descriptor: Int32

  /// Waits for its turn; ends where the task is cancelled.
  static func take(_ file: URL, patience: Patience, onWaiting: () -> Void) throws -> BlobLock {
    var isTold = false
    while true {
      let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FetchError.disk(operation: "open it", path: file.path, code: errno) }
      do {
        try wait(for: descriptor, file, patience, &isTold, onWaiting)
      } catch {
        close(descriptor)
        throw error
      }
      if isStill(descriptor, file) { return BlobLock(descriptor: descriptor) }
      close(descriptor)
    }
  }

  /// Whoever cleans a cache deletes locks too: then the next takes a lock of the same name on another file, and this one holds nobody off.
  private static func isStill(_ descriptor: Int32, _ file: URL) -> Bool {
    var (own, named) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && stat(file.path, &named) == 0 && (own.st_dev, own.st_ino) == (named.st_dev, named.st_ino)
  }

  private static func wait(for descriptor: Int32, _ file: URL, _ patience: Patience, _ isTold: inout Bool, _ onWaiting: () -> Void) throws {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw FetchError.disk(operation: "lock it", path: file.path, code: errno) }
      if !isTold { onWaiting() }
      isTold = true
      try patience.wait(.milliseconds(100))
    }
  }

  func release() { close(descriptor) }
}
