package import Foundation

/// A stretch of a file, such as the bytes of a tar's member. What is read may have changed since it was found: digest it.
package struct Extent: Hashable, Sendable {
  private static let bufferByteCount = 1 << 20

  package let file: URL
  package let offset: Int64
  package let byteCount: Int64

  package init(file: URL, offset: Int64, byteCount: Int64) {
    self.file = file
    self.offset = offset
    self.byteCount = byteCount
  }

  /// All of a file, as long as it is now.
  package init(wholeFile file: URL) throws(TarError) {
    do throws(TarProblem) {
      self.init(file: file, offset: 0, byteCount: try ByteFile.opening(file).byteCount())
    } catch {
      throw TarError(path: file.path, member: nil, problem: error)
    }
  }

  /// Hands the bytes to `body` in pieces, in order. The pointer is valid during the call only.
  package func read(_ body: (UnsafeRawBufferPointer) -> Void) throws(TarError) {
    do throws(TarProblem) {
      try pieces { (piece) throws(TarProblem) in body(piece) }
    } catch {
      throw TarError(path: file.path, member: nil, problem: error)
    }
  }

  /// Copies the bytes to a file that must not exist, makes it durable, and shows each piece to `observe` as it is written. An error names the one of the
  /// two files that it is about.
  package func copy(to url: URL, observe: (UnsafeRawBufferPointer) -> Void) throws(TarError) {
    var place = url
    do throws(TarProblem) {
      let output = try ByteFile.creating(url)
      place = file
      try pieces { (piece) throws(TarProblem) in
        observe(piece)
        place = url
        try output.write(piece)
        place = file
      }
      place = url
      try output.makeDurable()
    } catch {
      throw TarError(path: place.path, member: nil, problem: error)
    }
  }

  func pieces(_ body: (UnsafeRawBufferPointer) throws(TarProblem) -> Void) throws(TarProblem) {
    let input = try ByteFile.opening(file)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferByteCount, alignment: 64)
    defer { buffer.deallocate() }
    var done: Int64 = 0
    while done < byteCount {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(Int64(buffer.count), byteCount - done))])
      guard try input.read(at: offset + done, into: piece) == piece.count else { throw .sourceChanged }
      try body(UnsafeRawBufferPointer(piece))
      done += Int64(piece.count)
    }
  }
}
