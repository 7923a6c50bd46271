/// Cuts a table of separated values into rows and cells: RFC 4180, and what people write beside it.
///
/// Rows end in LF, CR LF or CR. A cell in quotes holds everything, two quotes standing for one; spaces around the quotes are left aside. A quote
/// within a cell that does not begin with one is itself. The scanner reads forward, and back once for each quote that nobody closed.
struct TableScanner {
  let bytes: UnsafeRawBufferPointer
  let separator: UInt8
  /// A backslash within quotes takes the meaning from a quote or a backslash after it, as some databases write tables.
  var hasEscapes = false
  /// A longer row is a fault.
  var rowLimitInBytes = LineParser.lineLimitInBytes

  struct Row {
    /// Without the row's end.
    let byteRange: Range<Int>
    /// Where the next row begins.
    let next: Int
    let columnCount: Int
    /// Columns up to the last one that holds anything.
    let filledColumnCount: Int
    /// Of the columns that were asked for, in order, as far as the row has them.
    let cells: [Cell]
    let fault: DropReason?
  }

  struct Cell {
    let column: Int
    /// Without the quotes around it.
    let byteRange: Range<Int>
    /// There are doubled quotes or escapes in it.
    let isSpelled: Bool
  }

  func row(at start: Int, isWanted: (Int) -> Bool) -> Row {
    var cells: [Cell] = []
    var column = 0
    var filled = 0
    var index = start
    var fault: DropReason?
    while true {
      let found = cell(column, at: index, rowStart: start)
      if found.fault == .unclosedQuote { return unclosed(at: start) }
      fault = fault ?? found.fault
      if isWanted(column) { cells.append(found.cell) }
      column += 1
      if !found.cell.byteRange.isEmpty { filled = column }
      index = found.end
      guard index < bytes.count, bytes[index] == separator else { break }
      index += 1
    }
    let isTooLong = index - start > rowLimitInBytes
    return Row(
      byteRange: start..<index, next: lineEnd(at: index), columnCount: column, filledColumnCount: filled, cells: cells,
      fault: isTooLong ? .lineTooLong : fault)
  }

  /// The text of a cell. Bytes that are no UTF-8 were refused before.
  func text(of cell: Cell) -> String {
    let text = String(decoding: bytes[cell.byteRange], as: UTF8.self)
    guard cell.isSpelled else { return text }
    // In bytes: in a string of characters a quote with an accent after it is no quote.
    var output: [UInt8] = []
    var index = cell.byteRange.lowerBound
    while index < cell.byteRange.upperBound {
      if isPair(at: index, before: cell.byteRange.upperBound) { index += 1 }
      output.append(bytes[index])
      index += 1
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Line ends between two places, a CR LF being one.
  func lineEnds(in range: Range<Int>) -> Int {
    var count = 0
    for index in range {
      let isEnd = bytes[index] == Self.feed || bytes[index] == Self.carriageReturn && (index + 1 == bytes.count || bytes[index + 1] != Self.feed)
      if isEnd { count += 1 }
    }
    return count
  }

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")
  private static let feed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let space = UInt8(ascii: " ")

  /// A cell, and the place of the separator or row end after it.
  private func cell(_ column: Int, at start: Int, rowStart: Int) -> (cell: Cell, end: Int, fault: DropReason?) {
    let first = bytes[start...].firstIndex { $0 != Self.space } ?? bytes.count
    guard first < bytes.count, bytes[first] == Self.quote else {
      let end = endOfPlainCell(from: start)
      return (Cell(column: column, byteRange: start..<end, isSpelled: false), end, nil)
    }
    var index = first + 1
    var isSpelled = false
    while index < bytes.count, index - rowStart <= rowLimitInBytes {
      if isPair(at: index, before: bytes.count) {
        isSpelled = true
        index += 2
        continue
      }
      guard bytes[index] == Self.quote else {
        index += 1
        continue
      }
      let cell = Cell(column: column, byteRange: first + 1..<index, isSpelled: isSpelled)
      let after = bytes[(index + 1)...].firstIndex { $0 != Self.space } ?? bytes.count
      if after == bytes.count || isEnd(bytes[after]) { return (cell, after, nil) }
      return (cell, endOfPlainCell(from: after), .textAfterQuote)
    }
    return (Cell(column: column, byteRange: first..<first, isSpelled: false), start, .unclosedQuote)
  }

  /// Two bytes that stand for the second of them.
  private func isPair(at index: Int, before end: Int) -> Bool {
    guard index + 1 < end else { return false }
    let (first, second) = (bytes[index], bytes[index + 1])
    if first == Self.quote { return second == Self.quote }
    return hasEscapes && first == Self.backslash && (second == Self.quote || second == Self.backslash)
  }

  /// A quote that nobody closes would take the rest of the file: its row is taken to end with its first line.
  private func unclosed(at start: Int) -> Row {
    let end = bytes[start...].firstIndex { $0 == Self.feed || $0 == Self.carriageReturn } ?? bytes.count
    return Row(byteRange: start..<end, next: lineEnd(at: end), columnCount: 0, filledColumnCount: 0, cells: [], fault: .unclosedQuote)
  }

  private func endOfPlainCell(from index: Int) -> Int { bytes[index...].firstIndex(where: isEnd) ?? bytes.count }

  private func isEnd(_ byte: UInt8) -> Bool { byte == separator || byte == Self.feed || byte == Self.carriageReturn }

  /// One past the line end at `index`, if there is one.
  private func lineEnd(at index: Int) -> Int {
    guard index < bytes.count else { return index }
    let isPair = bytes[index] == Self.carriageReturn && index + 1 < bytes.count && bytes[index + 1] == Self.feed
    return index + (isPair ? 2 : 1)
  }
}
