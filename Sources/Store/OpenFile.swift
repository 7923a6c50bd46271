internal import Artifacts
internal import CDisk
internal import Foundation
internal import Glibc
internal import Hashing

/// One open file descriptor, closed exactly once.
struct OpenFile: ~Copyable {
  let descriptor: Int32
  let path: String

  init(_ path: String, _ flags: Int32, mode: mode_t = 0o644, operation: String = "open") throws(StoreError) {
    let descriptor = retrying { Glibc.open(path, flags | O_CLOEXEC, mode) }
    guard descriptor >= 0 else { throw .system(operation: operation, path: path, code: errno) }
    self.descriptor = descriptor
    self.path = path
  }

  // A failing close(2) could lose bytes only where fsync was not called; wherever that matters, it was.
  deinit { Glibc.close(descriptor) }

  func status() throws(StoreError) -> FileStatus {
    var raw = Glibc.stat()
    guard fstat(descriptor, &raw) == 0 else { throw .system(operation: "look at", path: path, code: errno) }
    return FileStatus(raw)
  }

  /// Fills `buffer` from its start, less only where the file ends.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let space = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = retrying { Glibc.read(descriptor, space.baseAddress, space.count) }
      guard count >= 0 else { throw .system(operation: "read", path: path, code: errno) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Fills `buffer` from what stands at `offset`, less only where the file ends.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let space = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let position = off_t(offset) + off_t(filled)
      let count = retrying { pread(descriptor, space.baseAddress, space.count, position) }
      guard count >= 0 else { throw .system(operation: "read", path: path, code: errno) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// What is left of the file, at most `limit` bytes.
  func read(atMost limit: Int) throws -> Data {
    var bytes = Data(count: limit)
    let count = try bytes.withUnsafeMutableBytes { try read(into: $0) }
    return count == limit ? bytes : bytes.prefix(count)
  }

  func write(_ bytes: UnsafeRawBufferPointer, calls: DiskCalls) throws(StoreError) {
    var rest = bytes
    while rest.count > 0 {
      let slice = rest
      let count = retrying { calls.write(descriptor, slice) }
      guard count > 0 else { throw .system(operation: "write", path: path, code: count < 0 ? errno : EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  func synchronize(calls: DiskCalls) throws(StoreError) {
    guard retrying({ calls.synchronize(descriptor) }) == 0 else { throw .system(operation: "flush", path: path, code: errno) }
  }

  /// Reads what is left in large pieces, hands each on, and gives the digest and the count of all of it.
  func hash(handing onward: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws -> (digest: Digest, byteCount: Int64) {
    var hasher = SHA256()
    var total: Int64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      hasher.update(piece)
      try onward(piece)
      total += Int64(count)
      if count < buffer.count { return (hasher.finalize(), total) }
    }
  }

  /// Copies `source` into this empty file and hashes what was stored. Where the file system can share blocks, no byte is copied: FICLONE of
  /// ioctl_ficlonerange(2), which fails harmlessly elsewhere. Hashing reads every byte, so copy_file_range(2) would save nothing.
  func copyHashing(from source: borrowing OpenFile, calls: DiskCalls) throws -> (digest: Digest, byteCount: Int64) {
    let cloneRequest: UInt = 0x4004_9409  // _IOW(0x94, 9, int), a macro that Swift cannot import
    if ioctl(descriptor, cloneRequest, source.descriptor) == 0 { return try hash() }
    return try source.hash { try write($0, calls: calls) }
  }
}

/// What the file system says of a file, as far as it tells two states of its bytes apart.
package struct FileStatus: Hashable, Sendable {
  package enum Kind: Sendable { case regular, folder, link, other }

  package let kind: Kind
  package let byteCount: Int64
  package let modifiedNanoseconds: Int64
  /// The time of the last change of bytes or of metadata; unlike the other it cannot be set back.
  package let changedNanoseconds: Int64
  package let device: UInt64
  package let inode: UInt64

  /// Of a regular file, as it was once seen.
  init(byteCount: Int64, modifiedNanoseconds: Int64, changedNanoseconds: Int64, device: UInt64, inode: UInt64) {
    kind = .regular
    self.byteCount = byteCount
    self.modifiedNanoseconds = modifiedNanoseconds
    self.changedNanoseconds = changedNanoseconds
    self.device = device
    self.inode = inode
  }

  init(_ entry: disk_entry) {
    kind = Kind(mode: entry.mode)
    byteCount = entry.byte_count
    modifiedNanoseconds = entry.modified_ns
    changedNanoseconds = entry.changed_ns
    device = entry.device
    inode = entry.inode
  }

  init(_ raw: stat) {
    kind = Kind(mode: raw.st_mode)
    byteCount = Int64(raw.st_size)
    modifiedNanoseconds = raw.st_mtim.nanoseconds
    changedNanoseconds = raw.st_ctim.nanoseconds
    device = UInt64(raw.st_dev)
    inode = UInt64(raw.st_ino)
  }

  /// Nil where nothing is at `path`, or where it cannot be looked at.
  init?(at path: String, followingLinks: Bool) {
    var raw = Glibc.stat()
    guard (followingLinks ? stat(path, &raw) : lstat(path, &raw)) == 0 else { return nil }
    self.init(raw)
  }

  func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}

extension FileStatus.Kind {
  fileprivate init(mode: mode_t) {
    self =
      switch mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
  }
}

extension timespec {
  var nanoseconds: Int64 { Int64(tv_sec) * 1_000_000_000 + Int64(tv_nsec) }
}

/// Runs a system call again while a signal interrupts it.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Makes the names in a folder durable: after a rename, the folder itself must be flushed (rename(2), fsync(2)).
func synchronizeFolder(_ path: String, calls: DiskCalls) throws(StoreError) {
  let folder = try OpenFile(path, O_RDONLY | O_DIRECTORY)
  try folder.synchronize(calls: calls)
}
