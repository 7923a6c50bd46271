package import Foundation

/// Reads a tar that is in canonical form, and refuses any other: every header is written anew and compared, padding must be zero, and the file
/// must end with exactly two blocks of zeros. No byte of the file is left unlooked at, and memory does not grow with the members.
package struct TarReader: ~Copyable {
  package struct Member: Hashable, Sendable {
    package let name: String
    package let byteCount: Int64
    /// Where its bytes begin in the file.
    package let offset: Int64
  }

  private static let bufferByteCount = 1 << 20

  private let path: String
  private let file: ByteFile
  private let fileByteCount: Int64
  private let memberLimit: Int
  private let buffer: UnsafeMutableRawBufferPointer
  private var names: Set<String> = []
  private var position: Int64 = 0

  package init(opening url: URL, memberLimit: Int = 100_000) throws(TarError) {
    path = url.path
    do throws(TarProblem) {
      let file = try ByteFile.opening(url)
      fileByteCount = try file.byteCount()
      self.file = file
    } catch {
      throw TarError(path: url.path, member: nil, problem: error)
    }
    self.memberLimit = memberLimit
    buffer = .allocate(byteCount: Self.bufferByteCount, alignment: 64)
  }

  deinit { buffer.deallocate() }

  /// Reads the next member, its bytes in pieces to `body` (whose pointer is valid during the call only), and returns it. Nil at the end, which
  /// has then been checked.
  package mutating func next(_ body: (UnsafeRawBufferPointer) -> Void) throws(TarError) -> Member? {
    let header: TarHeader
    do throws(TarProblem) {
      guard let next = try nextHeader() else { return nil }
      header = next
    } catch {
      throw TarError(path: path, member: nil, problem: error)
    }
    do throws(TarProblem) {
      return try contents(of: header, body)
    } catch {
      throw TarError(path: path, member: header.name, problem: error)
    }
  }

  private mutating func nextHeader() throws(TarProblem) -> TarHeader? {
    let block = Array(try bytes(count: TarHeader.byteCount))
    guard block.contains(where: { $0 != 0 }) else {
      guard try bytes(count: TarHeader.byteCount).allSatisfy({ $0 == 0 }) else { throw .header }
      guard position == fileByteCount else { throw .trailingBytes }
      return nil
    }
    return try TarHeader(parsing: block)
  }

  private mutating func contents(of header: TarHeader, _ body: (UnsafeRawBufferPointer) -> Void) throws(TarProblem) -> Member {
    guard names.insert(header.name).inserted else { throw .duplicate }
    guard names.count <= memberLimit else { throw .tooManyMembers(limit: memberLimit) }
    // Before anything is read: a header may promise what the file does not have.
    guard header.fileByteCount <= fileByteCount - position else { throw .truncated }
    let member = Member(name: header.name, byteCount: header.fileByteCount, offset: position)
    var left = header.fileByteCount
    while left > 0 {
      let piece = try bytes(count: Int(min(Int64(buffer.count), left)))
      body(piece)
      left -= Int64(piece.count)
    }
    guard try bytes(count: header.paddingByteCount).allSatisfy({ $0 == 0 }) else { throw .padding }
    return member
  }

  /// The next `count` bytes, at most a buffer full.
  private mutating func bytes(count: Int) throws(TarProblem) -> UnsafeRawBufferPointer {
    let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    guard try file.read(at: position, into: piece) == count else { throw .truncated }
    position += Int64(count)
    return UnsafeRawBufferPointer(piece)
  }
}
