internal import Artifacts
internal import Foundation
internal import Glibc
internal import Hashing

/// What each file of one scanned folder was when it was last seen: a file of index/, so that a scan reads only what may have changed.
///
/// A file whose time lies within two seconds before the scan that recorded it, or after it, may have been changed again within one tick
/// of the file system's clock: such an entry is not believed ("racy git": git's Documentation/technical/racy-git). Two seconds is the
/// coarsest clock in use (FAT). The time of change is compared too, so that setting the time of modification back hides nothing. What even
/// that would hide (a disk behind the file system's back, a clock that was set) the audit looks for: `FolderScanner` reads some files again.
///
/// One sequential file, since it is read whole for every scan: a row for each of a hundred thousand files in a table costs five times as
/// much. It is disposable; one that does not have its checksum is as good as none.
struct StatusIndex {
  static let racyNanoseconds: Int64 = 2_000_000_000

  struct Entry {
    let status: FileStatus
    let scannedNanoseconds: Int64
    let digest: Digest

    /// Whether the status can be believed: another change would have left another time.
    var isSettled: Bool { max(status.modifiedNanoseconds, status.changedNanoseconds) < scannedNanoseconds - StatusIndex.racyNanoseconds }

    /// The file's, where it need not be read.
    func digest(ifStill file: FoundFiles.Row) -> Digest? { status == file.status && isSettled ? digest : nil }
  }

  /// How often objects had been taken out of the store when this was written.
  let removalCount: Int64
  /// The snapshot that these files make, where all of them are known.
  let snapshot: Digest?
  /// By the bytes of paths.
  let count: Int
  private let bytes: Bytes?

  /// The file as it was read. Its rows and paths stay there: making a hundred thousand strings of them would cost more than reading it.
  private final class Bytes: Sendable {
    nonisolated(unsafe) let buffer: UnsafeMutableRawBufferPointer  // Not written to once it is filled.

    init(byteCount: Int) { buffer = .allocate(byteCount: byteCount, alignment: 16) }
    deinit { buffer.deallocate() }
  }

  /// Of nothing.
  private init() { (removalCount, snapshot, count, bytes) = (0, nil, 0, nil) }

  static let empty = StatusIndex()

  /// For each file the row of its path, or -1. One pass over both, since both are in the order of paths.
  func rows(of files: FoundFiles) -> [Int32] {
    guard let bytes else { return Array(repeating: -1, count: files.count) }
    let all = UnsafeRawBufferPointer(bytes.buffer)
    return files.withText { text in
      var next = 0
      return files.rows.map { file in
        let path = file.path(in: text)
        while next < count {
          let order = FoundFiles.order(self.path(next, in: all), path)
          if order > 0 { break }
          next += 1
          if order == 0 { return Int32(next - 1) }
        }
        return -1
      }
    }
  }

  /// Of a row.
  subscript(row: Int) -> Entry {
    guard let bytes, let base = bytes.buffer.baseAddress else { preconditionFailure("a row of an empty index") }
    precondition(row < count, "a row that is not there")
    return Entry(row: UnsafeRawPointer(base) + Self.headByteCount + row * Self.rowByteCount)
  }

  private func path(_ row: Int, in all: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let place = all.loadUnaligned(fromByteOffset: Self.headByteCount + row * Self.rowByteCount + 80, as: UInt64.self)
    let start = Self.headByteCount + count * Self.rowByteCount + Int(place >> 16)
    return UnsafeRawBufferPointer(rebasing: all[start..<(start + Int(place & 0xFFFF))])
  }
}

extension String {
  func precedesByBytes(_ other: String) -> Bool {
    var (left, right) = (self, other)
    return left.withUTF8 { left in
      right.withUTF8 { right in
        guard let x = left.baseAddress, let y = right.baseAddress else { return left.count < right.count }
        let order = memcmp(x, y, min(left.count, right.count))
        return order == 0 ? left.count < right.count : order < 0
      }
    }
  }
}

// MARK: - On disk

extension StatusIndex {
  fileprivate static let head = Array("soulpack.index/1".utf8)
  fileprivate static let seed = Digest(hashing: Data("soulpack.index/1".utf8))
  fileprivate static let headByteCount = 16 + 8 + 8 + 8 + 32
  fileprivate static let rowByteCount = 6 * 8 + 32 + 8

  /// Where the index of a folder is. Two folders whose names differ have two.
  static func place(ofFolder path: String, in layout: StoreLayout) -> String {
    layout.index + "/" + Digest(hashing: Data(path.utf8)).hex.prefix(32)
  }

  /// Empty where there is none, or none that can be read: then every file is.
  static func reading(_ place: String) -> StatusIndex {
    guard let file = try? OpenFile(place, O_RDONLY | O_NOFOLLOW), let status = try? file.status(), status.kind == .regular,
      status.byteCount >= Int64(headByteCount + 8)
    else { return .empty }
    let bytes = Bytes(byteCount: Int(status.byteCount))
    guard let count = try? file.read(into: bytes.buffer), count == bytes.buffer.count else { return .empty }
    return StatusIndex(bytes) ?? .empty
  }

