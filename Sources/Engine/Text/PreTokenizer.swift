/// How text is cut into pieces before bytes are merged; no token ever crosses a piece.
package struct PreTokenizer: Hashable, Sendable {
  enum Stage: Hashable, Sendable {
    case split(SplitPattern)
    /// Digits apart from the rest, one by one or in runs.
    case digits(individual: Bool)
  }

  /// Each stage cuts every piece of the one before.
  let stages: [Stage]
  /// Puts a space before a text that does not begin with one.
  package let addsPrefixSpace: Bool

  init(stages: [Stage], addsPrefixSpace: Bool = false) {
    self.stages = stages
    self.addsPrefixSpace = addsPrefixSpace
  }

  package static let gpt2 = PreTokenizer(stages: [.split(.gpt2)])
  package static let qwen2 = PreTokenizer(stages: [.split(.qwen2)])
  package static let llama3 = PreTokenizer(stages: [.split(.llama3)])
  package static let smolLM2 = PreTokenizer(stages: [.digits(individual: true), .split(.gpt2)])

  /// The pieces of well-formed UTF-8, in order; together they are all of it.
  package func forEachPiece(of text: [UInt8], _ body: (Range<Int>) -> Void) {
    guard !text.isEmpty else { return }
    cut(text, 0..<text.count, from: 0, body)
  }

  private func cut(_ text: [UInt8], _ range: Range<Int>, from stage: Int, _ body: (Range<Int>) -> Void) {
    guard stage < stages.count else { return body(range) }
    let scanner = PieceScanner(text: text, end: range.upperBound)
    var start = range.lowerBound
    while start < range.upperBound {
      let end =
        switch stages[stage] {
        case .split(let pattern): scanner.end(ofPieceAt: start, pattern)
        case .digits(let individual): scanner.end(ofDigitsOrRestAt: start, individual: individual)
        }
      cut(text, start..<end, from: stage + 1, body)
      start = end
    }
  }
}

/// The patterns that this version knows, each a scanner written by hand: there is no regex engine in the hot path.
enum SplitPattern: Hashable, Sendable, CaseIterable {
  case gpt2, qwen2, llama3

  /// As it stands in `tokenizer.json`.
  var text: String {
    switch self {
    case .gpt2: #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .qwen2: Self.capitalsAndLines(numbers: #"\p{N}"#)
    case .llama3: Self.capitalsAndLines(numbers: #"\p{N}{1,3}"#)
    }
  }

  private static func capitalsAndLines(numbers: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// GPT-2's pattern as it was first written: the same language.
  private static let olderGPT2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Known by exact text: a pattern that only looks like one of these may mean something else.
  init?(text: String) {
    let known = Self.allCases.first { $0.text == text } ?? (text == Self.olderGPT2 ? .gpt2 : nil)
    guard let known else { return nil }
    self = known
  }
}
