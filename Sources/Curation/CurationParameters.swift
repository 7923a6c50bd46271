package import Artifacts

/// Everything about a curation that can change what it gives and is not the files: the parameters of the `curate` action.
package struct CurationParameters: Hashable, Sendable {
  package enum Stage: Hashable, Sendable {
    case normalize
    case length(minimumInCharacters: Int, maximumInCharacters: Int)
    case deduplicate

    var name: StageName {
      switch self {
      case .normalize: .normalize
      case .length: .length
      case .deduplicate: .deduplicate
      }
    }
  }

  /// Patterns over the paths of the snapshot. Nil: every file.
  package let files: [String]?
  /// In the order in which they run, each at most once. The structure rule is not among them: it always holds.
  package let stages: [Stage]

  package init(files: [String]? = nil, stages: [Stage]) {
    self.files = files
    self.stages = stages
  }

  /// Reads `{"files":["*.md"],"stages":[{"normalize":{"unicode":"nfc"}},{"deduplicate":{"exact":true}},
  /// {"length":{"max-characters":20000,"min-characters":1}}]}`.
  package init(_ value: JSONValue) throws(ParameterError) {
    var reader = try ParameterReader(value, at: "")
    files = try CurationParameters.patterns(&reader)
    guard let values = reader.take("stages")?.array else { throw reader.error("stages", "must be a list") }
    var stages: [Stage] = []
    for (index, value) in values.enumerated() {
      guard let stage = try Stage(value, at: "stages[\(index)]") else { continue }
      guard !stages.contains(where: { $0.name == stage.name }) else {
        throw ParameterError(place: "stages[\(index)]", problem: "\"\(stage.name.rawValue)\" stands here a second time")
      }
      stages.append(stage)
    }
    self.stages = stages
    try reader.finish()
  }

  private static func patterns(_ reader: inout ParameterReader) throws(ParameterError) -> [String]? {
    guard let value = reader.take("files") else { return nil }
    guard let values = value.array, !values.isEmpty else { throw reader.error("files", "must be a list of patterns") }
    let patterns = values.compactMap(\.string)
    guard patterns.count == values.count else { throw reader.error("files", "must be a list of patterns") }
    return patterns
  }

  /// What the ledger says about the run.
  var canonical: JSONValue {
    ["files": files.map { .array($0.map { .string($0) }) } ?? .null, "stages": .array(stages.map(\.canonical))]
  }
}

extension CurationParameters.Stage {
  /// Nil for a stage that is switched off, such as `{"deduplicate":{"exact":false}}`.
  fileprivate init?(_ value: JSONValue, at place: String) throws(ParameterError) {
    guard let members = value.object, members.count == 1, let (name, settings) = members.first else {
      throw ParameterError(place: place, problem: "must be an object with one member, the stage's name")
    }
    var reader = try ParameterReader(settings, at: "\(place).\(name)")
    switch name {
    case "normalize":
      _ = try reader.word("unicode", ["nfc"], default: "nfc")
      _ = try reader.word("mojibake", ["repair", "keep"], default: "repair")
      self = .normalize
    case "length":
      let limit = 1_000_000_000
      let least = try reader.integer("min-characters", in: 0...limit, default: 1)
      let most = try reader.integer("max-characters", in: 1...limit, default: 20_000)
      guard least <= most else { throw reader.error("min-characters", "is more than max-characters") }
      self = .length(minimumInCharacters: least, maximumInCharacters: most)
    case "deduplicate":
      let isExact = try reader.bool("exact", default: true)
      _ = reader.take("near")
      try reader.finish()
      guard isExact else { return nil }
      self = .deduplicate
    default:
      throw ParameterError(place: place, problem: "unknown stage \"\(name)\"")
    }
    try reader.finish()
  }

  fileprivate var canonical: JSONValue {
    switch self {
    case .normalize: ["normalize": ["unicode": "nfc"]]
    case .deduplicate: ["deduplicate": ["exact": true]]
    case .length(let least, let most):
      ["length": ["min-characters": .integer(Int64(least)), "max-characters": .integer(Int64(most))]]
    }
  }
}
