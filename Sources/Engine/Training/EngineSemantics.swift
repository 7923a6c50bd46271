internal import CKernels

/// The version of what the engine computes. Every training trace holds it. Any change of a result raises
/// one of the two, and with it the semantics of the steps that train and score, which stand in every action key (a test ties the two).
package enum EngineSemantics {
  /// The order of operators, the plan of examples, the layout of commitments: this room.
  package static let engineVersion = 1
  /// The operators: docs/numerics.md.
  package static let kernelsVersion = Int(CK_SEMANTICS_VERSION)
  /// Both, as keys and manifests hold them: `1.1`.
  package static let version = "\(engineVersion).\(kernelsVersion)"
}
