package import Artifacts
internal import Glibc

/// What can go wrong in the store, as facts. Everything under a store's root is disposable, so most ways out end at deleting it.
package enum StoreError: ExplainedError, Hashable {
  /// There is no store at the path.
  case absent(path: String)
  /// The folder holds something else; nothing in it was touched.
  case notAStore(path: String)
  /// A newer soulpack made it.
  case newer(path: String, found: Int, supported: Int)
  /// An older soulpack made it, and a reader may not bring it up to date.
  case older(path: String, found: Int, supported: Int)
  /// Another process writes. The holder is nil where it has not said who it is.
  case held(path: String, by: WriterLock.Holder?)
  /// A system call failed. `code` is an errno.
  case system(operation: String, path: String, code: Int32)
  /// SQLite failed. `code` is its extended result code.
  case database(path: String, code: Int32, reason: String)
  case objectMissing(Digest)
  /// The bytes at hand do not have the digest that they are stored under.
  case objectChanged(Digest, place: String)
  /// A file changed while its bytes were copied into the store.
  case changedWhileRead(path: String)
  /// A folder, a pipe or a device stands where a file was to be stored.
  case notAFile(path: String)
  /// What was removed may still stand in the database's log, since somebody reads it.
  case logInUse(path: String)
  /// The object is not a snapshot, though it was asked for as one.
  case notASnapshot(Digest)

  package var message: String {
    switch self {
    case .absent(let path): "\"\(path)\": there is no store"
    case .notAStore(let path): "\"\(path)\": the folder holds something that is not a store"
    case .newer(let path, let found, let supported):
      "\"\(path)\": the store has version \(found), and this soulpack knows versions up to \(supported)"
    case .older(let path, let found, let supported):
      "\"\(path)\": the store has version \(found), and this soulpack reads version \(supported)"
    case .held(let path, .some(let holder)): "\"\(path)\": the store is held by process \(holder.processID) (\(holder.command))"
    case .held(let path, nil): "\"\(path)\": the store is held by another process"
    case .system(let operation, let path, let code): "cannot \(operation) \"\(path)\": \(systemReason(code))"
    case .database(let path, let code, let reason): "\"\(path)\": the database failed: \(reason) (SQLite \(code))"
    case .objectMissing(let digest): "object \(digest) is not in the store"
    case .objectChanged(let digest, let place): "object \(digest) was changed in \"\(place)\""
    case .changedWhileRead(let path): "\"\(path)\" changed while it was read"
    case .notAFile(let path): "\"\(path)\" is not a file"
    case .logInUse(let path): "\"\(path)\": removed, but another process reads the store, and its log could not be emptied"
    case .notASnapshot(let digest): "object \(digest) is not a snapshot"
    }
  }

  package var hint: String? {
    switch self {
    case .absent: "a build makes one"
    case .notAStore: "name an empty folder, or one that soulpack made"
    case .newer(let path, _, _): "use that newer soulpack, or delete \"\(path)\" and build again"
    case .older: "the next build brings it up to date"
    case .held: "wait until it is done, or build without --no-wait"
    case .system(_, _, let code): systemHint(code)
    case .database(let path, let code, _): databaseHint(path: path, code: code)
    case .objectMissing: "build again: what is missing is made anew"
    case .objectChanged: "run `soulpack fsck --repair`: it removes what is damaged, and the next build makes it anew"
    case .changedWhileRead: "run again when nothing writes to it"
    case .logInUse: "end the other command and run this one again"
    case .notAFile, .notASnapshot: nil
    }
  }
}

/// The words of an errno, in lower case as our errors are.
func systemReason(_ code: Int32) -> String {
  let words = String(cString: strerror(code))
  return words.prefix(1).lowercased() + words.dropFirst()
}

func systemHint(_ code: Int32) -> String? {
  switch code {
  case ENOSPC, EDQUOT: "free some space; what was committed is safe, and the next run goes on"
  case EACCES, EPERM: "give yourself the right to it, or point SOULPACK_STORE to a folder of yours"
  case EROFS: "the file system is read-only; point SOULPACK_STORE to a folder that can be written"
  case EMFILE, ENFILE: "allow more open files (`ulimit -n`)"
  case EFBIG: "allow larger files (`ulimit -f`)"
  default: nil
  }
}

/// Primary result codes: https://www.sqlite.org/rescode.html
private func databaseHint(path: String, code: Int32) -> String? {
  switch code & 0xFF {
  case 13: systemHint(ENOSPC)  // SQLITE_FULL
  case 10: "the disk may be full, or failing: look at `df`, free some space, and run it again"  // SQLITE_IOERR
  case 8, 14, 23: systemHint(EACCES)  // SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH
  case 11, 26: "the store is disposable: delete its folder and build again"  // SQLITE_CORRUPT, SQLITE_NOTADB
  default: nil
  }
}
