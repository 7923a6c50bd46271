internal import Artifacts
internal import Planning
internal import Recipes
internal import Running
internal import Steps

extension Exit {
  /// Which code an error ends the program with: the one place that decides it.
  init(for error: any ExplainedError) {
    switch error {
    case is InvalidRecipe, is RecipeError, is PlanError, is LocationError, is SourceProblem: self = .usage
    case is LockDiffers: self = .lockDiffers
    case is CommandNotAllowed: self = .notPermitted
    default: self = .failed
    }
  }
}
