package import Artifacts
package import Engine
internal import Substrates

/// A Soul that answers, one turn of a conversation at a time: the same conversation, sampling and seed give the same words everywhere. It belongs to
/// one thread at a time.
package final class SoulVoice {
  package struct Answer: Hashable, Sendable {
    /// Why there is no more of it.
    package enum End: String, Hashable, Sendable {
      /// The Soul ended its turn.
      case turn
      /// As many tokens as were asked for.
      case limit
      /// The model has no positions for more.
      case positions
      /// Whoever listened had heard enough.
      case listener
    }

    package let text: String
    package let tokenCount: Int
    package let end: End
  }

  private let base: BaseModel
  private let adapter: AdapterConfiguration?
  private let layout: FrozenLayout
  private let generator: Generator
  private let positionCount: Int

  /// Refuses a model that could not even go on from a short prompt within the machine's memory.
  package init(of subject: consuming SoulMeasurement.Subject, threads: Int) throws {
    let (base, adapter) = try subject.read()
    self.base = base
    self.adapter = adapter?.configuration
    positionCount = base.model.configuration.maximumPositionCount
    let short = min(Self.shortPrompt, positionCount)
    let estimate = Self.estimate(base, adapter?.configuration, promptTokens: short, positions: short, fitting: Memory.allowed(nil))
    try Memory.require(byteCount: estimate.peakByteCount, for: .answering)
    layout = estimate.layout
    generator = try Generator(base: base.model, adapter: adapter, threads: threads, layout: estimate.layout)
  }

  private static let shortPrompt = 512

  /// Those of the format, and those that config.json names: a model may end its turn in more than one way.
  private var endTokens: Set<Int32> { Set(base.format.stopTokens + base.model.configuration.endTokens) }

  private static func estimate(
    _ base: BaseModel, _ adapter: AdapterConfiguration?, promptTokens: Int, positions: Int, fitting byteCount: Int
  ) -> InferenceEstimate {
    .generating(
      promptTokens: promptTokens, positions: positions, base: base.model.configuration, baseByteCount: base.model.byteCount, adapters: [adapter],
      fitting: byteCount)
  }

  /// The matrices are held as they are, so that only what grows with the conversation is asked about.
  private func requireMemory(promptTokens: Int, limit: Int) throws {
    let positions = promptTokens + min(limit, max(0, positionCount - promptTokens))
    let estimate = Self.estimate(base, adapter, promptTokens: promptTokens, positions: positions, fitting: layout == .packed ? .max : 0)
    try Memory.require(byteCount: estimate.peakByteCount, for: .answering)
  }

  /// Answers the last of `messages`, in `limit` tokens at the most. `hear` is asked after each token, and given what has come of the text, in whole
  /// characters: perhaps nothing. Its false ends the answer.
  package func answer(_ messages: [Message], limit: Int, sampling: Sampling, hear: (String) -> Bool = { _ in true }) throws -> Answer {
    let prompt = try base.format.prompt(for: messages)
    try requireMemory(promptTokens: prompt.count, limit: limit)
    var decoder = TokenDecoder(base.format.tokenizer)
    var text = ""
    var isHeard = true
    func pass(_ new: String) -> Bool {
      text += new
      return hear(new)
    }
    let tokens = try generator.generate(after: prompt, limit: limit, endTokens: endTokens, sampling: sampling) { token in
      isHeard = pass(decoder.append(token))
      return isHeard
    }
    let rest = decoder.finish()
    if isHeard, !rest.isEmpty { isHeard = pass(rest) }
    let end: Answer.End = !isHeard ? .listener : tokens.count == limit ? .limit : prompt.count + tokens.count == positionCount ? .positions : .turn
    return Answer(text: text, tokenCount: tokens.count, end: end)
  }

  /// The end of a conversation that leaves room for an answer of `limit` tokens, or of half the positions where that is less: what the system says
  /// stays, and the oldest turns go.
  package func window(of messages: [Message], for limit: Int) throws -> [Message] {
    let room = positionCount - min(limit, positionCount / 2)
    let fixed = Array(messages.prefix { $0.role == .system })
    var turns = messages.dropFirst(fixed.count)
    while turns.count > 1, try base.format.prompt(for: fixed + turns).count > room {
      turns = turns.dropFirst()
      turns = turns.drop { $0.role == .assistant }
    }
    return fixed + turns
  }
}
