internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
internal import Hashing
internal import Judging
internal import Planning
internal import Running
internal import Store
internal import Substrates

/// Listens to the winner for what it should not say: lines of its training data, and secrets that were planted in them. What its base says as well is
/// no secret of this training.
struct CanaryGate {
  private let context: StepContext
  private let question: CanaryQuestion
  private let winner: Speaker
  /// Nil for a new model, which stands on nothing.
  private let base: Speaker?
  private let records: [DatasetRecord]

  init(_ context: StepContext, _ gate: JSONValue) throws {
    self.context = context
    question = try CanaryGate.question(gate, context)
    guard let contextLength = gate["context"]?.integer.flatMap({ Int(exactly: $0) }), let subject = gate["subject"]?.string else {
      throw UnreadableParameter(action: context.action.id, place: "gates.canaries")
    }
    let own = context.inputs["base"] == nil ? nil : try BaseModel(context, "base")
    if subject == "adapter", let own {
      let adapter = try AdapterFolder(files: try context.files("winner"))
      try adapter.check(against: own.model.configuration)
      let layout = try Self.layouts(of: [(own, [nil, adapter.configuration])], contextLength)[0]
      winner = try Speaker(own, adapter: adapter, contextLength: contextLength, threads: context.threads, layout: layout)
      base = try Speaker(own, adapter: nil, contextLength: contextLength, threads: context.threads, layout: layout, sharing: winner)
    } else {
      let model = try BaseModel(context, "winner")
      let layouts = try Self.layouts(of: ([model] + [own].compactMap { $0 }).map { ($0, [nil]) }, contextLength)
      winner = try Speaker(model, adapter: nil, contextLength: contextLength, threads: context.threads, layout: layouts[0])
      base = try own.map { try Speaker($0, adapter: nil, contextLength: contextLength, threads: context.threads, layout: layouts[1]) }
    }
    records = try context.dataset("train").records()
  }

  /// How they are held in memory, so that all of them fit together.
  private static func layouts(of models: [(BaseModel, [AdapterConfiguration?])], _ contextLength: Int) throws -> [FrozenLayout] {
    func estimates(fitting limit: Int) -> [InferenceEstimate] {
      models.map { Speaker.estimate($0.0, adapters: $0.1, contextLength: contextLength, fitting: limit) }
    }
    var chosen = estimates(fitting: .max)
    if chosen.reduce(0, { $0 + $1.peakByteCount }) > Memory.allowed(nil) { chosen = estimates(fitting: 0) }
    try Memory.require(byteCount: chosen.reduce(0) { $0 + $1.peakByteCount }, for: .listening)
    return chosen.map(\.layout)
  }

  private static func question(_ gate: JSONValue, _ context: StepContext) throws(UnreadableParameter) -> CanaryQuestion {
    func count(_ name: String) throws(UnreadableParameter) -> Int {
      guard let value = gate[name]?.integer.flatMap({ Int(exactly: $0) }) else {
        throw UnreadableParameter(action: context.action.id, place: "gates.canaries.\(name)")
      }
      return value
    }
    let records = try count("records")
    return CanaryQuestion(
      records: context.action.isSmoke ? min(records, Plan.smokeRecordLimit) : records, tokens: try count("tokens"), allowed: try count("allowed"),
      alternatives: try count("alternatives"), exposureBits: try count("exposure-bits"), seed: Int64(try count("seed")))
  }

  func result() throws -> CanaryResult {
    let canaries = try planted(try canaries())
    let probes = try sample()
    try tellEstimate(probes, canaries)
    let heard = try listen(to: probes)
    let secrets = try ask(canaries)
    return CanaryResult(
      question, records: probes.count, verbatim: heard.verbatim, knownToBase: heard.known, longest: heard.longest, canaries: canaries.count,
      said: secrets.said, exposed: secrets.exposed, lowestRank: secrets.ranks.min(), file: context.inputs["canaries"])
  }

  private func step(_ done: Int, of total: Int, _ unit: String) throws {
    try Task.checkCancellation()
    if let deadline = context.deadline, ContinuousClock.now >= deadline {
      throw OverBudget(action: context.action.id, progress: .init(completed: done, total: total))
    }
    context.report(StepProgress(done: Int64(done), total: Int64(total), unit: unit))
  }

  // MARK: - Training records

  private struct Tried {
    let id: RecordID
    let record: DatasetRecord
    let probes: [VerbatimProbe]
  }

  /// Records that are long enough, in an order that the seed and their ids decide: neither the dataset's size nor its order has a say.
  private func sample() throws -> [Tried] {
    let key = Data("soulpack.canaries/1\n\(question.seed)".utf8)
    let order = records.map { record in (record, record.id) }.map { ($0, $1, Digest(authenticating: Data($1.digest.bytes), key: key)) }
    var tried: [Tried] = []
    // Where copies were left in, they are one record, and stand beside each other.
    for (record, id, _) in order.sorted(by: { $0.2 < $1.2 }) where tried.count < question.records && tried.last?.id != id {
      let probes = try winner.probes(of: record, tokens: question.tokens)
      if !probes.isEmpty { tried.append(Tried(id: id, record: record, probes: probes)) }
    }
    return tried
  }

