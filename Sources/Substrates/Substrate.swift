internal import Engine

/// A backend that trains: the engine of this program, or any other program.
///
/// What it gives is a proposal. It has been looked at (files, names, shapes, finite numbers) before `train` returns it, and whether it is any
/// good is measured by somebody else.
package protocol Substrate: Sendable {
  var capabilities: Capabilities { get }

  /// Carries out one job. Throws `CancellationError` where the task was cancelled and `DeadlinePassed` after the bench's deadline; a training
  /// whose numbers ran away is no error but an outcome.
  func train(_ job: TrainingJob, at bench: Workbench) async throws -> TrainingOutcome
}

/// What a substrate can do, and what its word is worth: said by the substrate, held to it by the conformance suite.
package struct Capabilities: Hashable, Sendable {
  package enum Method: String, Hashable, Sendable {
    /// A LoRA adapter.
    case adapter
    /// Every weight of a model.
    case full
  }

  package let methods: Set<Method>
  /// The same job gives the same bytes, here and elsewhere.
  package let isReproducible: Bool
  /// A job that was stopped goes on from where it was.
  package let resumes: Bool

  package init(methods: Set<Method>, isReproducible: Bool, resumes: Bool) {
    self.methods = methods
    self.isReproducible = isReproducible
    self.resumes = resumes
  }

  /// What a claim "trained so" is worth that rests on this substrate alone: a manifest's `reproducible` or `opaque`.
  package var label: String { isReproducible ? "reproducible" : "opaque" }

  func require(_ method: TrainingParameters.Method) throws(JobFailure) {
    guard methods.contains(method.kind) else { throw JobFailure(.methodNotOffered) }
  }
}

extension TrainingParameters.Method {
  fileprivate var kind: Capabilities.Method {
    switch self {
    case .lora: .adapter
    case .full: .full
    }
  }
}
