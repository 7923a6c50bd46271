package import Foundation

/// Reads an archive that somebody else wrote, member by member, within limits. `TarReader` is for our own.
///
/// First `next`, then for each member that is wanted `contents`. What is not asked for is passed over.
package struct ForeignArchive: ~Copyable {
  package struct Member: Hashable, Sendable {
    /// Relative and contained. Where there is a fault, its number in the archive and what can be shown of its name, as in `#3 b.jsonl`: no
    /// two faulted members are called the same.
    package let name: String
    /// As the archive says it, at most 2⁵³ − 1; the bytes that are read may be more or fewer.
    package let declaredByteCount: Int64
    /// Why it cannot be read.
    package let fault: MemberFault?
  }

  private static let pieceByteCount = 1 << 18

  private let path: String
  private let form: ArchiveForm
  private let limits: ArchiveLimits
  private let data: Data
  private let handle: ArchiveHandle
  private var current: String?
  /// The current member's bytes are still to be read or passed over.
  private var isOpen = false
  private var memberCount = 0
  private var unpackedByteCount = 0
  private var names: Set<[UInt8]> = []

  /// `path` is for errors and decides, with its end, what the bytes are: the caller made `form` from it.
  package init(_ data: Data, path: String, form: ArchiveForm, limits: ArchiveLimits = .standard) throws(ForeignArchiveError) {
    do throws(ArchiveProblem) {
      handle = try ArchiveHandle.opening(data, form)
    } catch {
      throw ForeignArchiveError(path: path, member: nil, problem: error)
    }
    (self.path, self.form, self.limits, self.data) = (path, form, limits, data)
  }

  /// The next member that is not a folder; nil at the end.
  package mutating func next() throws(ForeignArchiveError) -> Member? {
    do throws(ArchiveProblem) {
      while true {
        if isOpen { try passOver() }
        current = nil
        let end = handle.unpackedByteCount
        guard let header = try handle.next() else {
          if form.layout == .tar { try requireEnd(of: end) }
          return nil
        }
        isOpen = true
        memberCount += 1
        guard memberCount <= limits.members else { throw .tooManyMembers(limit: limits.members) }
        current = header.name
        guard !header.isEncrypted else { throw .encrypted }
        if header.kind == .folder { continue }
        return member(header)
      }
    } catch {
      throw ForeignArchiveError(path: path, member: current, problem: error)
    }
  }

  /// The bytes of the member that `next` gave. To be called once for each.
  package mutating func contents() throws(ForeignArchiveError) -> Data {
    precondition(isOpen, "there is a member, and it was not read before")
    var data = Data()
    do throws(ArchiveProblem) {
      try unpack(limit: limits.bytesPerMember) { data.append(contentsOf: $0) }
    } catch {
      throw ForeignArchiveError(path: path, member: current, problem: error)
    }
    return data
  }

  /// The bytes of a file that was packed by itself (`ArchiveForm.Layout.single`).
  package mutating func onlyContents() throws(ForeignArchiveError) -> Data {
    // An empty file has no member, for libarchive.
    guard try next() != nil else { return Data() }
    let contents = try contents()
    // libarchive stops at bytes that begin nothing it knows. In a tar these may be padding; here something would be lost.
    guard try next() == nil, handle.packedByteCount == Int64(data.count) else {
      throw ForeignArchiveError(path: path, member: nil, problem: .trailingBytes)
    }
    return contents
  }

  private mutating func member(_ header: ArchiveHandle.Header) -> Member {
    let size = min(max(0, header.declaredByteCount ?? 0), 1 << 53 - 1)
    do throws(MemberFault) {
      guard let given = header.name else { throw .unreadableName }
      let name = try MemberName.checked(given, limitInBytes: limits.nameBytes)
      switch header.kind {
      case .link: throw .link
      case .other: throw .special
      case .file, .folder: break
      }
      guard names.insert(Array(name.utf8)).inserted else { throw .repeatedName }
      guard ArchiveForm(path: name) == nil else { throw .nestedArchive }
      return Member(name: name, declaredByteCount: size, fault: nil)
    } catch {
      return Member(name: numbered(header.name), declaredByteCount: size, fault: error)
    }
  }

  /// For a bad name: its number among the members, folders among them, and the name, short and without control characters.
  private func numbered(_ name: String?) -> String {
    let kept = (name ?? "").unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(200)
    return kept.isEmpty ? "#\(memberCount)" : "#\(memberCount) " + String(String.UnicodeScalarView(kept))
  }

  private mutating func passOver() throws(ArchiveProblem) {
    guard form.layout != .zip else {
      isOpen = false
      return try handle.skip()
    }
    try unpack(limit: .max) { _ in }
  }

  /// Unpacks the current member, within the limits, and shows each piece to `body`. Sizes that the archive declares are not believed.
  private mutating func unpack(limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(ArchiveProblem) {
    isOpen = false
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceByteCount, alignment: 64)
    defer { piece.deallocate() }
    var count = 0
    while true {
      let read = try handle.read(into: piece)
      guard read > 0 else { return }
      count += read
      guard count <= limit else { throw .memberTooLarge(limit: limit) }
      try account(for: read)
      body(UnsafeRawBufferPointer(rebasing: piece[..<read]))
    }
  }

  private mutating func account(for count: Int) throws(ArchiveProblem) {
    unpackedByteCount += count
    guard unpackedByteCount <= limits.totalBytes else { throw .tooLarge(limit: limits.totalBytes) }
    guard unpackedByteCount <= max(limits.bytesBeforeRatio, limits.ratio * data.count) else { throw .ratioTooHigh(limit: limits.ratio) }
  }
}

// MARK: - The end of a tar

extension ForeignArchive {
  /// A block of zeros ends a tar, and only zeros follow it (POSIX.1-2017, pax, "ustar Interchange Format"; one block is what careless
  /// writers leave of the two). libarchive takes the end of the bytes for an end as well, and does not look behind the zeros: a tar that was
  /// cut between two members would be read as whole, and a second one behind the first be lost in silence.
  private mutating func requireEnd(of lastMemberEnd: Int64) throws(ArchiveProblem) {
    let end = handle.unpackedByteCount
    guard end - lastMemberEnd >= Int64(TarHeader.byteCount) else { throw .damaged("it has no end mark") }
    if form.compression == nil {
      guard data.dropFirst(Int(end)).allSatisfy({ $0 == 0 }) else { throw .trailingBytes }
    } else {
      try requireZeros(from: end)
    }
  }

  /// Unpacks the whole once more, since libarchive gives nobody what its format has not read.
  private mutating func requireZeros(from end: Int64) throws(ArchiveProblem) {
    let tar = try ArchiveHandle.opening(data, form.unopened)
    guard try tar.next() != nil else { return }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceByteCount, alignment: 64)
    defer { piece.deallocate() }
    var position: Int64 = 0
    while true {
      let read = try tar.read(into: piece)
      guard read > 0 else { break }
      let known = Int(min(Int64(read), max(0, end - position)))
      position += Int64(read)
      try account(for: read - known)
      guard piece[known..<read].allSatisfy({ $0 == 0 }) else { throw .trailingBytes }
    }
    guard try tar.next() == nil, data.dropFirst(Int(tar.packedByteCount)).allSatisfy({ $0 == 0 }) else { throw .trailingBytes }
  }
}
