internal import Artifacts
internal import Engine
internal import Running
internal import Substrates

/// What a training learns from, what it is measured on meanwhile, and for how long: all of its job but the weights.
struct Lesson {
  let train: EncodedDataset
  let validation: EncodedDataset?
  let parameters: TrainingParameters

  /// `encode` gives the examples of an input of the action.
  init(_ context: StepContext, _ settings: TrainingSettings, encode: (_ input: String) throws -> EncodedDataset) throws {
    var parameters = settings.training
    if context.inputs["pace"] != nil, case .epochs(let epochs) = parameters.length {
      let pace = try encode("pace").counts.examples
      parameters.length = .paced(epochs: epochs, stepsPerEpoch: max(1, (pace + parameters.examplesPerBatch - 1) / parameters.examplesPerBatch))
    }
    self.parameters = parameters
    let all = try encode("train")
    train = context.inputs["rest"] == nil ? all : all.learning(only: try encode("rest"))
    validation = context.inputs["validation"] == nil ? nil : try encode("validation")
  }

  /// Of the training that the engine will do on a base of this shape, within the memory that it may take.
  func estimate(_ base: BaseOutline, memoryByteCount: Int64?) throws -> TrainingEstimate {
    try TrainingEstimate.fitting(
      Memory.allowed(memoryByteCount), base: base.configuration, baseByteCount: base.byteCount, examples: train.examples,
      validation: validation?.examples ?? [], parameters: parameters)
  }
}
