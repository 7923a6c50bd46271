package import Artifacts
package import Foundation
internal import Glibc
internal import Hashing

/// A folder that carries objects from one store to another: on a stick, a shared disk, by rsync or git. Its layout is in docs/data.md.
///
/// Nothing in it is believed: an object counts only when its bytes have its name's digest. Writers need no lock, since each object is
/// written beside its place and renamed to it, and two who write the same object write the same bytes.
package struct DataFolder: Sendable {
  package static let markerName = "soulpack-data.json"
  private static let schema = "soulpack.data/1"

  package let root: URL
  private var objects: String { root.path + "/objects" }

  private init(root: URL) { self.root = root }

  /// The folder to read from. Throws where it is not one of ours.
  package static func open(at root: URL) throws -> DataFolder {
    guard FileStatus(at: root.path, followingLinks: true)?.kind == .folder else { throw DataFolderError.absent(path: root.path) }
    guard try holdsMarker(root) else { throw DataFolderError.notOurs(path: root.path) }
    return DataFolder(root: root)
  }

  /// The folder to write to, made where nothing is there. One that holds other visible things is refused: ours would be lost among them.
  package static func make(at root: URL) throws -> DataFolder {
    let folder = DataFolder(root: root)
    do {
      try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
      let names = try FileManager.default.contentsOfDirectory(atPath: root.path)
      if try !holdsMarker(root) {
        // A killed first push leaves the draft of its marker; hidden names are those of git and of file managers.
        guard names.allSatisfy({ $0.hasPrefix(".") || $0.hasPrefix(markerName) || $0 == "lost+found" }) else {
          throw DataFolderError.notOurs(path: root.path)
        }
        try folder.writeMarker()
      }
    } catch let error as NSError where error.domain == NSCocoaErrorDomain || error.domain == NSPOSIXErrorDomain {
      throw DataFolderError.system(operation: "make", path: root.path, code: posixCode(error))
    }
    try folder.naming { try makeFolder(folder.objects) }
    return folder
  }

  private static func holdsMarker(_ root: URL) throws -> Bool {
    let path = root.path + "/" + markerName
    guard let status = FileStatus(at: path, followingLinks: false) else { return false }
    guard status.kind == .regular, status.byteCount <= 4096 else { throw DataFolderError.notOurs(path: root.path) }
    let bytes = try DataFolder(root: root).naming { try OpenFile(path, O_RDONLY | O_NOFOLLOW).read(atMost: 4096) }
    guard let schema = try? JSONValue(parsing: bytes)["schema"]?.string else {  // Not JSON, not ours: why it does not parse says no more.
      throw DataFolderError.notOurs(path: root.path)
    }
    guard schema == Self.schema else { throw DataFolderError.ofAnotherVersion(path: root.path, schema: schema) }
    return true
  }

  /// The second file keeps git from taking objects for text with line ends to convert.
  private func writeMarker() throws {
    let document: JSONValue = ["schema": .string(Self.schema)]
    let attributes = root.path + "/.gitattributes"
    try naming {
      if FileStatus(at: attributes, followingLinks: false) == nil { try replaceWhole(attributes, with: Data("objects/** -text -diff\n".utf8)) }
      try replaceWhole(root.path + "/" + Self.markerName, with: Data(document.pretty.utf8))
      try synchronizeFolder(root.path, calls: .system)
    }
  }

  private func replaceWhole(_ path: String, with bytes: Data) throws {
    let draft = "\(path).\(UUID().uuidString.prefix(8)).partial"
    do {
      let file = try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL, operation: "write")
      try bytes.withUnsafeBytes { try file.write($0, calls: .system) }
      try file.synchronize(calls: .system)
      guard rename(draft, path) == 0 else { throw StoreError.system(operation: "write", path: path, code: errno) }
    } catch {
      unlink(draft)  // Best effort: the error at hand says more.
      throw error
    }
  }

  /// Where an object lies, or would: as in the store.
  package func place(of digest: Digest) -> String { objects + "/" + digest.hex.prefix(2) + "/" + digest.hex.dropFirst(2) }

  /// Gives the store's errors about this folder the advice that is right for it.
  private func naming<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch StoreError.system(let operation, let path, let code) where path.hasPrefix(root.path) {
      throw DataFolderError.system(operation: operation, path: path, code: code)
    }
  }
}

// MARK: - Out of a store

extension DataFolder {
  /// True where a file of the right size has the object's name. Its bytes are read by whoever takes it.
  package func holds(_ digest: Digest, byteCount: Int64) -> Bool {
    let status = FileStatus(at: place(of: digest), followingLinks: false)
    return status?.kind == .regular && status?.byteCount == byteCount
  }

