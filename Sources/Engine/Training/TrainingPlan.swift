internal import CKernels

/// The steps of a run, known whole before the first: which examples each learns from, in which order, and at which rate. It is what `Trainer`
/// follows, as a value for a trainer elsewhere that is to do the same.
package struct TrainingPlan: Hashable, Sendable {
  package struct Step: Hashable, Sendable {
    /// Places in the list of examples, from 0.
    package let examples: [Int]
    package let learningRate: Double
  }

  package let steps: [Step]

  /// Refuses what `Trainer` would refuse: parameters, examples and a base that do not go together.
  package init(base: ModelConfiguration, examples: [EncodedExample], parameters: TrainingParameters) throws(TrainingError) {
    if let name = parameters.impossibleValue { throw .impossibleParameter(name) }
    let set = try TrainingSet(examples, maximumTokens: parameters.maximumTokens, base: base)
    let order = try ExampleOrder(of: set, parameters: parameters)
    steps = order.steps.map { step in
      Step(examples: step.examples, learningRate: parameters.learningRate(atStep: step.number, of: order.plannedStepCount))
    }
  }
}

extension TrainingParameters {
  /// The rate of a step, counted from 0 (docs/numerics.md, section 12).
  func learningRate(atStep step: Int, of stepCount: Int) -> Double {
    let kind = schedule == .cosine ? CK_SCHEDULE_COSINE : CK_SCHEDULE_CONSTANT
    let warmup = engine_warmup_steps(warmupFraction, Int64(stepCount))
    return ck_learning_rate(kind, learningRate, Int64(step), Int64(stepCount), warmup)
  }
}
