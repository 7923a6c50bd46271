internal import Artifacts
internal import Packaging
internal import Planning
internal import Recipes
internal import Running
internal import Steps

extension Exit {
  /// Which code an error ends the program with: the one place that decides it.
  init(for error: any ExplainedError) {
    switch error {
    case is InvalidRecipe, is RecipeError, is PlanError, is LocationError, is SourceProblem, is UnknownAction: self = .usage
    case is LockDiffers: self = .lockDiffers
    case is NoWinner: self = .gateMissed
    case is OverBudget: self = .budget
    case let error as ArchiveError: self = error.isVerificationFailure ? .verification : .failed
    case let error as VerificationError: self = error.isRefusedByPolicy ? .notPermitted : .verification
    case is CommandNotAllowed: self = .notPermitted
    default: self = .failed
    }
  }
}
