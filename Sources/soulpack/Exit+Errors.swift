internal import Artifacts
internal import Curation
internal import Packaging
internal import Planning
internal import Recipes
internal import Running
internal import Steps

extension Exit {
  /// Which code an error ends the program with: the one place that decides it.
  init(for error: any ExplainedError) {
    switch error {
    case let failed as FailedAction: self = Exit(for: failed.cause)
    case let refused as RefusedSoul: self = Exit(for: refused.cause)
    case is InvalidRecipe, is RecipeError, is PlanError, is LocationError, is SeveralRecipes, is SourceProblem, is UnknownAction, is UnknownStage, is UnknownTerms, is NoSuchTarget, is NoSuchCandidate, is GroupProblem, is WholeContributor, is NoisySubstrate, is StoreInsideFolder, is NothingToCurate, is ChooseDataset, is ExportIntoSource, is CheckoutInside, is ExportOverOwnFile, is CannotPropose, is RecipeIsThere, is ProjectIsNoData, is NoModel, is NoHubModel, is ParentIsNoModel, is ParentIsItself, is UsageError, is NoPrompt, is RecipeFileProblem, is BadEpoch: self = .usage
    case is LockDiffers, is NotAsLocked, is RemoteModelChanged: self = .lockDiffers
    case is NoWinner, is GateMissed: self = .gateMissed
    case is OverBudget, is BudgetUsedUp: self = .budget
    case let error where error.isOfMemoryBudget: self = .budget
    case let error as ArchiveError: self = error.isVerificationFailure ? .verification : .failed
    case is ParentIsChanged: self = .verification
    case let error as VerificationError: self = error.isRefusedByPolicy ? .notPermitted : .verification
    case is RetractedData: self = .withdrawn
    case let error as NotMerged: self = error.isOfTerms ? .notPermitted : .usage
    case let error as CannotReproduce where error.isOfAnotherRecipe: self = .verification
    case is NotConfirmed, is CommandNotAllowed, is SmokeIsNotPublished, is RunNotAllowed, is UntrustedRecipe, is UnusableParent: self = .notPermitted
    case is Interrupted: self = .interrupted
    default: self = .failed
    }
  }
}
