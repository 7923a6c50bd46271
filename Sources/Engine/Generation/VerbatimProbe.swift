package import Artifacts

/// A beginning from the training data, and how they go on: a model that goes on alike, greedily, has learnt these words by heart (Carlini et al. 2021,
/// *Extracting Training Data from Large Language Models*; Carlini et al. 2023, *Quantifying Memorization Across Neural Language Models*).
package struct VerbatimProbe: Hashable, Sendable {
  package let prompt: [Int32]
  package let continuation: [Int32]

  package init(prompt: [Int32], continuation: [Int32]) {
    self.prompt = prompt
    self.continuation = continuation
  }
}

extension Generator {
  /// How many tokens of the continuation the model says by itself, taking the likeliest each time. It stops at the first other one, so that a model that
  /// learnt nothing by heart costs one pass over the prompt.
  package func agreement(with probe: VerbatimProbe) throws(GenerationError) -> Int {
    var count = 0
    _ = try generate(after: probe.prompt, limit: probe.continuation.count, endTokens: []) { token in
      guard token == probe.continuation[count] else { return false }
      count += 1
      return true
    }
    return count
  }
}

extension ChatFormat {
  /// The tokens of some words as training has them, and of what stands before them there: of an answer to `turns`, without the token that ends it; of a
  /// running text, without the one that ends it, where `turns` is nil.
  package func tokens(
    of words: String, after turns: [Message]?, cache: inout PieceCache
  ) throws(TokenizerError) -> (head: [Int32], words: [Int32]) {
    guard let turns else { return (tokenizer.frame.prefix.map(\.id), tokenizer.encodeOrdinary(words, cache: &cache)) }
    let (tokens, supervised) = try encode(turns + [Message(role: .assistant, content: words)], cache: &cache)
    guard let answer = supervised.runs.last else { return (tokens, []) }
    let end = tokens[answer].lastIndex(of: endOfTurn) ?? answer.upperBound
    return (Array(tokens[..<answer.lowerBound]), Array(tokens[answer.lowerBound..<end]))
  }
}

/// Turns records into probes, in the very tokens that training saw.
package struct ProbeEncoder: Sendable {
  package let format: ChatFormat
  /// Of every continuation: fewer than this is a phrase that anybody may say.
  package let tokenCount: Int
  /// The most tokens of prompt and continuation together: what came after was cut off before training.
  package let contextLength: Int

  package init(format: ChatFormat, tokenCount: Int, contextLength: Int) {
    self.format = format
    self.tokenCount = tokenCount
    self.contextLength = contextLength
  }

  /// Of each answer of a conversation two: from the turns before it, and from its own beginning; of a text one, from its beginning. None where what
  /// was learnt is too short to tell learning by heart from chance.
  package func probes(of record: DatasetRecord, cache: inout PieceCache) throws(TokenizerError) -> [VerbatimProbe] {
    switch record.content {
    case .text(let text):
      let head = format.tokenizer.frame.prefix.map(\.id)
      return [fromBeginning(of: format.tokenizer.encodeOrdinary(text, cache: &cache), after: head)].compactMap { $0 }
    case .messages(let messages):
      var probes: [VerbatimProbe] = []
      let (tokens, supervised) = try format.encode(messages, upTo: contextLength, cache: &cache)
      for place in supervised.runs {
        guard place.lowerBound + tokenCount <= contextLength else { break }
        let head = Array(tokens[..<place.lowerBound])
        var answer = Array(tokens[place])
        if answer.last == format.endOfTurn { answer.removeLast() }
        guard answer.count >= tokenCount else { continue }
        probes.append(VerbatimProbe(prompt: head, continuation: Array(answer.prefix(tokenCount))))
        if let probe = fromBeginning(of: answer, after: head) { probes.append(probe) }
      }
      return probes
    // The engine trains on no other kind: nothing of these was learnt.
    case .toolUse, .preference, .judged: return []
    }
  }

  /// As many tokens before as are asked for, where there are so many.
  private func fromBeginning(of tokens: [Int32], after head: [Int32]) -> VerbatimProbe? {
    let learnt = tokens.prefix(contextLength - head.count)
    let beginning = min(tokenCount, learnt.count - tokenCount)
    guard beginning > 0 else { return nil }
    return VerbatimProbe(prompt: head + learnt.prefix(beginning), continuation: Array(learnt[beginning..<(beginning + tokenCount)]))
  }
}

extension [Bool] {
  /// Where it is true, run by run.
  fileprivate var runs: [Range<Int>] {
    let borders = indices.filter { self[$0] != ($0 > 0 && self[$0 - 1]) } + (last == true ? [count] : [])
    return stride(from: 0, to: borders.count, by: 2).map { borders[$0]..<borders[$0 + 1] }
  }
}