  private init?(_ bytes: Bytes) {
    let all = UnsafeRawBufferPointer(bytes.buffer)
    guard all.starts(with: Self.head), let base = all.baseAddress else { return nil }
    let content = UnsafeRawBufferPointer(rebasing: all[..<(all.count - 8)])
    guard all.loadUnaligned(fromByteOffset: content.count, as: Int64.self) == Checksum.of(content, seed: Self.seed) else { return nil }
    let count = Int(all.loadUnaligned(fromByteOffset: 24, as: Int64.self))
    guard count >= 0, count <= (content.count - Self.headByteCount) / Self.rowByteCount else { return nil }
    let textByteCount = content.count - Self.headByteCount - count * Self.rowByteCount
    for row in 0..<count {
      let place = all.loadUnaligned(fromByteOffset: Self.headByteCount + row * Self.rowByteCount + 80, as: UInt64.self)
      guard place >> 16 <= UInt64(textByteCount), Int(place >> 16) + Int(place & 0xFFFF) <= textByteCount else { return nil }
    }
    removalCount = all.loadUnaligned(fromByteOffset: 16, as: Int64.self)
    snapshot = all.loadUnaligned(fromByteOffset: 32, as: Int64.self) == 0 ? nil : Digest(at: base + 40)
    self.count = count
    self.bytes = bytes
  }

  /// What is to be remembered.
  struct Draft {
    let removalCount: Int64
    /// Where all of the files are known.
    let snapshot: Digest?
    let files: FoundFiles
    /// A file without one is not remembered.
    let digests: [Digest?]
    /// When each file was seen to be so.
    let scannedNanoseconds: [Int64]
  }

  /// Replaces the file in one instant. Nothing is lost with it, so nothing is flushed.
  static func write(_ draft: Draft, to place: String, _ layout: StoreLayout, calls: DiskCalls) throws {
    let written = layout.newTemporary()
    do {
      let file = try OpenFile(written, O_WRONLY | O_CREAT | O_EXCL, operation: "write")
      let bytes = draft.bytes
      defer { bytes.deallocate() }
      try file.write(UnsafeRawBufferPointer(bytes), calls: calls)
      guard calls.rename(written, place) == 0 else { throw StoreError.system(operation: "write", path: place, code: errno) }
    } catch {
      unlink(written)  // Best effort: the next writer empties tmp/ in any case.
      throw error
    }
  }
}

extension StatusIndex.Draft {
  /// To be deallocated.
  fileprivate var bytes: UnsafeMutableRawBufferPointer {
    let count = digests.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
    let texts = StatusIndex.headByteCount + count * StatusIndex.rowByteCount
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: texts + files.text.count + 8, alignment: 16)
    fillHead(bytes, count)
    var row = StatusIndex.headByteCount
    for (index, file) in files.rows.enumerated() {
      guard let digest = digests[index] else { continue }
      StatusIndex.Entry(status: file.status, scannedNanoseconds: scannedNanoseconds[index], digest: digest).store(in: bytes, at: row)
      bytes.storeBytes(of: UInt64(file.start) << 16 | UInt64(file.length), toByteOffset: row + 80, as: UInt64.self)
      row += StatusIndex.rowByteCount
    }
    UnsafeMutableRawBufferPointer(rebasing: bytes[texts...]).copyBytes(from: files.text)
    let content = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
    bytes.storeBytes(of: Checksum.of(content, seed: StatusIndex.seed), toByteOffset: content.count, as: Int64.self)
    return bytes
  }

  private func fillHead(_ bytes: UnsafeMutableRawBufferPointer, _ count: Int) {
    bytes.copyBytes(from: StatusIndex.head)
    bytes.storeBytes(of: removalCount, toByteOffset: 16, as: Int64.self)
    bytes.storeBytes(of: Int64(count), toByteOffset: 24, as: Int64.self)
    bytes.storeBytes(of: snapshot == nil ? 0 : 1, toByteOffset: 32, as: Int64.self)
    let place = UnsafeMutableRawBufferPointer(rebasing: bytes[40..<StatusIndex.headByteCount])
    place.initializeMemory(as: UInt8.self, repeating: 0)
    snapshot?.withUnsafeBytes { place.copyMemory(from: $0) }
  }
}

extension StatusIndex.Entry {
  fileprivate init(row: UnsafeRawPointer) {
    func number(_ index: Int) -> Int64 { row.loadUnaligned(fromByteOffset: index * 8, as: Int64.self) }
    status = FileStatus(
      byteCount: number(0), modifiedNanoseconds: number(1), changedNanoseconds: number(2), device: UInt64(bitPattern: number(3)),
      inode: UInt64(bitPattern: number(4)))
    scannedNanoseconds = number(5)
    digest = Digest(at: row + 48)
  }

  fileprivate func store(in bytes: UnsafeMutableRawBufferPointer, at row: Int) {
    func put(_ number: Int64, _ index: Int) { bytes.storeBytes(of: number, toByteOffset: row + index * 8, as: Int64.self) }
    put(status.byteCount, 0)
    put(status.modifiedNanoseconds, 1)
    put(status.changedNanoseconds, 2)
    put(Int64(bitPattern: status.device), 3)
    put(Int64(bitPattern: status.inode), 4)
    put(scannedNanoseconds, 5)
    digest.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: bytes[(row + 48)..<(row + 80)]).copyMemory(from: $0) }
  }
}
