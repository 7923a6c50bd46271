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
  }

  /// How often objects had been taken out of the store when this was written.
  var removalCount: Int64 = 0
  /// The snapshot that these files make, where all of them are known.
  var snapshot: Digest?
  /// By the bytes of paths.
  private(set) var paths: [String] = []
  private(set) var entries: [Entry] = []

  init() {}

  mutating func reserve(_ count: Int) {
    paths.reserveCapacity(count)
    entries.reserveCapacity(count)
  }

  /// In the order of paths.
  mutating func append(_ path: String, _ entry: Entry) {
    paths.append(path)
    entries.append(entry)
  }

  /// The entry of each file that has one, in the order of the files, which is that of paths. One pass over both.
  func entries(of files: [FoundFile]) -> [Entry?] {
    var next = 0
    return files.map { file in
      while next < paths.count, paths[next].precedesByBytes(file.path) { next += 1 }
      guard next < paths.count, paths[next] == file.path else { return nil }
      return entries[next]
    }
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
  private static let head = Array("soulpack.index/1".utf8)
  private static let seed = Digest(hashing: Data("soulpack.index/1".utf8))
  private static let headByteCount = 16 + 8 + 8 + 8 + 32
  private static let rowByteCount = 6 * 8 + 32 + 8

  /// Where the index of a folder is. Two folders whose names differ have two.
  static func place(ofFolder path: String, in layout: StoreLayout) -> String {
    layout.index + "/" + Digest(hashing: Data(path.utf8)).hex.prefix(32)
  }

  /// Empty where there is none, or none that can be read: then every file is.
  static func reading(_ place: String) -> StatusIndex {
    guard let file = try? OpenFile(place, O_RDONLY | O_NOFOLLOW), let status = try? file.status(), status.kind == .regular,
      let bytes = try? file.read(atMost: Int(status.byteCount))
    else { return StatusIndex() }
    return bytes.withUnsafeBytes { StatusIndex(parsing: $0) } ?? StatusIndex()
  }

  private init?(parsing bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.headByteCount + 8, bytes.starts(with: Self.head), let base = bytes.baseAddress else { return nil }
    let content = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
    guard bytes.loadUnaligned(fromByteOffset: content.count, as: Int64.self) == Checksum.of(content, seed: Self.seed) else { return nil }
    removalCount = bytes.loadUnaligned(fromByteOffset: 16, as: Int64.self)
    let count = Int(bytes.loadUnaligned(fromByteOffset: 24, as: Int64.self))
    if bytes.loadUnaligned(fromByteOffset: 32, as: Int64.self) != 0 { snapshot = Digest(at: base + 40) }
    let texts = Self.headByteCount + count * Self.rowByteCount
    guard count >= 0, texts <= content.count else { return nil }
    reserve(count)
    for index in 0..<count {
      let row = base + Self.headByteCount + index * Self.rowByteCount
      let place = row.loadUnaligned(fromByteOffset: 80, as: UInt64.self)
      let (start, length) = (texts + Int(place >> 16), Int(place & 0xFFFF))
      guard start + length <= content.count else { return nil }
      let path = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)]), as: UTF8.self)
      append(path, Entry(row: row))
    }
  }

  /// Replaces the file in one instant. Nothing is lost with it, so nothing is flushed.
  func write(to place: String, _ layout: StoreLayout, calls: DiskCalls) throws {
    let written = layout.newTemporary()
    do {
      let file = try OpenFile(written, O_WRONLY | O_CREAT | O_EXCL, operation: "write")
      try bytes.withUnsafeBytes { try file.write($0, calls: calls) }
      guard calls.rename(written, place) == 0 else { throw StoreError.system(operation: "write", path: place, code: errno) }
    } catch {
      unlink(written)  // Best effort: the next writer empties tmp/ in any case.
      throw error
    }
  }

  private var bytes: Data {
    let textByteCount = paths.reduce(0) { $0 + $1.utf8.count }
    var bytes = Data(count: Self.headByteCount + paths.count * Self.rowByteCount + textByteCount + 8)
    bytes.withUnsafeMutableBytes { fill($0) }
    return bytes
  }

  private func fill(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    bytes.copyBytes(from: Self.head)
    base.storeBytes(of: removalCount, toByteOffset: 16, as: Int64.self)
    base.storeBytes(of: Int64(paths.count), toByteOffset: 24, as: Int64.self)
    base.storeBytes(of: snapshot == nil ? 0 : 1, toByteOffset: 32, as: Int64.self)
    snapshot?.withUnsafeBytes { (base + 40).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count) }
    let texts = base + Self.headByteCount + paths.count * Self.rowByteCount
    var used = 0
    for (index, (path, entry)) in zip(paths, entries).enumerated() {
      let row = base + Self.headByteCount + index * Self.rowByteCount
      entry.store(at: row)
      var path = path
      path.withUTF8 { text in
        row.storeBytes(of: UInt64(used) << 16 | UInt64(text.count), toByteOffset: 80, as: UInt64.self)
        if let start = text.baseAddress { (texts + used).copyMemory(from: start, byteCount: text.count) }
        used += text.count
      }
    }
    let content = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
    base.storeBytes(of: Checksum.of(content, seed: Self.seed), toByteOffset: content.count, as: Int64.self)
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

  fileprivate func store(at row: UnsafeMutableRawPointer) {
    func put(_ number: Int64, _ index: Int) { row.storeBytes(of: number, toByteOffset: index * 8, as: Int64.self) }
    put(status.byteCount, 0)
    put(status.modifiedNanoseconds, 1)
    put(status.changedNanoseconds, 2)
    put(Int64(bitPattern: status.device), 3)
    put(Int64(bitPattern: status.inode), 4)
    put(scannedNanoseconds, 5)
    digest.withUnsafeBytes { (row + 48).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(row), byteCount: $0.count) }
  }
}
