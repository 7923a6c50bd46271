package import Artifacts
internal import CDisk
internal import Dispatch
package import Foundation
internal import Glibc
internal import Synchronization

/// Bringing a version of a folder back, whole or not at all.
extension ObjectStore {
  /// Writes the files of `snapshot` to `folder`, which must not be there yet, or be empty. They are written beside it and moved there at the
  /// end in one step: killed at any moment, nothing is at `folder`.
  ///
  /// What a killed one leaves beside it stays: no name and no lock tells it, on every file system, from a folder of somebody's own or from what
  /// another checkout is writing, and a removal in error loses what nobody can bring back.
  package func checkOut(_ snapshot: Snapshot, to folder: URL) throws {
    try refuseExisting(folder)
    let draft = folder.path + ".\(UUID().uuidString.prefix(8)).partial"
    do {
      try FileManager.default.createDirectory(atPath: folder.deletingLastPathComponent().path, withIntermediateDirectories: true)
    } catch {
      throw StoreError.system(operation: "make", path: folder.deletingLastPathComponent().path, code: posixCode(error))
    }
    // Not `makeFolder`, which is content with one that is there: that could be somebody's own, and is removed below.
    guard mkdir(draft, 0o755) == 0 else { throw StoreError.system(operation: "make", path: draft, code: errno) }
    do {
      // A file and a folder cannot have one name. In a listing of ours they do not.
      try write(snapshot, to: URL(filePath: draft, directoryHint: .isDirectory))
      try move(draft, to: folder)
    } catch {
      // Best effort: the error at hand says more than that this failed too.
      do { try removeTree(draft) } catch {}
      throw error
    }
  }

  private func refuseExisting(_ folder: URL) throws {
    guard let status = FileStatus(at: folder.path, followingLinks: false) else { return }
    guard status.kind == .folder, try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty else {
      throw CheckoutError.inTheWay(path: folder.path)
    }
  }

  /// Some threads, each taking what is next; folders are made first, once each.
  private func write(_ snapshot: Snapshot, to folder: URL) throws {
    var folders: Set<String> = []
    for entry in snapshot.entries {
      guard Snapshot.isContained(entry.path) else { throw StoreError.system(operation: "write", path: entry.path, code: EINVAL) }
      let parent = folder.path + "/" + (entry.path.split(separator: "/").dropLast().joined(separator: "/"))
      if folders.insert(parent).inserted {
        do {
          try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        } catch {
          throw StoreError.system(operation: "make", path: parent, code: posixCode(error))
        }
      }
    }
    let failure = Mutex<(any Error)?>(nil)
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
      while case let start = next.add(filesInTurn, ordering: .relaxed).oldValue, start < snapshot.entries.count, failure.withLock({ $0 == nil }) {
        do {
          try write(snapshot.entries[start..<min(start + filesInTurn, snapshot.entries.count)], in: folder)
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// In one reading of the database: one for each of a hundred thousand small files would cost as much as the files.
  private func write(_ entries: ArraySlice<Snapshot.Entry>, in folder: URL) throws {
    // One of the threads is the task's own, and where it throws, the others end too.
    try Task.checkCancellation()
    var large: [(entry: Snapshot.Entry, row: ObjectRow)] = []
    try stored.database.read { database in
      for (entry, row) in zip(entries, try ObjectRow.find(any: entries.lazy.map(\.digest), in: database)) {
        guard let row, row.isNamed else { throw StoreError.objectMissing(entry.digest) }
        switch row.place {
        case .inline, .packed:
          let file = try newFile(for: entry, in: folder)
          try stored.bytes(of: row, in: database).withUnsafeBytes { try file.write($0, calls: calls) }
        case .loose, .chunked: large.append((entry, row))
        }
      }
    }
    for (entry, row) in large {
      let file = try newFile(for: entry, in: folder)
      try stored.stream(row) { bytes in
        try Task.checkCancellation()
        try file.write(bytes, calls: calls)
      }
    }
  }

  private func newFile(for entry: Snapshot.Entry, in folder: URL) throws -> OpenFile {
    try OpenFile(folder.path + "/" + entry.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, operation: "write")
  }

  private func move(_ draft: String, to folder: URL) throws {
    let flushed = try OpenFile(draft, O_RDONLY | O_DIRECTORY)
    guard disk_synchronize_file_system(flushed.descriptor) == 0 else { throw StoreError.system(operation: "flush", path: draft, code: errno) }
    rmdir(folder.path)  // An empty folder may be there. Anything else stays, and is then in the way.
    guard disk_rename_new(draft, folder.path) == 0 else {
      throw errno == EEXIST || errno == ENOTEMPTY ? CheckoutError.inTheWay(path: folder.path) : StoreError.system(operation: "write", path: folder.path, code: errno)
    }
  }
}

package enum CheckoutError: ExplainedError, Hashable {
  /// Something is where the version was to be written.
  case inTheWay(path: String)

  package var message: String {
    switch self {
    case .inTheWay(let path): "\"\(path)\" is there already"
    }
  }

  package var hint: String? { "nothing was written; name a folder that is not there yet" }
}

/// What one thread takes at a time.
private let filesInTurn = 64
