package import Artifacts

/// The name of one step within a plan, such as `train.letters-lora.1`. It is for people and for references inside the plan; it is not
/// in the action key.
package struct ActionID: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let name: String

  package init(_ name: String) { self.name = name }
  package init(stringLiteral value: String) { name = value }

  package static func < (left: ActionID, right: ActionID) -> Bool { left.name < right.name }
  package var description: String { name }
}

/// What an action does. Each kind has one file in Steps, and a version of its semantics: changing any result bumps it.
///
/// Parameters are canonical: every default is filled in, decimals are strings such as `"0.0002"`, so that no binary float stands between a
/// recipe and a key, shares are integers in parts per million. No parameter but the seal's is a path or the name of a dataset or target.
package enum ActionKind: String, CaseIterable, Sendable {
  /// A foreign command with declared inputs and outputs. Inputs: one under each name that the recipe gives: a file, or a snapshot of a folder or
  /// of another run's output. Outputs: `files`, a snapshot.
  /// Parameters: `command`, the arguments with `{input.NAME}` and `{output}` in them.
  case run
  /// Inputs: `source`, a snapshot; with `decontaminate` also `evaluation.1`, …, snapshots; `retractions`, where the project has that file. Outputs:
  /// `dataset` and `ledger`, each an index of pieces.
  /// Parameters: `files` (sorted patterns, or null for all), `stages` (in order, each an object with one member: `normalize` {`unicode`,
  /// `mojibake`}, `language` {`keep`: a sorted list or null, `min-share-ppm`, `undecided`}, `quality` {`profile`}, `deduplicate` {`exact`, `near`: null or
  /// {`ngram`, `threshold-ppm`}}, `decontaminate` {`ngram`, `threshold-ppm`}, `pii` {by kind: `redact`, `drop`, `tag` or `keep`}, `length`
  /// {`min-characters`, `max-characters`}), `reading` where it is not as it is by default: {`chat` {`names`, `pause-seconds`}, `columns`, `formats` (each
  /// {`files`, `is`}), `speakers`}, and `terms` where the recipe names a licence: {`license` (null where each record has its own), `licenses` (those that
  /// the recipe declares), `use`}.
  case curate
  /// Inputs: `dataset`. Outputs: `train`, `validation`, `holdout`.
  /// Parameters: `by`, `validation-ppm`, `holdout-ppm`, `salt`.
  case split
  /// Inputs: `pool` (a dataset that no stage has curated), `train`, `holdout`, and `base` or `tokenizer`. Outputs: `train` (lines of the pool), `account`
  /// (how many
  /// records and tokens).
  /// Parameters: `context`, `salt`.
  case sample
  /// Inputs: `train`, and the `ledger` of the curation that it is a part of. Outputs: `train`, without the records that come from certain files alone;
  /// `account` (how many records there were, and went).
  /// Parameters: `files`, a pattern.
  case leaveOut = "leave-out"
  /// Inputs: `train`. Outputs: `tokenizer`, a `tokenizer.json`.
  /// Parameters: `kind` (`byte-level-bpe`), `vocabulary`.
  case tokenizer
  /// Inputs: `train`, and `base` (a snapshot of a model folder) or `tokenizer`; for a command `validation`, and `program.NAME`
  /// for every input that the recipe gives it; `validation` also where `validation` is a parameter; `pace`, another train split, where each pass is to have
  /// as many steps as one over that. Outputs: `files` (a snapshot of a PEFT
  /// adapter or of a model folder), `trace` (what the run commits to).
  /// Parameters: `method` (`sft`, `full`), `substrate` (`embedded`, or {`command`} with `{input.NAME}` in it), `seed`, `epochs`, `batch`, `context`,
  /// `optimizer` {`learning-rate`, `schedule`, `warmup`,
  /// `weight-decay`, `betas`, `epsilon`, `clip`}; `lora` {`rank`, `alpha`, `targets`: `all-linear` or a sorted list, `dropout` and `rank-stabilized` where
  /// asked for} with `sft`; `model`
  /// {`architecture`, `hidden`, `layers`, `heads`, `kv-heads`, `intermediate`, `context`, `rope-theta`} where `tokenizer` is an input; `validation` {`every`:
  /// `epoch` or a number of steps, `stopping` {`patience`, `minimum-change`} where it may end early} where asked for.
  case train
  /// Inputs: `holdout`; `base` for the bare base and for an adapter; `candidate` (what `train` calls `files`) unless the bare base is scored.
  /// Outputs: `score`.
  /// Parameters: `subject` (`base`: the bare base, `adapter`: the candidate on the base, `model`: the candidate alone), `context`.
  case score
  /// Inputs: `score.0` (the incumbent; absent where a new model has no base), and for every candidate of every target, numbered through in the
  /// order of the targets' names, `score.1`, …, `candidate.1`, …, `trace.1`, …. Outputs: `decision`, `winner`
  /// (the winning candidate's files: an adapter, or a whole model).
  /// Parameters: `protocol`, `rounds`, `committee`, `improvement` {`numerator`, `denominator`} in nats a token, `candidates` (their number),
  /// `incumbent` (whether there is a `score.0`).
  case select
  /// Inputs: `decision`, `score.0` (as in `select`), `score.1`, …; for canaries `winner`, `train`, and `base` and `canaries` (a file) where there are
  /// any. Outputs: `gates`, what was asked and measured. Fails where a gate is missed.
  /// Parameters: `gates`, each an object with one member: `holdout-loss` {`below-base-ppm`}, `canaries` {`records`, `tokens`, `allowed`, `alternatives`,
  /// `exposure-bits`, `seed`, `context`, `subject`: `adapter` or `model`}.
  case gate
  /// Inputs: everything the Soul speaks of: `dataset`, `ledger`, `train`, `validation`, `holdout`, `decision`, `winner`, `trace.1`, …, `score.0`
  /// (as in `select`), `score.1`, …, `gates` and `contributions` where the recipe has any, and `base`, or `tokenizer` for a new model; `base-origin`, where
  /// the base or what it descends from may be of a hub or a Soul. Outputs: `archive`, `summary` (its digest and the selection).
  /// Parameters: `recipe` (normalised), `bases` (the normalised recipes of the base and of its bases, nearest first), `overrides` (as given),
  /// `dataset` (its name in the recipe), `terms` (what holds for a record that states nothing; null where each has its own), `candidates` (of each, in order:
  /// `target`, its name, and `number` within the target), `component` (`adapter` or `model`: what the winner is),
  /// `lease-seconds`.
  case seal

  /// Part of every action key. Bump a kind's number with any change of what its step gives for the same inputs.
  package var semantics: Int64 {
    switch self {
    case .run: 1
    case .curate: 5
    case .split: 1
    case .sample: 1
    case .leaveOut: 1
    case .tokenizer: 1
    case .train: 1
    case .score: 1
    case .select: 2
    case .gate: 2
    case .seal: 3
    }
  }
}

