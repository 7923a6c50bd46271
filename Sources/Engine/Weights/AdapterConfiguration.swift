package import Artifacts
package import Foundation

/// What PEFT's `adapter_config.json` says of a LoRA adapter, as far as it decides the arithmetic.
package struct AdapterConfiguration: Hashable, Sendable {
  package static let fileName = "adapter_config.json"

  package let rank: Int
  package let alpha: Double
  /// In PEFT's order: sorted by name.
  package let targets: [Projection]
  /// The adapter's output counts α/√r instead of α/r (rank-stabilised LoRA, arXiv 2312.03732).
  package let isRankStabilized: Bool
  /// How a reader finds the base. It is said, not checked: the manifest holds the base's digest.
  package let baseName: String?

  package init(rank: Int, alpha: Double, targets: some Collection<Projection>, isRankStabilized: Bool = false, baseName: String? = nil) {
    self.rank = rank
    self.alpha = alpha
    self.targets = Set(targets).sorted { $0.rawValue < $1.rawValue }
    self.isRankStabilized = isRankStabilized
    self.baseName = baseName
  }
}

extension AdapterConfiguration {
  /// Equal in all that decides the arithmetic.
  func computesLike(_ other: AdapterConfiguration) -> Bool {
    (rank, alpha, targets, isRankStabilized) == (other.rank, other.alpha, other.targets, other.isRankStabilized)
  }

  package init(parsing bytes: Data) throws(ModelError) {
    let reader = try ConfigurationReader(file: Self.fileName, bytes: bytes)
    let type = try reader.string("peft_type")
    guard type == "LORA" else { throw .unsupported(file: reader.file, field: "peft_type", value: quotedName(type), supported: "\"LORA\"") }
    for (field, neutral) in Self.neutralValues { try reader.requireNeutral(field, neutral) }
    if let start = reader.members["init_lora_weights"], !Self.startsOfPlainBases.contains(start) {
      throw .changedBase(file: reader.file, field: "init_lora_weights", value: start.string.map(quotedName) ?? "of another type")
    }
    self.init(
      rank: try reader.count("r"),
      alpha: try reader.positiveNumber("lora_alpha"),
      targets: try Self.targets(reader),
      isRankStabilized: try reader.flag("use_rslora", default: false),
      baseName: reader.members["base_model_name_or_path"]?.string)
  }

  /// Variants of LoRA that compute something else, each with the values that leave it plain. Dropout is not one: it ends with training.
  private static let neutralValues: [(field: String, neutral: [JSONValue])] = [
    ("task_type", ["CAUSAL_LM"]), ("bias", ["none"]), ("lora_bias", [false]), ("fan_in_fan_out", [false]), ("use_dora", [false]),
    ("use_qalora", [false]), ("rank_pattern", [[:]]), ("alpha_pattern", [[:]]), ("modules_to_save", [[]]), ("layers_to_transform", []),
    ("layers_pattern", [[], ""]), ("layer_replication", [[]]), ("exclude_modules", [[]]), ("target_parameters", [[]]),
    ("trainable_token_indices", [[], [:]]), ("alora_invocation_tokens", [[]]), ("arrow_config", []), ("megatron_config", []),
  ]

  /// Starts that set A and B alone. PiSSA, OLoRA, CorDA, LoftQ and their like also take what the adapter begins with off the base's matrices (arXiv 2404.02948,
  /// 2406.01775, 2406.05223, 2310.08659): such an adapter belongs on that changed base, and what is not known here may be another of them.
  private static let startsOfPlainBases: [JSONValue] = [true, false, "gaussian", "eva", "orthogonal"]

  private static func targets(_ reader: ConfigurationReader) throws(ModelError) -> [Projection] {
    let field = "target_modules"
    if reader.members[field]?.string == "all-linear" { return Projection.allCases }
    guard let values = reader.members[field]?.array, !values.isEmpty else { throw .missingField(file: reader.file, field: field) }
    var targets: [Projection] = []
    for value in values {
      guard let name = value.string else { throw .missingField(file: reader.file, field: field) }
      guard let projection = Projection(rawValue: name) else {
        let known = Projection.allCases.map(\.rawValue).joined(separator: ", ")
        throw .unsupported(file: reader.file, field: field, value: quotedName(name), supported: known)
      }
      targets.append(projection)
    }
    return targets
  }

  /// How many tensors it has on a base, and how many numbers in them.
  package func sizes(on base: ModelConfiguration) -> (tensors: Int, numbers: Int) {
    let shapes = TensorShape.adapter(base, rank: rank, targets: Set(targets))
    return (shapes.count, shapes.reduce(0) { $0 + $1.count })
  }

  package var json: JSONValue {
    [
      "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": .integer(Int64(rank)), "lora_alpha": alphaValue,
      "target_modules": .array(targets.map { .string($0.rawValue) }), "lora_dropout": .number(0), "bias": "none", "fan_in_fan_out": false,
      "use_rslora": .bool(isRankStabilized), "use_dora": false, "rank_pattern": [:], "alpha_pattern": [:], "modules_to_save": nil,
      "base_model_name_or_path": baseName.map { .string($0) } ?? .null, "revision": nil, "inference_mode": true, "init_lora_weights": true,
    ]
  }

  private var alphaValue: JSONValue { Int64(exactly: alpha).map { .integer($0) } ?? .number(alpha) }

  package var file: Data { Data(json.pretty.utf8) }
}
