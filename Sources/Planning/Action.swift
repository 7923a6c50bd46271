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
package enum ActionKind: String, CaseIterable, Sendable {
  /// A foreign command with declared inputs and outputs. Outputs: `files`, a snapshot.
  case run
  /// Inputs: `source`, a snapshot. Outputs: `dataset` (canonical lines), `ledger`.
  case curate
  /// Inputs: `dataset`. Outputs: `train`, `validation`, `holdout`.
  case split
  /// Inputs: `train`. Outputs: `tokenizer`, a `tokenizer.json`.
  case tokenizer
  /// Inputs: `train`, `validation`, and `base` (a snapshot of a model folder) or `tokenizer`. Outputs: `files` (a snapshot of a PEFT
  /// adapter or of a model folder), `trace` (what the run commits to).
  case train
  /// Inputs: `holdout`, `base`, and `candidate` unless the bare base is scored. Outputs: `score`.
  case score
  /// Inputs: `score.0` (the incumbent), `score.1`, … and `candidate.1`, …. Outputs: `decision`, `winner`.
  case select
  /// Inputs: everything the Soul speaks of. Outputs: `archive`.
  case seal

  /// Part of every action key. Bump it with any change of what the step gives for the same inputs.
  package var semantics: Int64 { 1 }
}

/// Something outside the plan, read from disk when the build starts.
package struct Source: Hashable, Sendable {
  package enum Kind: String, Sendable { case file, folder }

  package let kind: Kind
  /// Relative to the root, `/` between parts; or absolute, for things a system package installed.
  package let path: String

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
