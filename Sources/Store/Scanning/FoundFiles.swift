internal import Artifacts
internal import Foundation
internal import Glibc

/// A file that a walk found.
struct FoundFile: Sendable {
  /// Relative to what was walked, `/` between parts.
  let path: String
  /// Where its bytes are, links resolved.
  let place: String
  let status: FileStatus
}

/// The files that a walk found: a row of numbers for each, and the paths of all of them in one text. As many strings cost more than looking at
/// the files does; one is made for a file that is read.
struct FoundFiles: Sendable {
  struct Row: Sendable {
    let byteCount: Int64
    let modifiedNanoseconds: Int64
    let changedNanoseconds: Int64
    let device: UInt64
    let inode: UInt64
    /// Where its path is in the text.
    fileprivate(set) var start: Int
    let length: Int32
    /// Not negative: in which folder its bytes are, under the last part of its path. Negative: the complement of which of `elsewhere` it is.
    fileprivate(set) var place: Int32
  }

  private(set) var rows: [Row] = []
  private(set) var text: [UInt8] = []
  /// Whether every path is: two such paths are equal only where their bytes are.
  private(set) var isASCII = true
  private var folders: [String] = []
  private var elsewhere: [String] = []

  var count: Int { rows.count }
  var isEmpty: Bool { rows.isEmpty }

  var byteCount: Int64 { rows.reduce(0) { $0 + $1.byteCount } }

  /// Nothing of it yet: the files in one folder, of about so many names of so many bytes.
  init(inFolder place: String, reserving count: Int, textByteCount: Int) {
    folders = [place]
    rows.reserveCapacity(count)
    text.reserveCapacity(textByteCount)
  }

  init() {}

  // MARK: - Of one folder

  /// A file of the folder itself. `prefix` is the folder's path with a slash, or nothing.
  mutating func append(_ prefix: [UInt8], _ name: UnsafeRawBufferPointer, isASCII: Bool, _ status: FileStatus) {
    append(prefix, name, isASCII: isASCII, status, place: 0)
  }

  /// A file that lies elsewhere, under this path.
  mutating func append(_ path: String, at place: String, _ status: FileStatus) {
    elsewhere.append(place)
    var path = path
    path.withUTF8 { bytes in
      append([], UnsafeRawBufferPointer(bytes), isASCII: bytes.allSatisfy { $0 < 0x80 }, status, place: ~Int32(elsewhere.count - 1))
    }
  }

  private mutating func append(_ prefix: [UInt8], _ name: UnsafeRawBufferPointer, isASCII: Bool, _ status: FileStatus, place: Int32) {
    rows.append(
      Row(
        byteCount: status.byteCount, modifiedNanoseconds: status.modifiedNanoseconds, changedNanoseconds: status.changedNanoseconds,
        device: status.device, inode: status.inode, start: text.count, length: Int32(prefix.count + name.count), place: place))
    text.append(contentsOf: prefix)
    text.append(contentsOf: name)
    if !isASCII { self.isASCII = false }
  }

  // MARK: - Of many

  mutating func reserve(_ count: Int, textByteCount: Int) {
    rows.reserveCapacity(count)
    text.reserveCapacity(textByteCount)
  }

  /// Takes the places and the text of a folder's files, and gives what must be added to theirs.
  mutating func begin(_ part: FoundFiles) -> Shift {
    defer {
      folders += part.folders
      elsewhere += part.elsewhere
      text += part.text
      if !part.isASCII { isASCII = false }
    }
    return Shift(text: text.count, folders: Int32(folders.count), elsewhere: Int32(elsewhere.count))
  }

  struct Shift {
    let text: Int
    let folders: Int32
    let elsewhere: Int32
  }

  mutating func append(_ range: Range<Int>, of part: FoundFiles, _ shift: Shift) {
    for row in part.rows[range] {
      var row = row
      row.start += shift.text
      row.place += row.place < 0 ? -shift.elsewhere : shift.folders
      rows.append(row)
    }
  }

  /// By the bytes of paths.
  mutating func sort() {
    withText { text in
      let isSorted = (1..<max(1, rows.count)).allSatisfy { Self.precedes(rows[$0 - 1].path(in: text), rows[$0].path(in: text)) }
      return isSorted ? nil : rows.sorted { Self.precedes($0.path(in: text), $1.path(in: text)) }
    }.map { rows = $0 }
  }

  // MARK: - Reading

  /// Lets `body` look at the text that rows speak of.
  func withText<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value { try text.withUnsafeBytes(body) }

  func path(_ index: Int) -> String { withText { String(decoding: rows[index].path(in: $0), as: UTF8.self) } }

  subscript(index: Int) -> FoundFile { FoundFile(path: path(index), place: place(index), status: status(index)) }

  /// Where its bytes are.
  func place(_ index: Int) -> String {
    let row = rows[index]
    guard row.place >= 0 else { return elsewhere[Int(~row.place)] }
    let path = path(index)
    return folders[Int(row.place)] + "/" + (path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path)
  }

  func status(_ index: Int) -> FileStatus { rows[index].status }

  /// Of files whose digests are all known.
  func snapshot(_ digests: [Digest]) -> Snapshot {
    Snapshot(entries: digests.enumerated().map { Snapshot.Entry(path: path($0), byteCount: rows[$0].byteCount, digest: $1) })
  }

  /// The bytes of that snapshot.
  func listing(_ digests: [Digest]) -> Data {
    var writer = Snapshot.ListingWriter(entryCount: count, pathByteCount: text.count)
    withText { text in
      for (row, digest) in zip(rows, digests) { writer.append(path: row.path(in: text), byteCount: row.byteCount, digest: digest) }
    }
    return writer.finish()
  }

  static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool { order(left, right) < 0 }

  /// Less than, equal to or greater than 0, as the bytes have it.
  static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    guard let x = left.baseAddress, let y = right.baseAddress else { return left.count - right.count }
    let order = memcmp(x, y, min(left.count, right.count))
    return order == 0 ? left.count - right.count : Int(order)
  }
}

extension FoundFiles.Row {
  func path(in text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: text[start..<(start + Int(length))]) }

  var status: FileStatus {
    FileStatus(
      byteCount: byteCount, modifiedNanoseconds: modifiedNanoseconds, changedNanoseconds: changedNanoseconds, device: device, inode: inode)
  }
}
