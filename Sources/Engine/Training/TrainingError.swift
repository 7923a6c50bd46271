package import Artifacts

/// Why a training run or a score cannot be, or stopped. Records are named by their ids, never by their text.
package enum TrainingError: ExplainedError, Hashable {
  case impossibleParameter(String)
  case nothingSupervised(exampleCount: Int)
  /// What is left out is all that there was to learn, in the steps that are taken.
  case nothingLeft
  case nothingToValidate(exampleCount: Int)
  case tokenOutsideVocabulary(RecordID, token: Int32, vocabularySize: Int)
  case tooLong(maximumTokens: Int, positions: Int)
  case notFinite(what: String, step: Int)
  case scoreOverflow(RecordID)
  case otherStart
  case checkpointDamaged
  case checkpointOfAnotherRun(what: String)
  case stateOfAnotherStep(found: Int, wanted: Int)
  case stateNotCommitted(step: Int)
  case cancelled(step: Int)

  package var message: String {
    switch self {
    case .impossibleParameter(let name): "training cannot run with this value of \"\(name)\""
    case .nothingSupervised(let count): "none of the \(count) examples has a token to learn"
    case .nothingLeft: "without the examples that are left out nothing is left to learn"
    case .nothingToValidate(0): "the validation part is empty, and this training is to be measured on it"
    case .nothingToValidate(let count): "none of the \(count) examples of the validation part has a token to measure"
    case .tokenOutsideVocabulary(let id, let token, let size): "record \(id.digest.short): token \(token) is outside the base's vocabulary of \(size)"
    case .tooLong(let tokens, let positions): "examples of \(tokens) tokens exceed the base's \(positions) positions"
    case .notFinite(let what, let step): "step \(step): \(what) is not a finite number"
    case .scoreOverflow(let id): "record \(id.digest.short): the loss of a token is not a finite number below 2²⁰"
    case .otherStart: "the adapter to go on from has another rank, scale or set of targets than the run"
    case .checkpointDamaged: "the checkpoint is damaged"
    case .checkpointOfAnotherRun(let what): "the checkpoint belongs to a run with another \(what)"
    case .stateOfAnotherStep(let found, let wanted): "the opened state is the one after step \(found), and not after step \(wanted)"
    case .stateNotCommitted(let step): "the opened state is not the one that the run commits to after step \(step)"
    case .cancelled(let step): "stopped before step \(step)"
    }
  }

  package var hint: String? {
    switch self {
    case .nothingSupervised: "conversations are learnt from the assistant's turns: check that there are some within the maximum length"
    case .nothingLeft: "leave out fewer"
    case .nothingToValidate: "give the dataset's split a larger \"validation\", or train without \"validate\" and \"early-stopping\""
    case .tokenOutsideVocabulary: "check that the tokenizer belongs to the base"
    case .tooLong(_, let positions): "set the maximum length to \(positions) tokens or fewer"
    case .notFinite: "lower the learning rate, or clip the gradient"
    case .otherStart: "train with the rank, alpha and targets of that adapter"
    case .checkpointDamaged, .checkpointOfAnotherRun: "delete the checkpoint: the run then starts anew and gives the same bytes"
    case .impossibleParameter: "docs/recipe.md says which values a training takes"
    case .scoreOverflow: "the model's numbers run away on this record: its weights may be damaged, or were trained with too high a learning rate"
    case .stateOfAnotherStep(_, let wanted): "ask whoever holds the data for the state after step \(wanted): `soulpack reproduce --open`"
    case .stateNotCommitted: "ask whoever holds the data for another: `soulpack reproduce --open` writes one only where its training is the Soul's"
    case .cancelled: "start it again: it goes on from its checkpoint, where there is one"
    }
  }
}
