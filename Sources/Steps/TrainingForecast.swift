internal import Artifacts
internal import Engine
internal import Foundation
internal import Planning
internal import Running

/// What a training of the embedded engine will take on this machine, said before it begins: steps and tokens exactly, memory and time about. The
/// time is from what the machine was found to do a moment ago.
struct TrainingForecast {
  let estimate: TrainingEstimate
  let threads: Int
  let duration: Duration

  init(_ estimate: TrainingEstimate, threads: Int) throws {
    self.estimate = estimate
    self.threads = threads
    duration = try estimate.duration(threads: threads)
  }

  /// Numbers read the same on every machine, as all of soulpack's words do.
  private static let locale = Locale(identifier: "en_US")

  func tell(exampleCount: Int, deadline: ContinuousClock.Instant?, _ note: (String) -> Void) {
    let tokens = estimate.tokenCount.formatted(.number.locale(Self.locale))
    let memory = estimate.peakByteCount.formatted(.byteCount(style: .decimal).locale(Self.locale))
    let time = "about \(ApproximateDuration(duration)) on \(Self.spelled(threads, "thread"))"
    note("\(estimate.stepCount) steps over \(exampleCount) examples, \(tokens) tokens in all: \(time), about \(memory) of memory")
    Self.tellBudget(duration, deadline, note)
  }

  private static func tellBudget(_ duration: Duration, _ deadline: ContinuousClock.Instant?, _ note: (String) -> Void) {
    guard let deadline else { return }
    let left = ContinuousClock.now.duration(to: deadline)
    guard duration > left else { return }
    note(
      "the wall budget leaves \(ApproximateDuration(max(left, .zero))): it will stop with a checkpoint then, and the next build goes on from there")
  }

  private static func spelled(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

// MARK: - Several trainings

extension TrainingForecast {
  /// What all trainings that are ready will take one after the other, where there are several. Each says its own share when it begins.
  static func tellTogether(_ contexts: [StepContext]) throws {
    let own = try contexts.filter { try ParameterReader($0.action).document("substrate") == "embedded" }
    guard own.count > 1, let first = own.first else { return }
    var datasets: [SharedStart: (BaseModel, EncodedDataset)] = [:]
    var total = Duration.zero
    for context in own {
      let settings = try TrainingSettings(context.action)
      let shared = SharedStart(inputs: context.inputs, contextLength: settings.contextLength)
      let (start, examples) = try datasets[shared] ?? load(context, settings)
      datasets[shared] = (start, examples)
      let estimate = try TrainingEstimate(base: start.model.configuration, examples: examples.examples, parameters: settings.training)
      total += try estimate.duration(threads: context.threads)
    }
    first.note("\(own.count) trainings are ready to run: about \(ApproximateDuration(total)) in all on \(spelled(first.threads, "thread"))")
    tellBudget(total, first.deadline, first.note)
  }

  /// Candidates differ in seeds and rates, and mostly read the same examples with the same tokenizer.
  private struct SharedStart: Hashable {
    let inputs: [String: Digest]
    let contextLength: Int
  }

  private static func load(_ context: StepContext, _ settings: TrainingSettings) throws -> (BaseModel, EncodedDataset) {
    let start =
      if let shape = settings.newModel {
        try BaseModel(new: shape, tokenizer: try context.input("tokenizer"), seed: settings.training.seed)
      } else {
        try BaseModel(context, "base")
      }
    return (start, try start.encode(context, "train", contextLength: settings.contextLength))
  }
}
