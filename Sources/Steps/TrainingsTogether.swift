internal import Artifacts
internal import Engine
internal import Planning
internal import Running
internal import Substrates

extension TrainingForecast {
  /// What all trainings that are ready will take one after the other, where there are several. Each says its own share when it begins.
  static func tellTogether(_ contexts: [StepContext]) throws {
    let own = try contexts.filter { try ParameterReader($0.action).document("substrate") == "embedded" }
    guard own.count > 1, let first = own.first else { return }
    var datasets: [SharedStart: (BaseModel, EncodedDataset, EncodedDataset?)] = [:]
    var total = Duration.zero
    for context in own {
      let settings = try TrainingSettings(context.action)
      let shared = SharedStart(inputs: context.inputs, contextLength: settings.contextLength)
      let (start, examples, validation) = try datasets[shared] ?? load(context, settings)
      datasets[shared] = (start, examples, validation)
      let estimate = try TrainingEstimate.fitting(
        Memory.allowed(context.memoryByteCount), base: start.model.configuration, baseByteCount: start.model.byteCount, examples: examples.examples,
        validation: validation?.examples ?? [], parameters: settings.training)
      total += try TrainingForecast(estimate, threads: context.threads).duration
    }
    first.note("\(own.count) trainings are ready to run: about \(ApproximateDuration(total)) in all on \(spelled(first.threads, "thread"))")
    tellBudget(total, first.deadline, first.note)
  }

  /// Candidates differ in seeds and rates, and mostly read the same examples with the same tokenizer.
  private struct SharedStart: Hashable {
    let inputs: [String: Digest]
    let contextLength: Int
  }

  private static func load(_ context: StepContext, _ settings: TrainingSettings) throws -> (BaseModel, EncodedDataset, EncodedDataset?) {
    let start =
      if let shape = settings.newModel {
        try BaseModel(new: shape, tokenizer: try context.input("tokenizer"), seed: settings.training.seed)
      } else {
        try BaseModel(context, "base")
      }
    let validation = context.inputs["validation"] == nil ? nil : try start.encode(context, "validation", contextLength: settings.contextLength)
    return (start, try start.encode(context, "train", contextLength: settings.contextLength), validation)
  }
}
