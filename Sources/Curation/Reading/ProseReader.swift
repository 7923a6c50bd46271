internal import Artifacts
internal import Foundation
internal import Hashing

/// Reads a file of prose: front matter off, one record where it is short, else pieces that are cut between paragraphs.
///
/// A piece is a run of the file's own bytes; nothing is rewritten here. docs/curation.md, "Prose", is the contract.
struct ProseReader {
  /// A body of at most this many characters (Unicode code points) is one record.
  static let wholeLimitInCharacters = 4_000
  /// A piece is closed before it would pass this.
  static let pieceInCharacters = 2_000
  /// A shorter last piece is joined to the one before it.
  static let shortestPieceInCharacters = 500

  private let bytes: [UInt8]
  /// Front matter, headings and code fences mean something. In plain text they are lines like others.
  private let isMarkdown: Bool
  /// Of each line, without LF or CR LF.
  private let lines: [Range<Int>]

  /// `wholeFile` is what stands on disk, where `data` is that in UTF-8.
  static func read(_ data: Data, file: String, isMarkdown: Bool, wholeFile: Data) -> [Outcome] {
    let bytes = [UInt8](data)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      let source = RecordSource(file: file, line: 1, byteRange: 0..<bytes.count)
      return [Outcome(source, .failure(RecordFault(.invalidUTF8)))]
    }
    let reader = ProseReader(bytes, isMarkdown: isMarkdown)
    // The whole file names the conversation, never its path: renaming a letter moves no record to another side of a split.
    let conversation = Digest(hashing: wholeFile).description
    let stated = reader.statedTerms.expression
    return reader.pieces().map { piece in
      let text = String(decoding: bytes[piece.byteRange], as: UTF8.self)
      let source = RecordSource(file: file, line: piece.firstLine, byteRange: piece.byteRange)
      return .alive(Draft(source: source, record: DatasetRecord(content: .text(text), conversation: conversation, license: stated)))
    }
  }

  private init(_ bytes: [UInt8], isMarkdown: Bool) {
    self.bytes = bytes
    self.isMarkdown = isMarkdown
    var lines: [Range<Int>] = []
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while start < bytes.count {
      let feed = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let hasReturn = feed > start && bytes[feed - 1] == UInt8(ascii: "\r")
      lines.append(start..<(hasReturn ? feed - 1 : feed))
      start = feed + 1
    }
    self.lines = lines
  }

  private struct Piece {
    let firstLine: Int
    let byteRange: Range<Int>
  }

  /// A file without a visible character is one empty record, so that the ledger has a word about it.
  private func pieces() -> [Piece] {
    let paragraphs = paragraphs(of: bodyStart..<lines.count)
    guard let first = paragraphs.first, let last = paragraphs.last else {
      return [Piece(firstLine: 1, byteRange: bytes.count..<bytes.count)]
    }
    let whole = first.lowerBound..<last.upperBound
    let runs = characters(in: whole) <= Self.wholeLimitInCharacters ? [whole] : runs(of: paragraphs)
    return runs.map { Piece(firstLine: $0.lowerBound + 1, byteRange: byteRange(of: $0)) }
  }

  /// Fills pieces in order.
  private func runs(of paragraphs: [Range<Int>]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for paragraph in paragraphs {
      if let open = runs.last, characters(in: open.lowerBound..<paragraph.upperBound) <= Self.pieceInCharacters {
        runs[runs.count - 1] = open.lowerBound..<paragraph.upperBound
      } else {
        runs.append(paragraph)
      }
    }
    if runs.count > 1, characters(in: runs[runs.count - 1]) < Self.shortestPieceInCharacters {
      let tail = runs.removeLast()
      runs[runs.count - 1] = runs[runs.count - 1].lowerBound..<tail.upperBound
    }
    return runs
  }

  /// Runs of lines between blank lines. A blank line within a code fence does not count (CommonMark 0.31, section 4.5), and a heading goes
  /// with the paragraph after it.
  private func paragraphs(of body: Range<Int>) -> [Range<Int>] {
    var paragraphs: [Range<Int>] = []
    var start: Int?
    /// What has begun is more than headings.
    var hasText = false
    var fence: Fence?
    for index in body {
      if fence == nil, isBlank(index) {
        if let first = start, !isMarkdown || hasText {
          paragraphs.append(first..<index)
          (start, hasText) = (nil, false)
        }
        continue
      }
      start = start ?? index
      hasText = hasText || !isBlank(index) && !isHeading(index)
      if isMarkdown { fence = Fence(after: bytes[lines[index]], within: fence) }
    }
    if let first = start {
      let end = body.last { !isBlank($0) } ?? first
      paragraphs.append(first..<(end + 1))
    }
    return paragraphs
  }

  /// The line after the front matter: `---` as the first line, up to the next `---` or `...`. Without an end there is none.
  private var bodyStart: Int {
    guard isMarkdown, !lines.isEmpty, holds(0, "---") else { return 0 }
    let end = lines.indices.dropFirst().first { holds($0, "---") || holds($0, "...") }
    return end.map { $0 + 1 } ?? 0
  }

  /// What `license:` and `consent:` in the front matter say, each on a line of its own; anything but a plain or quoted word there is not understood, and
  /// what is not understood is not known.
  private var statedTerms: StatedTerms {
    var stated = StatedTerms()
    for line in lines[..<bodyStart] {
      let text = String(decoding: bytes[line], as: UTF8.self)
      if let value = Self.value(of: "license", in: text) { stated.license = stated.license == .absent ? .string(value) : .twice }
      if let value = Self.value(of: "consent", in: text) { stated.consent = stated.consent == .absent ? .string(value) : .twice }
    }
    return stated
  }

  /// Of `name: value`; an empty value is none.
  private static func value(of name: String, in line: String) -> String? {
    guard line.hasPrefix(name + ":") else { return nil }
    var value = line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    for quote in ["\"", "'"] where value.count > 1 && value.hasPrefix(quote) && value.hasSuffix(quote) { value = String(value.dropFirst().dropLast()) }
    return value.isEmpty ? nil : value
  }

  /// True where the line is `text` and then nothing but spaces and tabs.
  private func holds(_ line: Int, _ text: StaticString) -> Bool {
    let line = bytes[lines[line]]
    let isText = text.withUTF8Buffer { line.starts(with: $0) }
    return isText && line.dropFirst(text.utf8CodeUnitCount).allSatisfy(isSpace)
  }

  private func isBlank(_ line: Int) -> Bool { bytes[lines[line]].allSatisfy(isSpace) }

  /// An ATX heading (CommonMark 0.31, section 4.2).
  private func isHeading(_ line: Int) -> Bool {
    let marks = bytes[lines[line]].prefix { $0 == UInt8(ascii: "#") }.count
    return (1...6).contains(marks) && bytes[lines[line]].dropFirst(marks).first.map(isSpace) ?? true
  }

  private func byteRange(of run: Range<Int>) -> Range<Int> { lines[run.lowerBound].lowerBound..<lines[run.upperBound - 1].upperBound }

  private func characters(in run: Range<Int>) -> Int { bytes[byteRange(of: run)].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
}

/// An open code fence: three or more backticks or tildes, closed by at least as many of the same.
private struct Fence {
  let mark: UInt8
  let length: Int

  /// The fence that is open after `line`, given the one that was open before it; nil for none.
  init?(after line: ArraySlice<UInt8>, within open: Fence?) {
    let indent = line.prefix { $0 == 0x20 }.count
    let rest = line.dropFirst(indent)
    let mark = rest.first ?? 0
    let length = rest.prefix { $0 == mark }.count
    let isFence = indent < 4 && length >= 3 && (mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~"))
    if let open {
      let isBare = rest.dropFirst(length).allSatisfy(isSpace)
      if isFence, isBare, mark == open.mark, length >= open.length { return nil }
      self = open
    } else {
      guard isFence else { return nil }
      (self.mark, self.length) = (mark, length)
    }
  }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
