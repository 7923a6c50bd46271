/// What pieces became when they were met before, with the scratch memory of merging. Bounded; changes no result.
package struct PieceCache {
  /// Words repeat; long pieces seldom do.
  private static let longestPiece = 64
  private static let mostPieces = 1 << 16

  private var known: [ByteString: [Int32]] = [:]
  private var merger = PieceMerger()

  package init() {}

  /// Appends the tokens of a piece, merged now or before.
  mutating func append(_ piece: ArraySlice<UInt8>, of tokenizer: Tokenizer, to output: inout [Int32]) {
    guard piece.count <= Self.longestPiece else { return tokenizer.merge(piece, with: &merger, into: &output) }
    let key = ByteString(piece)
    if let tokens = known[key] {
      output += tokens
      return
    }
    let start = output.count
    tokenizer.merge(piece, with: &merger, into: &output)
    if known.count < Self.mostPieces { known[key] = Array(output[start...]) }
  }
}
