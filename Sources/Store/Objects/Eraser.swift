internal import Artifacts
internal import CDisk
internal import Foundation
internal import Glibc

/// Overwrites bytes in files of the store, and gives their blocks back where the file system can.
struct Eraser {
  let layout: StoreLayout
  let calls: DiskCalls

  func destroy(_ doomed: DoomedBytes) throws {
    var ranges: [Int64: [Range<Int64>]] = [:]
    for place in doomed.places {
      switch place {
      case .loose(let digest): try destroyFile(layout.loose(digest))
      case .packed(let pack, let range): ranges[pack, default: []].append(range)
      }
    }
    for (pack, ranges) in ranges.sorted(by: { $0.key < $1.key }) { try destroy(ranges, in: layout.pack(pack)) }
  }

  /// The whole file, and its name. What is gone already is gone.
  func destroyFile(_ path: String) throws {
    guard let status = FileStatus(at: path, followingLinks: false) else { return }
    if status.kind == .regular { try destroy([0..<status.byteCount], in: path) }
    guard unlink(path) == 0 || errno == ENOENT else { throw StoreError.system(operation: "remove", path: path, code: errno) }
  }

  /// Sorted ranges. Zeros first, flushed, so that the old bytes are overwritten where they lie; only then are the blocks given back.
  func destroy(_ ranges: [Range<Int64>], in path: String) throws {
    guard FileStatus(at: path, followingLinks: false)?.kind == .regular else { return }
    guard chmod(path, 0o644) == 0 else { throw StoreError.system(operation: "erase", path: path, code: errno) }
    let file = try OpenFile(path, O_RDWR | O_NOFOLLOW, operation: "erase")
    let end = try file.status().byteCount
    let ranges = joined(ranges.map { min($0.lowerBound, end)..<min($0.upperBound, end) })
    for range in ranges { try overwrite(range, in: file) }
    try file.synchronize(calls: calls)
    for range in ranges { punch(range, in: file) }
    try file.synchronize(calls: calls)
    guard fchmod(file.descriptor, 0o444) == 0 else { throw StoreError.system(operation: "erase", path: path, code: errno) }
  }

  /// Gives back blocks that hold nothing of interest to anybody, without overwriting them first.
  func release(_ ranges: [Range<Int64>], in path: String) throws {
    guard chmod(path, 0o644) == 0 else { throw StoreError.system(operation: "erase", path: path, code: errno) }
    let file = try OpenFile(path, O_RDWR | O_NOFOLLOW, operation: "erase")
    for range in joined(ranges) { punch(range, in: file) }
    guard fchmod(file.descriptor, 0o444) == 0 else { throw StoreError.system(operation: "erase", path: path, code: errno) }
  }

  private func overwrite(_ range: Range<Int64>, in file: borrowing OpenFile) throws {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(Int(range.upperBound - offset), Self.zeros.count)
      let position = off_t(offset)
      let written = Self.zeros.withUnsafeBytes { zeros in retrying { pwrite(file.descriptor, zeros.baseAddress, count, position) } }
      guard written > 0 else { throw StoreError.system(operation: "erase", path: file.path, code: written < 0 ? errno : EIO) }
      offset += Int64(written)
    }
  }

  /// fallocate(2). Where it is not supported the zeros stay, and only space is lost.
  private func punch(_ range: Range<Int64>, in file: borrowing OpenFile) {
    guard !range.isEmpty else { return }
    disk_punch_hole(file.descriptor, range.lowerBound, Int64(range.count))
  }

  private func joined(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
    var joined: [Range<Int64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    return joined
  }

  private static let zeros = [UInt8](repeating: 0, count: 1 << 20)
}
