internal import Foundation

/// Reads JSON Lines: whole lines, a file of them or a part that `LineCutter` cut.
enum JSONLinesReader {
  /// Lines and bytes are counted from the start of `data`.
  static func read(_ data: Data, file: String, _ dialect: RecordDialect? = nil) throws -> [Outcome] {
    let parser = try LineParser(dialect)
    var outcomes: [Outcome] = []
    try data.withUnsafeBytes { bytes in
      try parser.forEachLine(in: bytes) { line in
        outcomes.append(Outcome(RecordSource(file: file, line: line.number, byteRange: line.byteRange), line.content))
      }
    }
    return outcomes
  }
}
