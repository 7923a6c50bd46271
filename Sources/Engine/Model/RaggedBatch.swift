internal import CKernels

/// Examples laid end to end, without padding: token t of example e belongs to the segment that begins at segmentStarts[e].
///
/// The last token of an example is predicted and never read, so it has no row.
struct RaggedBatch {
  private(set) var tokens: [Int32] = []
  /// The token's place in its example.
  private(set) var positions: [Int32] = []
  private(set) var segmentStarts: [Int] = [0]
  /// For each token, the place of its example in the plan: how many examples of all steps stand before it.
  private(set) var exampleOrdinals: [UInt32] = []
  /// The rows with a supervised target, ascending, and their targets.
  private(set) var supervisedRows: [Int] = []
  private(set) var supervisedTargets: [Int32] = []

  var rowCount: Int { tokens.count }

  /// Appends one example as a segment.
  mutating func append(_ example: EncodedExample, ordinal: Int = 0) {
    for index in example.tokens.indices.dropLast() {
      if example.supervised[index + 1] {
        supervisedRows.append(tokens.count)
        supervisedTargets.append(example.tokens[index + 1])
      }
      tokens.append(example.tokens[index])
      positions.append(Int32(index))
      exampleOrdinals.append(UInt32(truncatingIfNeeded: ordinal))
    }
    segmentStarts.append(tokens.count)
  }

  /// `ordinals` are the examples' places in the plan, which dropout alone asks for.
  init(_ examples: [EncodedExample], ordinals: some Sequence<Int>) {
    for (example, ordinal) in zip(examples, ordinals) { append(example, ordinal: ordinal) }
  }

  init(_ examples: [EncodedExample]) { self.init(examples, ordinals: examples.indices) }

  /// For generation: one segment, whose first token stands at `position`.
  init(continuing tokens: [Int32], at position: Int) {
    self.tokens = tokens
    positions = tokens.indices.map { Int32(position + $0) }
    segmentStarts = [0, tokens.count]
  }

  /// The positions, as dropout takes them.
  var tokenIndices: [UInt32] { positions.map { UInt32(bitPattern: $0) } }

  /// The largest position of any token, plus one.
  var positionCount: Int { Int(positions.max() ?? -1) + 1 }
}
