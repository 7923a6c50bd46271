internal import Engine

extension Reproduction {
  /// What differs first.
  struct Difference {
    let part: String
    let trace: TraceDifference?
    /// Steps of the training that the archive tells of.
    private let stepCount: Int
    /// Operators that do not give their known answer here: asked where the steps of two trainings part.
    private let operators: [KnownAnswers.Difference]
    private let isOnHub: Bool

    init(part: String, trace: TraceDifference?, of claimed: TrainingTrace, isOnHub: Bool) throws {
      (self.part, self.trace, stepCount, self.isOnHub) = (part, trace, claimed.steps.count, isOnHub)
      operators = trace == nil ? [] : try KnownAnswers.differences()
    }

    var words: String {
      switch (part, trace) {
      case ("base", _): "the base here is another"
      case ("data", _), ("validation", _): "the data here are others"
      case (_, .commitment(let name)?): "the trainings part before their first step: \(name)"
      case (_, .step(let step, let quantity)?): "the trainings part at step \(step) of \(stepCount): its \(Self.words(quantity))"
      case (_, .diverged?): "the training's numbers ran away, where the Soul's did not"
      case (_, .length(let steps)?): "the trainings are of different length: one ends after \(steps) steps"
      case (_, nil): "the trainings are the same, and the files that were written are not"
      }
    }

    private static func words(_ quantity: TraceDifference.Quantity) -> String {
      switch quantity {
      case .loss: "loss, which its forward pass gives, from what the step before left"
      case .norm: "gradient norm, its loss being the same: its backward pass"
      case .validation: "loss on the validation part, from the weights that it left"
      case .state: "weights and moments, its loss and gradient norm being the same: its update"
      }
    }

    /// What the person can do.
    var advice: String {
      switch part {
      case "base" where isOnHub:
        "a commit does not change: somebody replaced what the hub's cache or the hub has; delete the model's folder in the cache (models--owner--name), and try again"
      case "base": "bring the base that the Soul was made on to the recipe's path, and try again"
      case "data", "validation": "the Soul was made from another state of these folders, or with other retractions: check out that state, and try again"
      default:
        if let first = operators.first {
          "data and base are what they were, and this machine computes something else: \(first) does not give its known answer (soulpack engine selfcheck)"
        } else {
          """
          data and base are what they were, and every operator gives its known answer here (docs/numerics.md, section 15): the Soul's training did \
          not follow that page, or the engine around the operators does not here; `soulpack engine selfcheck` tests it
          """
        }
      }
    }
  }
}
