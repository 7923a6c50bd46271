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
    case is BadEpoch, is CannotPropose, is CheckoutInside, is ChooseDataset, is ExportIntoSource, is ExportOverOwnFile, is GroupProblem,
      is InvalidRecipe, is LocationError, is NoHubModel, is NoModel, is NoPrompt, is NoSuchCandidate, is NoSuchTarget, is NoisySubstrate,
      is NothingToCurate, is OccupiedPlace, is ParentIsItself, is ParentIsNoModel, is PlanError, is ProjectIsNoData, is RecipeError, is RecipeFileProblem,
      is RecipeIsThere, is SeveralRecipes, is SourceProblem, is StoreInsideFolder, is UnknownAction, is UnknownStage, is UnknownTerms,
      is UsageError, is WholeContributor:
      self = .usage
    case is LockDiffers, is NotAsLocked, is RemoteModelChanged: self = .lockDiffers
    case is NoWinner, is GateMissed: self = .gateMissed
    case is OverBudget, is BudgetUsedUp: self = .budget
    case let error where error.isOfMemoryBudget: self = .budget
    case let error as ArchiveError: self = error.isVerificationFailure ? .verification : .failed
    case is ParentIsChanged, is UnreadableParent, is NoSignatures, is FaultyOutput: self = .verification
    case let error as VerificationError: self = error.isRefusedByPolicy ? .notPermitted : .verification
    case is RetractedData, is ConsentChanged: self = .withdrawn
    case let error as NotMerged: self = error.isOfTerms ? .notPermitted : .usage
    case let error as CannotReproduce where error.isOfAnotherRecipe: self = .verification
    case is NotConfirmed, is CommandNotAllowed, is SmokeIsNotPublished, is RunNotAllowed, is UntrustedRecipe, is UnusableParent: self = .notPermitted
    case is Interrupted: self = .interrupted
    default: self = .failed
    }
  }
}