/// Something outside the plan, read from disk when the build starts.
package struct Source: Hashable, Sendable {
  package enum Kind: String, Sendable {
    /// A regular file: the digest of its bytes.
    case file
    /// A folder: its snapshot.
    case folder
    /// A folder that holds a model: its snapshot.
    case modelFolder = "model-folder"
    /// Which Soul was unpacked to it, if one was: a document, or `null`.
    case modelFolderOrigin = "model-folder-origin"
    /// Whichever is there, since a recipe does not say: a snapshot, of one entry with the file's own name where it is a file.
    case fileOrFolder = "file-or-folder"
    /// A model of a hub, by its `HubReference`: a snapshot of the files that the engine reads.
    case hubModel = "hub-model"
    /// Which commit of it that is: a document (`HubOrigin`).
    case hubOrigin = "hub-origin"
    /// The whole model in a Soul: a snapshot of its files.
    case soulModel = "soul-model"
    /// Which Soul that is: a document.
    case soulOrigin = "soul-origin"
  }

  package let kind: Kind
  /// Relative to the root, `/` between parts; or absolute, for things a system package installed; or `hf://owner/name@revision`.
  package let path: String

  /// Not on this disk, as far as a recipe says.
  package var isRemote: Bool { kind == .hubModel || kind == .hubOrigin }

  /// In an archive, and not itself what trains.
  package var isOfSoul: Bool { kind == .soulModel || kind == .soulOrigin }

  /// Says who something is that is a source itself.
  package var isOrigin: Bool { [.hubOrigin, .soulOrigin, .modelFolderOrigin].contains(kind) }

  package init(kind: Kind, path: String) {
    self.kind = kind
    self.path = path
  }
}

/// Where an action's input comes from.
package enum InputReference: Hashable, Sendable {
  case source(Source)
  case output(ActionID, String)
}

/// One step of the plan.
package struct Action: Hashable, Sendable {
  package let id: ActionID
  package let kind: ActionKind
  /// Everything about the step that can change what it gives and is not an input. Defaults are filled in, so that writing one out
  /// changes no key.
  package let parameters: JSONValue
  package let inputs: [String: InputReference]

  package init(id: ActionID, kind: ActionKind, parameters: JSONValue, inputs: [String: InputReference]) {
    self.id = id
    self.kind = kind
    self.parameters = parameters
    self.inputs = inputs
  }
}

extension Action {
  /// The same step under another name, with some of its parameters and inputs changed.
  func with(id: ActionID, parameters changed: [String: JSONValue] = [:], inputs: [String: InputReference] = [:]) -> Action {
    guard case .object(let members) = parameters else { preconditionFailure("the parameters of an action are an object") }
    return Action(
      id: id, kind: kind, parameters: .object(members.merging(changed) { _, new in new }), inputs: self.inputs.merging(inputs) { _, new in new })
  }
}
