/// How text is cut into pieces before bytes are merged; no token ever crosses a piece.
package struct PreTokenizer: Hashable, Sendable {
  enum Stage: Hashable, Sendable {
    case split(SplitPattern)
    /// Digits apart from the rest, one by one or in runs.
    case digits(individual: Bool)
    /// Puts a space before every piece that does not begin with one.
    case prefixSpace
  }

  /// Each stage cuts every piece of the one before.
  let stages: [Stage]

  init(stages: [Stage]) { self.stages = stages }

  package static let gpt2 = PreTokenizer(stages: [.split(.gpt2)])
  package static let qwen2 = PreTokenizer(stages: [.split(.qwen2)])
  package static let llama3 = PreTokenizer(stages: [.split(.llama3)])
  package static let smolLM2 = PreTokenizer(stages: [.digits(individual: true), .split(.gpt2)])

  /// The pieces of well-formed UTF-8, in order; together they are all of it. Spaces that a stage would put before them are left out.
  package func forEachPiece(of text: [UInt8], _ body: (Range<Int>) -> Void) {
    text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return }
      forEachPiece(of: text, addingSpaces: false) { piece in
        guard let start = piece.baseAddress else { return }
        body(start - base..<start - base + piece.count)
      }
    }
  }

  /// As above, with those spaces. `isContinued` says that the text goes on from one that was encoded before, so that its beginning is none.
  func forEachPiece(of text: UnsafeBufferPointer<UInt8>, isContinued: Bool = false, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    forEachPiece(of: text, addingSpaces: true, isContinued: isContinued, body)
  }

  private func forEachPiece(
    of text: UnsafeBufferPointer<UInt8>, addingSpaces: Bool, isContinued: Bool = false, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard !text.isEmpty else { return }
    cut(text, from: 0, addingSpaces, isContinued, body)
  }

  private func cut(
    _ text: UnsafeBufferPointer<UInt8>, from stage: Int, _ addingSpaces: Bool, _ isContinued: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard stage < stages.count else { return body(text) }
    if stages[stage] == .prefixSpace {
      guard addingSpaces, !isContinued, text.first != UInt8(ascii: " ") else { return cut(text, from: stage + 1, addingSpaces, false, body) }
      return ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer { cut($0, from: stage + 1, addingSpaces, false, body) }
    }
    let scanner = PieceScanner(text: text, end: text.count)
    var start = 0
    while start < text.count {
      let end =
        switch stages[stage] {
        case .split(let pattern): scanner.end(ofPieceAt: start, pattern)
        case .digits(let individual): scanner.end(ofDigitsOrRestAt: start, individual: individual)
        case .prefixSpace: text.count
        }
      let piece = UnsafeBufferPointer(rebasing: text[start..<end])
      if stage + 1 == stages.count { body(piece) } else { cut(piece, from: stage + 1, addingSpaces, isContinued && start == 0, body) }
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
