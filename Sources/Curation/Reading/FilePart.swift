internal import Foundation

/// What one task reads: a file or a member of an archive, or a piece of a long one.
struct FilePart: Sendable {
  private enum Piece: Sendable {
    /// Prose and tables are read whole: where they are cut depends on all of what stands before.
    case prose(isMarkdown: Bool)
    case table(separators: [UInt8])
    case lines(JSONLinesReader.Chunk)
    case elements(JSONDocumentReader.Chunk)
  }

  /// The path of its records' places.
  let path: String
  private let data: Data
  private let piece: Piece

  /// All parts of one file, in order, each of about `size` bytes where the format can be cut.
  static func parts(of data: Data, path: String, _ kind: FileKind, size: Int) -> [FilePart] {
    pieces(of: data, kind, size: size).map { FilePart(path: path, data: data, piece: $0) }
  }

  func read() throws -> [Outcome] {
    switch piece {
    case .prose(let isMarkdown): ProseReader.read(data, file: path, isMarkdown: isMarkdown)
    case .table(let separators): TableReader.read(data, file: path, separators: separators)
    case .lines(let chunk): try JSONLinesReader.read(chunk, of: data, file: path)
    case .elements(let chunk): try JSONDocumentReader.read(chunk, of: data, file: path)
    }
  }

  private static func pieces(of data: Data, _ kind: FileKind, size: Int) -> [Piece] {
    let (comma, semicolon, tab) = (UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"))
    switch kind {
    case .markdown: return [.prose(isMarkdown: true)]
    case .plainText: return [.prose(isMarkdown: false)]
    case .commaSeparated: return [.table(separators: [comma, semicolon, tab])]
    case .tabSeparated: return [.table(separators: [tab, comma, semicolon])]
    case .jsonLines: return JSONLinesReader.chunks(of: data, size: size).map(Piece.lines)
    case .json:
      switch JSONDocumentReader.cut(data, size: size) {
      case .lines: return JSONLinesReader.chunks(of: data, size: size).map(Piece.lines)
      case .chunks(let chunks): return chunks.map(Piece.elements)
      }
    }
  }
}