  /// Writes the object's verified bytes, durable when this returns. Killed at any moment, the object is there whole or not at all.
  package func put(_ digest: Digest, from store: ObjectStore<some StoreAccess>) throws {
    let target = URL(filePath: place(of: digest))
    let shard = target.deletingLastPathComponent().path
    try naming {
      if FileStatus(at: shard, followingLinks: false) == nil {
        try makeFolder(shard)
        try synchronizeFolder(objects, calls: .system)
      }
      try store.export(digest, to: target)
    }
  }

  /// Removes the drafts of writers that were killed. One that is younger than a day may be of a living writer, on any machine.
  package func removeLeftovers(now: Date) {
    for shard in names(in: objects) {
      for name in names(in: objects + "/" + shard) where name.hasSuffix(".partial") {
        let path = objects + "/" + shard + "/" + name
        guard let status = FileStatus(at: path, followingLinks: false), status.kind == .regular else { continue }
        let ageSeconds = now.timeIntervalSince1970 - Double(status.modifiedNanoseconds) / 1e9
        if ageSeconds > 86_400 { unlink(path) }
      }
    }
  }

  /// None where it cannot be listed: what is left over does no harm.
  private func names(in folder: String) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch { return [] }
  }
}

// MARK: - Into a store

extension DataFolder {
  /// A listing larger than this is of more files than anything here is made for, about half a million.
  package static let listingByteLimit: Int64 = 64 << 20

  /// Takes a listing, and gives the snapshot. Its files need not be there yet.
  package func takeListing(_ digest: Digest, into store: WritableStore) throws -> Snapshot {
    guard try !store.objects.contains(digest) else { return try store.objects.snapshot(digest) }
    let bytes = try naming {
      let file = try open(digest)
      let byteCount = try file.status().byteCount
      guard byteCount <= Self.listingByteLimit else { throw DataFolderError.listingTooLarge(digest, byteCount: byteCount) }
      return try file.read(atMost: Int(byteCount))
    }
    guard Digest(hashing: bytes) == digest else { throw DataFolderError.objectChanged(digest, place: place(of: digest)) }
    return try store.objects.snapshot(try store.objects.put(bytes))
  }

  /// The size of an object that has no listing to say it.
  package func byteCount(of digest: Digest) throws -> Int64 { try naming { try open(digest).status().byteCount } }

  /// As much is taken at once: cut short, it goes on from there.
  private static let batchByteCount: Int64 = 256 << 20

  /// Takes the objects that the store does not have.
  package func take(_ entries: [Snapshot.Entry], into store: WritableStore) throws {
    var waiting = ArraySlice(try missing(entries, in: store.objects))
    while !waiting.isEmpty {
      try store.objects.withBatch { batch in
        var byteCount: Int64 = 0
        while byteCount < Self.batchByteCount, let entry = waiting.popFirst() {
          try Task.checkCancellation()
          try take(entry, into: batch)
          byteCount += entry.byteCount
        }
      }
    }
  }

  /// Each digest once, in the order in which it is first named.
  private func missing(_ entries: [Snapshot.Entry], in store: ObjectStore<Writing>) throws -> [Snapshot.Entry] {
    var missing = Set(try store.missing(entries.map(\.digest)))
    return entries.filter { missing.remove($0.digest) != nil }
  }

  private func take(_ entry: Snapshot.Entry, into batch: ObjectBatch) throws {
    do {
      try naming {
        let file = try open(entry.digest)
        // A file of another size is not read: it could be of any length.
        guard try file.status().byteCount == entry.byteCount else { throw DataFolderError.objectChanged(entry.digest, place: file.path) }
        _ = try batch.add(file, expecting: entry.digest)
      }
    } catch StoreError.objectChanged(_, let place) {
      throw DataFolderError.objectChanged(entry.digest, place: place)
    } catch StoreError.changedWhileRead(let path) {
      throw DataFolderError.objectChanged(entry.digest, place: path)
    }
  }

  /// Never through a link, and never waiting: whoever filled the folder may wish us to read a pipe, or a file of ours.
  private func open(_ digest: Digest) throws -> OpenFile {
    let path = place(of: digest)
    do {
      let file = try OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      guard try file.status().kind == .regular else { throw DataFolderError.notAFile(path: path) }
      return file
    } catch StoreError.system(_, _, ENOENT) {
      throw DataFolderError.objectMissing(digest, path: root.path)
    } catch StoreError.system(_, _, ELOOP) {
      throw DataFolderError.notAFile(path: path)
    }
  }
}
