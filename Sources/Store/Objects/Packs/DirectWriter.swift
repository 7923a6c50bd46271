internal import CDisk
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Synchronization

/// Writes a new file past the page cache (O_DIRECT, open(2)): block after block, each on a thread of its own while the next is being filled.
///
/// Copying gigabytes into a cache that nobody reads them from costs as much as hashing them, and at the end all of it is waited for. A file
/// system that cannot do this is written to in the usual way, and so is what does not fill a block: both are the same bytes.
final class DirectWriter {
  /// Of any number that is a multiple of the file system's block and lies on a page, as O_DIRECT demands; large ones go at the disk's full speed.
  private static let blockByteCount = 4 << 20

  private let shared: Shared
  private let queue = DispatchQueue(label: "soulpack.pack")
  private let blocks: [UnsafeMutableRawBufferPointer]
  private var current = 0
  private var filled = 0

  /// What both threads know.
  fileprivate final class Shared: Sendable {
    let file: PackFile
    let calls: DiskCalls
    /// Nil until the first block: whether the file system takes blocks directly.
    let isDirect = Mutex<Bool?>(nil)
    let failure = Mutex<StoreError?>(nil)

    init(_ file: PackFile, _ calls: DiskCalls) {
      self.file = file
      self.calls = calls
    }
  }

  /// The file is empty.
  init(_ file: PackFile, calls: DiskCalls) {
    shared = Shared(file, calls)
    // The pages of a block that is never filled are never touched.
    blocks = (0..<2).map { _ in .allocate(byteCount: Self.blockByteCount, alignment: 4096) }
  }

  deinit {
    queue.sync {}  // What is being written is read from the blocks.
    for block in blocks { block.deallocate() }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = min(rest.count, Self.blockByteCount - filled)
      UnsafeMutableRawBufferPointer(rebasing: blocks[current][filled...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
      filled += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      if filled == Self.blockByteCount { try hand() }
    }
  }

  /// Waits for the block before, and hands this one on.
  private func hand() throws {
    try wait()
    // Not touched again before `wait` has returned.
    nonisolated(unsafe) let block = UnsafeRawBufferPointer(blocks[current])
    queue.async { [shared] in shared.write(block) }
    current = 1 - current
    filled = 0
  }

  private func wait() throws {
    queue.sync {}
    if let failure = shared.failure.withLock({ $0 }) { throw failure }
  }

  /// Everything is written when this returns, though nothing of it durable. What is left is less than a block, and goes the usual way.
  func finish() throws {
    try wait()
    shared.endDirect()
    try shared.file.open.write(UnsafeRawBufferPointer(rebasing: blocks[current][..<filled]), calls: shared.calls)
    filled = 0
  }
}

extension DirectWriter.Shared {
  fileprivate func write(_ block: UnsafeRawBufferPointer) {
    guard failure.withLock({ $0 == nil }) else { return }
    do {
      try writeWhole(block)
    } catch {
      failure.withLock { $0 = error }
    }
  }

  /// A direct write that fails, or ends before the block does, is gone on with in the usual way: that says what is wrong, where anything is.
  private func writeWhole(_ block: UnsafeRawBufferPointer) throws(StoreError) {
    guard beginDirect() else { return try file.open.write(block, calls: calls) }
    let count = retrying { calls.write(file.open.descriptor, block) }
    guard count < block.count else { return }
    endDirect()
    try file.open.write(UnsafeRawBufferPointer(rebasing: block[max(0, count)...]), calls: calls)
  }

  private func beginDirect() -> Bool {
    isDirect.withLock { isDirect in
      if let known = isDirect { return known }
      let accepted = disk_write_directly(file.open.descriptor, 1) == 0
      isDirect = accepted
      return accepted
    }
  }

  fileprivate func endDirect() {
    isDirect.withLock { isDirect in
      if isDirect == true { disk_write_directly(file.open.descriptor, 0) }
      isDirect = false
    }
  }
}
