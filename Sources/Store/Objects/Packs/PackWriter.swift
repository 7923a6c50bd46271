internal import Artifacts
internal import CDisk
internal import Foundation
internal import Glibc

/// One pack while it is written: a file in tmp/, until it is whole, durable and moved to its place.
///
/// A pack is its head and then the bytes of objects, one after another. Where each begins is said by the object's row.
final class PackWriter {
  static let head = Array("soulpack.pack/1\n".utf8)
  /// A pack that is larger is closed, so that what is damaged or collected is a part of a store.
  static let byteLimit: Int64 = 512 << 20

  /// Drawn at random, so that the file can have its name before a row does.
  let id: Int64
  private(set) var byteCount: Int64 = 0
  private let target: String
  private let calls: DiskCalls
  private let file: PackFile
  /// Nil where the bytes go through the page cache, since they are read soon.
  private let direct: DirectWriter?
  private var isPlaced = false
  private var writtenBack: Int64 = 0

  /// `folder` is where it will lie. What is not read soon is written past the page cache, where the file system can.
  init(in folder: String, layout: StoreLayout, calls: DiskCalls, isReadSoon: Bool = true) throws {
    id = Int64.random(in: 1...Int64.max)
    target = folder + "/" + StoreLayout.name(id)
    self.calls = calls
    file = PackFile(try OpenFile(layout.newTemporary(), O_RDWR | O_CREAT | O_EXCL, mode: 0o444, operation: "write"))
    direct = isReadSoon ? nil : DirectWriter(file, calls: calls)
    _ = try Self.head.withUnsafeBytes { try append($0) }
  }

  deinit {
    if !isPlaced { unlink(file.open.path) }  // Best effort: the next writer empties tmp/ in any case.
  }

  /// Where the bytes begin.
  func append(_ bytes: UnsafeRawBufferPointer) throws -> Int64 {
    if let direct { try direct.append(bytes) } else { try file.open.write(bytes, calls: calls) }
    defer { byteCount += Int64(bytes.count) }
    if direct == nil { startWritingBack() }
    return byteCount
  }

  /// Asks the kernel to begin: at the end, the flush has then less to wait for. Only a hint (sync_file_range(2)).
  private func startWritingBack() {
    guard byteCount - writtenBack >= 16 << 20 else { return }
    disk_start_writing_back(file.open.descriptor, writtenBack, byteCount - writtenBack)
    writtenBack = byteCount
  }

  /// Nothing is appended after this.
  func synchronize() throws {
    try direct?.finish()
    try file.open.synchronize(calls: calls)
  }

  /// Moves the flushed file to its place. Its name is durable once the folder is.
  func place() throws {
    guard calls.rename(file.open.path, target) == 0 else { throw StoreError.system(operation: "write", path: target, code: errno) }
    isPlaced = true
  }

  /// After a failure: no row names the pack.
  func discard() {
    if isPlaced { unlink(target) }  // Best effort: an orphan does no harm, and `gc` takes it.
  }
}

/// The file of a pack, for the thread that fills it and the one that writes.
final class PackFile: Sendable {
  let open: OpenFile
  init(_ open: consuming OpenFile) { self.open = open }
}