  private func listen(to tried: [Tried]) throws -> (verbatim: [Digest], known: Int, longest: Int) {
    var (verbatim, known, longest): ([Digest], Int, Int) = ([], 0, 0)
    for (index, item) in tried.enumerated() {
      try step(index, of: tried.count, "records")
      for (number, probe) in item.probes.enumerated() {
        let count = try winner.agreement(with: probe)
        longest = max(longest, count)
        guard count == question.tokens else { continue }
        if try isSaidByBase(item.record, probe: number) { known += 1 } else { verbatim.append(item.id.digest) }
        break
      }
    }
    return (verbatim, known, longest)
  }

  /// The base may have another tokenizer, and then other probes of the same record.
  private func isSaidByBase(_ record: DatasetRecord, probe number: Int) throws -> Bool {
    guard let base else { return false }
    let probes = try base.probes(of: record, tokens: question.tokens)
    guard probes.indices.contains(number) else { return false }
    return try base.agreement(with: probes[number]) == question.tokens
  }

  // MARK: - Planted secrets

  private func canaries() throws -> [Canary] {
    guard context.inputs["canaries"] != nil else { return [] }
    do {
      return try Canary.parse(try context.input("canaries"), alternatives: question.alternatives)
    } catch let error as CanaryFileError {
      throw unusable(error)
    }
  }

  private func unusable(_ error: CanaryFileError) -> any Error {
    guard case .source(let source)? = context.action.inputs["canaries"] else { return error }
    return UnusableCanaries(path: source.path, cause: error)
  }

  private func ask(_ canaries: [PlantedCanary]) throws -> (said: Int, exposed: Int, ranks: [Int]) {
    var (said, exposed, ranks): (Int, Int, [Int]) = (0, 0, [])
    for (index, planted) in canaries.enumerated() {
      try step(index, of: canaries.count, "secrets")
      let alternatives = planted.canary.alternatives(question.alternatives, seed: question.seed)
      if try winner.says(planted), try !(base?.says(planted) ?? false) { said += 1 }
      let rank = try winner.rank(of: planted, among: alternatives)
      ranks.append(rank)
      if question.isExposed(rank: rank), try !(base.map { question.isExposed(rank: try $0.rank(of: planted, among: alternatives)) } ?? false) { exposed += 1 }
    }
    return (said, exposed, ranks)
  }

  /// Before anything is asked: one that cannot be is no secret kept.
  private func planted(_ canaries: [Canary]) throws -> [PlantedCanary] {
    try canaries.enumerated().map { index, canary in
      try Task.checkCancellation()
      if let planted = try planted(canary) { return planted }
      let line = Canary.line(ofCanaryAt: index, in: try context.input("canaries"))
      throw unusable(.line(line, .longerThanContext(tokens: min(winner.contextLength, base?.contextLength ?? .max))))
    }
  }

  /// Where the training data have it. What they do not have, since a stage of curation took it out or nobody planted it, is asked for by itself, and so is
  /// what has too many words before it there. Nil where it does not fit by itself either.
  private func planted(_ canary: Canary) throws -> PlantedCanary? {
    let alternatives = canary.alternatives(question.alternatives, seed: question.seed)
    func fits(_ planted: PlantedCanary) throws -> Bool {
      try winner.fits(planted, among: alternatives) && (try base?.fits(planted, among: alternatives) ?? true)
    }
    for record in records {
      if let planted = PlantedCanary(canary, in: record, id: record.id), try fits(planted) { return planted }
    }
    let alone = PlantedCanary(alone: canary, id: RecordID(Digest(hashing: Data(canary.text.utf8))))
    return try fits(alone) ? alone : nil
  }

  // MARK: - How long

  /// The most that it can take, by the time of a first few: every continuation to its end, and every alternative of every secret. Mostly it is far less,
  /// since listening ends at the first token that differs.
  private func tellEstimate(_ tried: [Tried], _ canaries: [PlantedCanary]) throws {
    if tried.isEmpty, question.records > 0 {
      context.note("canaries: no record of the train part is long enough to be said by heart (\(question.tokens) tokens)")
    }
    guard !tried.isEmpty || !canaries.isEmpty else { return }
    let most = ApproximateDuration(try listening(tried) + asking(canaries))
    let counts = "\(tried.count) \(tried.count == 1 ? "record" : "records") and \(canaries.count) planted \(canaries.count == 1 ? "secret" : "secrets")"
    context.note("canaries: \(counts), at most about \(most)")
  }

  private func listening(_ tried: [Tried]) throws -> Duration {
    let probes = tried.flatMap(\.probes)
    guard let first = probes.first else { return .zero }
    let perPromptToken = try timed { _ = try winner.agreement(with: first) } / Double(max(1, first.prompt.count))
    // A token by itself takes longer than one of a prompt; four times as long is more than was seen.
    return perPromptToken * Double(probes.reduce(0) { $0 + $1.prompt.count + 4 * question.tokens })
  }

  private func asking(_ canaries: [PlantedCanary]) throws -> Duration {
    guard let first = canaries.first else { return .zero }
    let few = Array(first.canary.alternatives(min(15, question.alternatives), seed: question.seed))
    let perSecret = try timed { _ = try winner.rank(of: first, among: few) } / Double(few.count + 1)
    return perSecret * Double((question.alternatives + 1) * canaries.count)
  }

  private func timed(_ work: () throws -> Void) rethrows -> Duration {
    let clock = ContinuousClock()
    let began = clock.now
    try work()
    return clock.now - began
  }
}

/// What is wrong with a file of canaries, and which file.
struct UnusableCanaries: ExplainedError {
  let path: String
  let cause: CanaryFileError

  var message: String { "\(path): \(cause.message)" }
  var hint: String? { cause.hint }
}
