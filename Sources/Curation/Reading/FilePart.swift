internal import Foundation

/// What one task reads: a file or a member of an archive, or a piece of a long one.
struct FilePart: Sendable {
  private enum Piece: Sendable {
    /// Prose and tables are read whole: where they are cut depends on all of what stands before.
    case prose(isMarkdown: Bool)
    case table(TableReader.Rule)
    case lines(JSONLinesReader.Chunk)
    case elements(JSONDocumentReader.Chunk)
    case chat(TelegramReader.Chat)
    case whatsApp
  }

  /// The path of its records' places.
  let path: String
  private let data: Data
  private let piece: Piece
  private let rules: ReadingRules

  /// All parts of one file, in order, each of about `size` bytes where the format can be cut.
  static func parts(of data: Data, path: String, _ kind: FileKind, size: Int, _ rules: ReadingRules = .standard) -> [FilePart] {
    pieces(of: data, path, kind, size: size, rules).map { FilePart(path: path, data: data, piece: $0, rules: rules) }
  }

  /// What a file is whose name says no more than `kind`: chats are known by what they hold.
  static func kind(of data: Data, namedAs kind: FileKind) -> FileKind {
    switch kind {
    case .json where TelegramReader.isExport(data): .telegram
    case .plainText where WhatsAppReader.isExport(data): .whatsApp
    default: kind
    }
  }

  func read() throws -> [Outcome] {
    switch piece {
    case .prose(let isMarkdown):
      UTF16Text.read(data, file: path) { ProseReader.read($0, file: path, isMarkdown: isMarkdown, wholeFile: data) }
    case .table(let rule): UTF16Text.read(data, file: path) { TableReader.read($0, file: path, rule) }
    case .lines(let chunk): try JSONLinesReader.read(chunk, of: data, file: path, rules.dialect(of: path))
    case .elements(let chunk): try JSONDocumentReader.read(chunk, of: data, file: path, rules.dialect(of: path))
    case .chat(let chat): try TelegramReader.read(chat, of: data, file: path, rules)
    case .whatsApp: try WhatsAppReader.read(data, file: path, rules)
    }
  }

  private static func pieces(of data: Data, _ path: String, _ kind: FileKind, size: Int, _ rules: ReadingRules) -> [Piece] {
    func table(_ separators: [UInt8]) -> Piece {
      .table(TableReader.Rule(separators: separators, columns: rules.columns, dialect: rules.dialect(of: path)))
    }
    let (comma, semicolon, tab) = (UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"))
    switch kind {
    case .markdown: return [.prose(isMarkdown: true)]
    case .plainText: return [.prose(isMarkdown: false)]
    case .commaSeparated: return [table([comma, semicolon, tab])]
    case .tabSeparated: return [table([tab, comma, semicolon])]
    case .jsonLines: return JSONLinesReader.chunks(of: data, size: size).map(Piece.lines)
    case .whatsApp: return [.whatsApp]
    case .telegram: return TelegramReader.chats(of: data).map(Piece.chat)
    case .json:
      switch JSONDocumentReader.cut(data, size: size) {
      case .lines: return JSONLinesReader.chunks(of: data, size: size).map(Piece.lines)
      case .chunks(let chunks): return chunks.map(Piece.elements)
      }
    }
  }
}
