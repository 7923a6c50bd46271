/// What pieces became when they were met before, with the scratch memory of merging. Bounded; changes no result.
package struct PieceCache {
  /// Words repeat; long pieces seldom do.
  private static let longestPiece = 64
  private static let mostPieces = 1 << 16

  private var known = ByteTable(capacity: 1 << 10)
  /// The tokens of all known pieces in the order of their numbers, and where those of each end.
  private var tokens: [Int32] = []
  private var ends: [Int] = []
  private var merger = PieceMerger()

  package init() {}

  /// Appends the tokens of a piece, merged now or before.
  mutating func append(_ piece: UnsafeBufferPointer<UInt8>, of tokenizer: borrowing Tokenizer, to output: inout [Int32]) {
    guard piece.count <= Self.longestPiece else { return tokenizer.merge(piece, with: &merger, into: &output) }
    let key = UnsafeRawBufferPointer(piece)
    if let index = known.index(of: key) {
      output += tokens[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
      return
    }
    let start = output.count
    tokenizer.merge(piece, with: &merger, into: &output)
    guard known.count < Self.mostPieces else { return }
    _ = known.insert(key)
    tokens += output[start...]
    ends.append(tokens.count)
  }
}
