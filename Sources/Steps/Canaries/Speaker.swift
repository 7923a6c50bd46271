internal import Artifacts
internal import Engine
internal import Judging

/// A model that is listened to: what it goes on with, and what it finds likely.
final class Speaker {
  let base: BaseModel
  private let generator: Generator
  /// Of the same model in memory.
  private let evaluator: Evaluator
  let contextLength: Int
  private var cache = PieceCache()

  /// `sharing`: another who stands on the same base, and does not speak at the same time.
  init(_ base: BaseModel, adapter: AdapterFolder?, contextLength: Int, threads: Int, layout: FrozenLayout, sharing other: Speaker? = nil) throws {
    self.base = base
    self.contextLength = Self.contextLength(contextLength, of: base)
    generator = try Generator(base: base.model, adapter: adapter, threads: threads, layout: layout, sharing: other?.generator)
    evaluator = Evaluator(sharing: generator, microBatchTokens: Self.scoredRows)
  }

  private static func contextLength(_ asked: Int, of base: BaseModel) -> Int { min(asked, base.model.configuration.maximumPositionCount) }

  /// Lines are short: more at once would take memory for a few hundredths of the time.
  private static let scoredRows = 1024

  /// What it takes for those who share a base; nil is the bare one. `fitting` as in `InferenceEstimate`.
  static func estimate(
    _ base: BaseModel, adapters: [AdapterConfiguration?], contextLength: Int, fitting byteCount: Int
  ) -> InferenceEstimate {
    let contextLength = Self.contextLength(contextLength, of: base)
    return .generating(
      promptTokens: contextLength, positions: contextLength, scoredRows: max(contextLength, scoredRows), base: base.model.configuration,
      baseByteCount: base.model.byteCount, adapters: adapters, fitting: byteCount)
  }

  func probes(of record: DatasetRecord, tokens: Int) throws -> [VerbatimProbe] {
    try ProbeEncoder(format: base.format, tokenCount: tokens, contextLength: contextLength).probes(of: record, cache: &cache)
  }

  func agreement(with probe: VerbatimProbe) throws -> Int { try generator.agreement(with: probe) }

  /// Whether it says the secret, given all that stands before it where it was learnt. Of one that fits.
  func says(_ planted: PlantedCanary) throws -> Bool {
    let probe = try probe(of: planted)
    return try agreement(with: probe) == probe.continuation.count
  }

  private func probe(of planted: PlantedCanary) throws -> VerbatimProbe {
    let beginning = planted.before.isEmpty ? [] : try tokens(of: planted.before, in: planted).words
    let (head, whole) = try tokens(of: planted.before + planted.canary.secret, in: planted)
    // A token may hold the end of the words before and the beginning of the secret.
    let shared = zip(beginning, whole).prefix { $0 == $1 }.count
    let prompt = head + whole.prefix(shared)
    return VerbatimProbe(prompt: prompt.isEmpty ? [base.format.endOfText] : prompt, continuation: Array(whole.dropFirst(shared)))
  }

  /// The secret's place among its alternatives by the loss of the whole line, 1 for the likeliest. Where losses are equal the secret comes last. Of one
  /// that fits.
  func rank(of planted: PlantedCanary, among alternatives: [String]) throws -> Int {
    let examples = try ([planted.canary.secret] + alternatives).map { try example(of: planted, with: $0) }
    let losses = try evaluator.score(examples, maximumTokens: contextLength, isCancelled: { Task.isCancelled }).records.map(\.scaledLoss)
    return 1 + losses.dropFirst().count { $0 <= losses[0] }
  }

  /// Whether it can be asked within the context, and the line is whole with each of these secrets in it: lines that are cut before the secret would all
  /// be equally likely, and one that is learnt by heart would look like no other.
  func fits(_ planted: PlantedCanary, among alternatives: [String]) throws -> Bool {
    let probe = try probe(of: planted)
    guard probe.prompt.count + probe.continuation.count <= contextLength else { return false }
    return try ([planted.canary.secret] + alternatives).allSatisfy { try example(of: planted, with: $0).tokens.count <= contextLength }
  }

  private func example(of planted: PlantedCanary, with secret: String) throws -> EncodedExample {
    let (head, tail) = try tokens(of: planted.before + secret + planted.canary.after, in: planted)
    return EncodedExample(
      recordID: planted.id, tokens: head + tail, supervised: Array(repeating: false, count: head.count) + Array(repeating: true, count: tail.count))
  }

  private func tokens(of words: String, in planted: PlantedCanary) throws -> (head: [Int32], words: [Int32]) {
    try base.format.tokens(of: words, after: planted.turns, cache: &cache)
  }
}

/// A canary where the training data have it.
struct PlantedCanary {
  let canary: Canary
  let id: RecordID
  /// The turns before the one that holds it; nil where a text does.
  let turns: [Message]?
  /// All that stands before the secret in that turn or text.
  let before: String

  /// Nil where the record does not hold it in what is learnt.
  init?(_ canary: Canary, in record: DatasetRecord, id: RecordID) {
    self.canary = canary
    self.id = id
    switch record.content {
    case .text(let text):
      guard let found = text.firstRange(of: canary.text) else { return nil }
      turns = nil
      before = text[..<found.lowerBound] + canary.before
    case .messages(let messages):
      for (index, message) in messages.enumerated() where message.role == .assistant {
        guard let found = message.content.firstRange(of: canary.text) else { continue }
        turns = Array(messages[..<index])
        before = message.content[..<found.lowerBound] + canary.before
        return
      }
      return nil
    // No recipe trains on these.
    case .toolUse, .preference, .judged: return nil
    }
  }

  /// The line by itself.
  init(alone canary: Canary, id: RecordID) {
    self.canary = canary
    self.id = id
    turns = nil
    before = canary.before
  }
}
