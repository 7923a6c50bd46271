internal import Artifacts

/// Rows by the digest that each has, handed out in their order, each once.
struct RowQueue {
  private let rows: [Int]
  private let table: DigestTable
  /// By the first index of each digest in the table: which is next. −1 when none is left.
  private var heads: [Int32]

  init(_ rows: [(row: Int, digest: Digest)]) {
    self.rows = rows.map(\.row)
    table = DigestTable(rows.map(\.digest))
    heads = rows.indices.map { Int32($0) }
  }

  /// Nil when no row of this digest is left.
  mutating func next(_ digest: Digest) -> Int? {
    let first = table.first(of: digest)
    guard first >= 0, heads[first] >= 0 else { return nil }
    let index = Int(heads[first])
    heads[first] = Int32(table.next(after: index))
    return rows[index]
  }
}
