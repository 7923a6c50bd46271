package import Artifacts
package import Licensing

/// Everything about a curation that can change what it gives and is not the files: the parameters of the `curate` action.
package struct CurationParameters: Hashable, Sendable {
  package enum Stage: Hashable, Sendable {
    case normalize(repairsMojibake: Bool)
    case quality(QualityProfile)
    case deduplicate(DeduplicationRule)
    case pii(PersonalData.Action, kinds: Set<PersonalData>)
    case length(minimumInCharacters: Int, maximumInCharacters: Int)

    var name: StageName {
      switch self {
      case .normalize: .normalize
      case .quality: .quality
      case .deduplicate: .deduplicate
      case .pii: .pii
      case .length: .length
      }
    }
  }

  /// Patterns over the paths of the snapshot. Nil: every file.
  package let files: [String]?
  /// In the order in which they run, each at most once. The structure rule is not among them: it always holds.
  package let stages: [Stage]
  /// Nil where no recipe says what is allowed, as for a bare folder.
  package let terms: TermsRule?

  package init(files: [String]? = nil, stages: [Stage], terms: TermsRule? = nil) {
    self.files = files
    self.stages = stages
    self.terms = terms
  }

  /// Reads `{"files":["*.md"],"stages":[…],"terms":…}`, where `terms` may be left out and a stage is one of
  ///
  ///     {"normalize":{"mojibake":"repair","unicode":"nfc"}}
  ///     {"quality":{"profile":"chat"}}
  ///     {"deduplicate":{"exact":true,"near":{"ngram":5,"threshold-ppm":750000}}}
  ///     {"pii":{"action":"redact","kinds":["card","email","phone"]}}
  ///     {"length":{"max-characters":20000,"min-characters":1}}
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
    terms = try CurationParameters.terms(&reader)
    try reader.finish()
  }

  private static func terms(_ reader: inout ParameterReader) throws(ParameterError) -> TermsRule? {
    guard let value = reader.take("terms") else { return nil }
    guard let rule = TermsRule(document: value) else { throw reader.error("terms", "must be a rule of terms") }
    return rule
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
    var members: [String: JSONValue] = ["files": files.map { .array($0.map { .string($0) }) } ?? .null, "stages": .array(stages.map(\.canonical))]
    members["terms"] = terms?.document
    return .object(members)
  }
}

/// How copies are found. One of the two is on; a stage with neither is none.
package struct DeduplicationRule: Hashable, Sendable {
  package let exact: Bool
  package let near: NearDuplicateRule?

  package init(exact: Bool, near: NearDuplicateRule?) {
    self.exact = exact
    self.near = near
  }
}

package struct NearDuplicateRule: Hashable, Sendable {
  /// Words in a shingle.
  package let wordsInShingle: Int
  /// The least Jaccard similarity of two near duplicates, in parts per million.
  package let thresholdPPM: Int

  package init(wordsInShingle: Int = 5, thresholdPPM: Int = 750_000) {
    self.wordsInShingle = wordsInShingle
    self.thresholdPPM = thresholdPPM
  }
}

extension CurationParameters.Stage {
  /// Nil for a stage that is switched off, such as `{"deduplicate":{"exact":false}}`.
  fileprivate init?(_ value: JSONValue, at place: String) throws(ParameterError) {
    guard let members = value.object, members.count == 1, let (name, settings) = members.first else {
      throw ParameterError(place: place, problem: "must be an object with one member, the stage's name")
    }
    var reader = try ParameterReader(settings, at: "\(place).\(name)")
    guard let read = CurationParameters.Stage.readers[name] else { throw ParameterError(place: place, problem: "unknown stage \"\(name)\"") }
    let stage = try read(&reader)
    try reader.finish()
    guard let stage else { return nil }
    self = stage
  }

  private typealias Read = @Sendable (inout ParameterReader) throws(ParameterError) -> Self?

  private static let readers: [String: Read] = [
    "normalize": normalize, "quality": quality, "deduplicate": deduplicate, "pii": pii, "length": length,
  ]

  @Sendable private static func normalize(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    _ = try reader.word("unicode", ["nfc"], default: "nfc")
    return .normalize(repairsMojibake: try reader.word("mojibake", ["repair", "keep"], default: "repair") == "repair")
  }

  @Sendable private static func quality(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    let name = try reader.word("profile", QualityProfile.allCases.map(\.rawValue), default: QualityProfile.chat.rawValue)
    return QualityProfile(rawValue: name).map { .quality($0) }
  }

  @Sendable private static func deduplicate(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    let isExact = try reader.bool("exact", default: true)
    var near: NearDuplicateRule?
    if var nearReader = try reader.object("near") {
      near = NearDuplicateRule(
        wordsInShingle: try nearReader.integer("ngram", in: 1...32, default: 5),
        thresholdPPM: try nearReader.integer("threshold-ppm", in: 500_000...1_000_000, default: 750_000))
      try nearReader.finish()
    }
    return isExact || near != nil ? .deduplicate(DeduplicationRule(exact: isExact, near: near)) : nil
  }

  @Sendable private static func pii(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    let all = PersonalData.allCases.map(\.rawValue)
    let word = try reader.word("action", PersonalData.Action.allCases.map(\.rawValue), default: "redact")
    let names = reader.take("kinds").map { $0.array?.compactMap(\.string) ?? [] } ?? all
    let kinds = Set(names.compactMap(PersonalData.init(rawValue:)))
    guard !kinds.isEmpty, kinds.count == names.count else {
      throw reader.error("kinds", "must be a list of some of " + all.map { "\"\($0)\"" }.joined(separator: ", ") + ", each once")
    }
    return PersonalData.Action(rawValue: word).map { .pii($0, kinds: kinds) }
  }

  @Sendable private static func length(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    let limit = 1_000_000_000
    let least = try reader.integer("min-characters", in: 0...limit, default: 1)
    let most = try reader.integer("max-characters", in: 1...limit, default: 20_000)
    guard least <= most else { throw reader.error("min-characters", "is more than max-characters") }
    return .length(minimumInCharacters: least, maximumInCharacters: most)
  }

  fileprivate var canonical: JSONValue {
    switch self {
    case .normalize(let repairs): ["normalize": ["mojibake": repairs ? "repair" : "keep", "unicode": "nfc"]]
    case .quality(let profile): ["quality": ["profile": .string(profile.rawValue)]]
    case .deduplicate(let rule):
      ["deduplicate": ["exact": .bool(rule.exact), "near": rule.near.map(\.canonical) ?? .null]]
    case .pii(let action, let kinds):
      ["pii": ["action": .string(action.rawValue), "kinds": .array(kinds.map(\.rawValue).sorted().map { .string($0) })]]
    case .length(let least, let most):
      ["length": ["min-characters": .integer(Int64(least)), "max-characters": .integer(Int64(most))]]
    }
  }
}

extension NearDuplicateRule {
  fileprivate var canonical: JSONValue {
    ["ngram": .integer(Int64(wordsInShingle)), "threshold-ppm": .integer(Int64(thresholdPPM))]
  }
}
