package import Foundation

/// Writes a canonical tar to a new file, member by member, in the order given; memory does not grow with the members.
package struct TarWriter: ~Copyable {
  private let path: String
  private let file: ByteFile
  private var names: Set<String> = []

  /// The file must not exist. Whoever wants to replace one writes beside it and renames.
  package init(creating url: URL) throws(TarError) {
    path = url.path
    do throws(TarProblem) {
      file = try ByteFile.creating(url)
    } catch {
      throw TarError(path: url.path, member: nil, problem: error)
    }
  }

  package mutating func append(_ name: String, contents: Data) throws(TarError) {
    do throws(TarProblem) {
      try begin(name, byteCount: Int64(contents.count))
      try write(contents)
      try pad(after: Int64(contents.count))
    } catch {
      throw TarError(path: path, member: name, problem: error)
    }
  }

  /// Copies a stretch of a file. Each piece is shown to `observe` as it is written, so that what is digested is what went in. A source that has
  /// fewer bytes is an error.
  package mutating func append(_ name: String, copying source: Extent, observe: (UnsafeRawBufferPointer) -> Void) throws(TarError) {
    do throws(TarProblem) {
      try begin(name, byteCount: source.byteCount)
      try source.pieces { (piece) throws(TarProblem) in
        observe(piece)
        try file.write(piece)
      }
      try pad(after: source.byteCount)
    } catch {
      throw TarError(path: path, member: name, problem: error)
    }
  }

  /// Writes the end, two blocks of zeros and no more, and makes the file durable.
  package consuming func finish() throws(TarError) {
    do throws(TarProblem) {
      try write([UInt8](repeating: 0, count: 2 * TarHeader.byteCount))
      try file.makeDurable()
    } catch {
      throw TarError(path: path, member: nil, problem: error)
    }
  }

  private mutating func begin(_ name: String, byteCount: Int64) throws(TarProblem) {
    let header = try TarHeader(name: name, fileByteCount: byteCount)
    guard names.insert(name).inserted else { throw .duplicate }
    try write(header.block)
  }

  private func pad(after byteCount: Int64) throws(TarProblem) {
    try write([UInt8](repeating: 0, count: TarHeader.padding(after: byteCount)))
  }

  private func write(_ bytes: some ContiguousBytes) throws(TarProblem) {
    let result = bytes.withUnsafeBytes { bytes -> Result<Void, TarProblem> in
      Result { () throws(TarProblem) in try file.write(bytes) }
    }
    try result.get()
  }
}
