internal import Foundation

/// What is read at one go: a file or a member of an archive, or a run of whole records of a long one.
struct FilePart: Sendable {
  private enum Piece: Sendable {
    /// Prose and tables are read whole: where they are cut depends on all of what stands before.
    case prose(isMarkdown: Bool)
    case table(separators: [UInt8])
    /// The bytes are whole lines.
    case lines
    /// Of this many bytes; the part has none of them.
    case longLine(Int)
    case elements(JSONDocumentReader.Chunk)
  }

  /// The place of its file in the listing.
  let file: Int
  /// The path of its records' places.
  let path: String
  /// Where the bytes begin in the file: what was read counts from there.
  let offset: Int
  let line: Int
  let byteCount: Int
  private let data: Data
  private let piece: Piece

  private init(file: Int, path: String, data: Data, offset: Int = 0, line: Int = 0, byteCount: Int? = nil, piece: Piece) {
    (self.file, self.path, self.data, self.piece) = (file, path, data, piece)
    (self.offset, self.line, self.byteCount) = (offset, line, byteCount ?? data.count)
  }

  init(_ part: LineCutter.Part, file: Int, path: String) {
    let (data, piece): (Data, Piece) =
      switch part.content {
      case .lines(let bytes): (bytes, .lines)
      case .longLine(let count): (Data(), .longLine(count))
      }
    self.init(file: file, path: path, data: data, offset: part.offset, line: part.line, piece: piece)
  }

  /// All parts of one file, in order, each of about `size` bytes where the format can be cut. Nil for JSON Lines, whatever the file is called:
  /// `LineCutter` has those.
  static func parts(of data: Data, file: Int, path: String, _ kind: FileKind, size: Int) -> [FilePart]? {
    let (comma, semicolon, tab) = (UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"))
    func whole(_ piece: Piece) -> [FilePart] { [FilePart(file: file, path: path, data: data, piece: piece)] }
    switch kind {
    case .markdown: return whole(.prose(isMarkdown: true))
    case .plainText: return whole(.prose(isMarkdown: false))
    case .commaSeparated: return whole(.table(separators: [comma, semicolon, tab]))
    case .tabSeparated: return whole(.table(separators: [tab, comma, semicolon]))
    case .jsonLines: return nil
    case .json:
      guard case .chunks(let chunks) = JSONDocumentReader.cut(data, size: size) else { return nil }
      return chunks.map { chunk in
        FilePart(file: file, path: path, data: data, byteCount: min(size, data.count), piece: .elements(chunk))
      }
    }
  }

  /// Reads a whole file that is at hand.
  static func outcomes(ofAll data: Data, path: String, _ kind: FileKind) throws -> [Outcome] {
    if let parts = parts(of: data, file: 0, path: path, kind, size: max(1, data.count)) { return try parts.flatMap { try $0.read() } }
    var cutter = try LineCutter(SourceFile(data), sizes: LineCutter.Sizes(around: 2 * (data.count + 1)))
    return try cutter.next().map { try FilePart($0, file: 0, path: path).read() } ?? []
  }

  /// Places count from the part's own `offset` and `line`.
  func read() throws -> [Outcome] {
    switch piece {
    case .prose(let isMarkdown): ProseReader.read(data, file: path, isMarkdown: isMarkdown)
    case .table(let separators): TableReader.read(data, file: path, separators: separators)
    case .lines: try JSONLinesReader.read(data, file: path)
    case .longLine(let count):
      [Outcome(RecordSource(file: path, line: 1, byteRange: 0..<count), .failure(LineParser.tooLong(count)))]
    case .elements(let chunk): try JSONDocumentReader.read(chunk, of: data, file: path)
    }
  }
}
