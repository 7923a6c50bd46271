internal import Artifacts
internal import Foundation
internal import Glibc

/// Files on their way into the store, read once, in pieces of bounded size.
extension ObjectBatch {
  /// Takes a file's bytes; no pipe is waited for. Also gives the status that holds for the bytes that were read. With `expecting`, other
  /// bytes are `StoreError.objectChanged`.
  func add(_ source: borrowing OpenFile, expecting expected: Digest? = nil) throws -> (digest: Digest, status: FileStatus) {
    let before = try source.status()
    guard before.kind == .regular else { throw StoreError.notAFile(path: source.path) }
    let (digest, byteCount) = try take(source, Int(before.byteCount))
    if let expected, digest != expected { throw StoreError.objectChanged(expected, place: source.path) }
    guard try source.status() == before, byteCount == before.byteCount else { throw StoreError.changedWhileRead(path: source.path) }
    return (digest, before)
  }

  /// Takes a file that a walk found with this status: it is read, and then looked at once, which must find what the walk found. What no
  /// longer is that file may be a pipe, and its reading fail: then that is what is said.
  func add(_ source: borrowing OpenFile, foundAs status: FileStatus) throws -> Digest {
    do {
      let (digest, byteCount) = try take(source, Int(status.byteCount))
      guard byteCount == status.byteCount, try source.status() == status else { throw StoreError.changedWhileRead(path: source.path) }
      return digest
    } catch StoreError.system(let operation, source.path, let code) {
      guard try source.status() == status else { throw StoreError.changedWhileRead(path: source.path) }
      throw StoreError.system(operation: operation, path: source.path, code: code)
    }
  }

  private func take(_ source: borrowing OpenFile, _ byteCount: Int) throws -> (digest: Digest, byteCount: Int64) {
    guard byteCount <= ChunkCutter.wholeByteLimit else { return try takeLarge(source) }
    // One byte more is asked for than there should be: one reading then tells that the file ends there.
    let (digest, count) = try keepSmall(byteCount + 1) { try source.read(into: $0) }
    return (digest, Int64(count))
  }

  private func takeLarge(_ source: borrowing OpenFile) throws -> (digest: Digest, byteCount: Int64) {
    var large = LargeObject()
    let window = UnsafeMutableRawBufferPointer.allocate(byteCount: LargeObject.windowByteCount, alignment: 4096)
    defer { window.deallocate() }
    var held = 0
    while true {
      try Task.checkCancellation()
      held += try source.read(into: UnsafeMutableRawBufferPointer(rebasing: window[held...]))
      let isLast = held < window.count
      let taken = try large.take(UnsafeRawBufferPointer(rebasing: window[..<held]), isLast: isLast, into: self)
      guard !isLast else { break }
      held -= taken
      window.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[taken..<(taken + held)]))
    }
    let byteCount = large.byteCount
    return (try large.finish(into: self), byteCount)
  }
}
