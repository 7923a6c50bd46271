internal import Artifacts

/// What a command found out: one value, shown as lines for people or as one JSON document for programs.
protocol Report {
  /// Such as `soulpack.status/1`. A change that would break a reader raises the number.
  var schema: String { get }
  var members: [String: JSONValue] { get }
  var lines: [String] { get }
}

extension Report {
  var document: JSONValue {
    .object(members.merging(["schema": .string(schema)]) { _, schema in schema })
  }
}

/// Rows of words, each column as wide as its widest word.
struct Table {
  /// Columns of numbers, whose ones stand below each other.
  private let rightAligned: Set<Int>
  private var rows: [[String]] = []

  init(rightAligned: Set<Int> = []) { self.rightAligned = rightAligned }

  /// A cell is of one line: in a stranger's archive a second one could pass for a line of the report.
  mutating func add(_ cells: String...) { rows.append(cells.map(\.onOneLine)) }

  var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return rightAligned.contains(column) ? space + cell : cell + space
      }
      return cells.joined(separator: "  ").trimmingTrailingSpaces
    }
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String { String(reversed().drop { $0 == " " }.reversed()) }
}
