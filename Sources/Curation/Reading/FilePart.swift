internal import Foundation

/// What is read at one go: a file or a member of an archive, or a run of whole records of a long one.
struct FilePart: Sendable {
  private enum Piece: Sendable {
    /// Prose and tables are read whole: where they are cut depends on all of what stands before.
    case prose(isMarkdown: Bool)
    case table(TableReader.Rule)
    /// The bytes are whole lines.
    case lines
    /// Of this many bytes; the part has none of them.
    case longLine(Int)
    case elements(JSONDocumentReader.Chunk)
    case chat(TelegramReader.Chat)
    case whatsApp
  }

  /// The place of its file in the listing.
  let file: Int
  /// The path of its records' places.
  let path: String
  /// Where the bytes begin in the file: what was read counts from there.
  let offset: Int
  let line: Int
  /// About as many as it takes to read it.
  let byteCount: Int
  private let data: Data
  private let piece: Piece
  private let rules: ReadingRules

  private init(
    file: Int, path: String, data: Data, offset: Int = 0, line: Int = 0, byteCount: Int? = nil, piece: Piece, rules: ReadingRules
  ) {
    (self.file, self.path, self.data, self.piece, self.rules) = (file, path, data, piece, rules)
    (self.offset, self.line, self.byteCount) = (offset, line, byteCount ?? data.count)
  }

  init(_ part: LineCutter.Part, file: Int, path: String, _ rules: ReadingRules) {
    let (data, piece): (Data, Piece) =
      switch part.content {
      case .lines(let bytes): (bytes, .lines)
      case .longLine(let count): (Data(), .longLine(count))
      }
    self.init(file: file, path: path, data: data, offset: part.offset, line: part.line, piece: piece, rules: rules)
  }

  /// All parts of one file, in order, each of about `size` bytes where the format can be cut. Nil for JSON Lines, whatever the file is called:
  /// `LineCutter` has those.
  static func parts(of data: Data, file: Int, path: String, _ kind: FileKind, size: Int, _ rules: ReadingRules) -> [FilePart]? {
    func part(_ piece: Piece, _ byteCount: Int? = nil) -> FilePart {
      FilePart(file: file, path: path, data: data, byteCount: byteCount, piece: piece, rules: rules)
    }
    func table(_ separators: [UInt8]) -> [FilePart] {
      [part(.table(TableReader.Rule(separators: separators, columns: rules.columns, dialect: rules.dialect(of: path))))]
    }
    let (comma, semicolon, tab) = (UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"))
    switch kind {
    case .markdown: return [part(.prose(isMarkdown: true))]
    case .plainText: return [part(.prose(isMarkdown: false))]
    case .commaSeparated: return table([comma, semicolon, tab])
    case .tabSeparated: return table([tab, comma, semicolon])
    case .jsonLines: return nil
    case .whatsApp: return [part(.whatsApp)]
    case .telegram: return TelegramReader.chats(of: data).map { part(.chat($0)) }
    case .json:
      guard case .chunks(let chunks) = JSONDocumentReader.cut(data, size: size) else { return nil }
      return chunks.map { part(.elements($0), min(size, data.count)) }
    }
  }

  /// What a file is whose name says no more than `kind`: chats are known by what they hold.
  static func kind(of data: Data, namedAs kind: FileKind) -> FileKind {
    switch kind {
    case .json where TelegramReader.isExport(data): .telegram
    case .plainText where WhatsAppReader.isExport(data): .whatsApp
    default: kind
    }
  }

  /// Its bytes, where they are all that what is read depends on, besides the path.
  var lines: Data? { if case .lines = piece { data } else { nil } }

  /// Reads a whole file that is at hand.
  static func outcomes(ofAll data: Data, path: String, _ kind: FileKind) throws -> [Outcome] {
    let rules = ReadingRules.standard
    if let parts = parts(of: data, file: 0, path: path, kind, size: max(1, data.count), rules) { return try parts.flatMap { try $0.read() } }
    var cutter = try LineCutter(SourceFile(data), sizes: LineCutter.Sizes(around: 2 * (data.count + 1)))
    return try cutter.next().map { try FilePart($0, file: 0, path: path, rules).read() } ?? []
  }

  /// Places count from the part's own `offset` and `line`.
  func read() throws -> [Outcome] {
    switch piece {
    case .prose(let isMarkdown):
      UTF16Text.read(data, file: path) { ProseReader.read($0, file: path, isMarkdown: isMarkdown, wholeFile: data) }
    case .table(let rule): UTF16Text.read(data, file: path) { TableReader.read($0, file: path, rule) }
    case .lines: try JSONLinesReader.read(data, file: path, rules.dialect(of: path))
    case .longLine(let count):
      [Outcome(RecordSource(file: path, line: 1, byteRange: 0..<count), .failure(LineParser.tooLong(count)))]
    case .elements(let chunk): try JSONDocumentReader.read(chunk, of: data, file: path, rules.dialect(of: path))
    case .chat(let chat): try TelegramReader.read(chat, of: data, file: path, rules)
    case .whatsApp: try WhatsAppReader.read(data, file: path, rules)
    }
  }
}
