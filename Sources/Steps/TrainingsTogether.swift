internal import Artifacts
package import Engine
internal import Planning
package import Running
internal import Substrates

/// The trainings of the engine that are ready to run, and what they will take one after the other: each estimated as it will run, from its base's shape
/// and its examples alone. No weights are read or made for it.
package struct TrainingsTogether {
  private let contexts: [StepContext]
  /// In their order.
  package let estimates: [TrainingEstimate]

  /// Passes over what other programs train.
  package init(_ actions: [StepContext]) throws {
    contexts = try actions.filter { try ParameterReader($0.action).document("substrate") == "embedded" }
    // A single one says by itself what it takes.
    var starts = Starts()
    estimates = contexts.count > 1 ? try contexts.map { try starts.estimate($0) } : []
  }

  /// Where there are several. Each says its own share when it begins.
  func tell() throws {
    guard let first = contexts.first, !estimates.isEmpty else { return }
    let total = try zip(contexts, estimates).reduce(Duration.zero) { try $0 + TrainingForecast($1.1, threads: $1.0.threads).duration }
    let threads = TrainingForecast.spelled(first.threads, "thread")
    first.note("\(estimates.count) trainings are ready to run: about \(ApproximateDuration(total)) in all on \(threads)")
    TrainingForecast.tellBudget(total, first.deadline, first.note)
  }
}

/// Candidates differ in seeds and rates, groups that are left out in what they leave: mostly they read the same examples with the same tokenizer.
private struct Starts {
  private struct Reader: Hashable {
    let base, tokenizer: Digest?
  }

  private struct Encoding: Hashable {
    let reader: Reader
    let dataset: Digest
    let contextLength: Int
  }

  private var formats: [Reader: ChatFormat] = [:]
  private var encoded: [Encoding: EncodedDataset] = [:]

  mutating func estimate(_ context: StepContext) throws -> TrainingEstimate {
    let settings = try TrainingSettings(context.action)
    let reader = Reader(base: context.inputs["base"], tokenizer: context.inputs["tokenizer"])
    let format = try formats[reader] ?? Self.format(context)
    formats[reader] = format
    let outline = if let shape = settings.newModel { BaseOutline(new: shape.configuration(format)) } else { try BaseOutline(context, "base") }
    let lesson = try Lesson(context, settings) { input in
      // What each group has for itself is let go.
      guard input != "rest" else { return try format.encode(context, input, contextLength: settings.contextLength) }
      let key = Encoding(reader: reader, dataset: try context.digest(of: input), contextLength: settings.contextLength)
      let examples = try encoded[key] ?? format.encode(context, input, contextLength: settings.contextLength)
      encoded[key] = examples
      return examples
    }
    return try lesson.estimate(outline, memoryByteCount: context.memoryByteCount)
  }

  private static func format(_ context: StepContext) throws -> ChatFormat {
    guard context.inputs["tokenizer"] != nil else { return try BaseModel.format(context, "base") }
    return try ChatFormat(tokenizer: try TokenizerFile.read(try context.input("tokenizer")))
  }
}
