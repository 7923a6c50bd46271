internal import Artifacts

/// Rows by the digest that each has, handed out in their order, each once.
struct RowQueue {
  private let rows: [Int]
  private let table: DigestTable
  /// By the first index of each digest in the table: which is next. −1 when none is left.
  private var heads: [Int32]

  /// Of those `rows` that have a digest, of which there are about `capacity`.
  init(_ rows: [Int], capacity: Int, digest: (Int) -> Digest?) {
    var (found, digests): ([Int], [Digest]) = ([], [])
    found.reserveCapacity(capacity + capacity / 16)
    digests.reserveCapacity(capacity + capacity / 16)
    for row in rows {
      guard let digest = digest(row) else { continue }
      found.append(row)
      digests.append(digest)
    }
    self.rows = found
    table = DigestTable(digests)
    heads = found.indices.map { Int32($0) }
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
