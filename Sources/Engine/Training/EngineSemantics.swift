internal import CKernels

/// The version of what the engine computes. It stands in every action key and manifest; any change of a result raises one of the two.
package enum EngineSemantics {
  /// The order of operators, the plan of examples, the layout of commitments: this room.
  package static let engineVersion = 1
  /// The operators: docs/numerics.md.
  package static let kernelsVersion = Int(CK_SEMANTICS_VERSION)
  /// Both, as keys and manifests hold them: `1.1`.
  package static let version = "\(engineVersion).\(kernelsVersion)"
}
