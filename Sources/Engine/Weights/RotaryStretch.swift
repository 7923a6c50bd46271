internal import Artifacts

/// How a model of the Llama 3 line stretches the positions that it was first trained on (`rope_type` `llama3`): frequencies that turn less than
/// `lowFrequencyFactor` times over `originalPositionCount` are divided by `factor`, those that turn more than `highFrequencyFactor` times stay,
/// those between are mixed (docs/numerics.md, section 7).
package struct RotaryStretch: Hashable, Sendable {
  package let factor: Double
  package let lowFrequencyFactor: Double
  package let highFrequencyFactor: Double
  package let originalPositionCount: Int

  package init(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalPositionCount: Int) {
    self.factor = factor
    self.lowFrequencyFactor = lowFrequencyFactor
    self.highFrequencyFactor = highFrequencyFactor
    self.originalPositionCount = originalPositionCount
  }
}

extension RotaryStretch {
  init(_ rope: ConfigurationReader) throws(ModelError) {
    self.init(
      factor: try rope.positiveNumber("factor"), lowFrequencyFactor: try rope.positiveNumber("low_freq_factor"),
      highFrequencyFactor: try rope.positiveNumber("high_freq_factor"), originalPositionCount: try rope.count("original_max_position_embeddings"))
    guard factor >= 1 else { throw .impossibleValue(file: rope.file, field: "factor", value: "\(factor)") }
    guard lowFrequencyFactor < highFrequencyFactor else {
      throw .contradiction(file: rope.file, field: "low_freq_factor", other: "high_freq_factor")
    }
  }

  var members: [String: JSONValue] {
    [
      "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(lowFrequencyFactor),
      "high_freq_factor": .number(highFrequencyFactor), "original_max_position_embeddings": .integer(Int64(originalPositionCount)),
    ]
  }
}

/// The rotary base and stretch, from wherever a configuration holds them: `rope_theta` and `rope_scaling`, whose `type` is the old `rope_type`
/// (transformers 4), or `rope_parameters` (transformers 5). Where more than one says something, all must say the same.
struct RotarySettings: Hashable {
  let theta: Double
  let stretch: RotaryStretch?

  private static let supportedTypes: [JSONValue] = ["default", "llama3"]
  private static let stretchFields: Set<String> = ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"]
  private static let knownFields = stretchFields.union(["rope_type", "type", "rope_theta", "partial_rotary_factor", "attention_factor"])

  init(_ reader: ConfigurationReader) throws(ModelError) {
    var thetas: [(place: String, value: Double)] = []
    if reader.has("rope_theta") { thetas.append(("rope_theta", try reader.positiveNumber("rope_theta"))) }
    var stretches: [RotaryStretch?] = []
    for field in ["rope_scaling", "rope_parameters"] {
      guard let value = reader.members[field] else { continue }
      guard let members = value.object else { throw .missingField(file: reader.file, field: field) }
      let rope = ConfigurationReader(file: reader.file, members: members)
      stretches.append(try Self.stretch(rope))
      if rope.has("rope_theta") { thetas.append((field + ".rope_theta", try rope.positiveNumber("rope_theta"))) }
    }
    if let other = thetas.first(where: { $0.value != thetas[0].value }) {
      throw .contradiction(file: reader.file, field: thetas[0].place, other: other.place)
    }
    guard Set(stretches).count <= 1 else { throw .contradiction(file: reader.file, field: "rope_scaling", other: "rope_parameters") }
    theta = thetas.first?.value ?? 10_000
    stretch = stretches.first ?? nil
    // Of one beside the others `transformers` takes this one.
    let field = "original_max_position_embeddings"
    if let stretch, reader.has(field), try reader.count(field) != stretch.originalPositionCount {
      throw .contradiction(file: reader.file, field: field, other: "rope_scaling.\(field)")
    }
  }

  private static func stretch(_ rope: ConfigurationReader) throws(ModelError) -> RotaryStretch? {
    let types = ["rope_type", "type"].compactMap { rope.members[$0] }
    for field in ["rope_type", "type"] {
      guard let type = rope.members[field], !supportedTypes.contains(type) else { continue }
      throw .unsupported(
        file: rope.file, field: field, value: type.string.map(quotedName) ?? "no string", supported: "\"default\" and \"llama3\" rotary positions")
    }
    guard Set(types).count <= 1 else { throw .contradiction(file: rope.file, field: "rope_type", other: "type") }
    for field in ["partial_rotary_factor", "attention_factor"] { try rope.requireNeutral(field, [1]) }
    for field in rope.members.keys.sorted() where !knownFields.contains(field) { try rope.requireNeutral(field, []) }
    if types.first == "llama3" { return try RotaryStretch(rope) }
    try rope.requireNeutral("factor", [1])
    for field in stretchFields.subtracting(["factor"]).sorted() { try rope.requireNeutral(field, []) }
    return nil
  }
}
