package import Artifacts
package import Licensing

/// Everything about a curation that can change what it gives and is not the files: the parameters of the `curate` action.
package struct CurationParameters: Hashable, Sendable {
  package enum Stage: Hashable, Sendable {
    case normalize(repairsMojibake: Bool)
    case language(LanguageRule)
    case quality(QualityProfile)
    case deduplicate(DeduplicationRule)
    case decontaminate(DecontaminationRule)
    /// Never empty; kinds that are not named are not looked for.
    case pii([PersonalData: PersonalData.Action])
    case length(minimumInCharacters: Int, maximumInCharacters: Int)

    var name: StageName {
      switch self {
      case .normalize: .normalize
      case .language: .language
      case .quality: .quality
      case .deduplicate: .deduplicate
      case .decontaminate: .decontaminate
      case .pii: .pii
      case .length: .length
      }
    }
  }

  /// Patterns over the paths of the snapshot. Nil: every file.
  package let files: [String]?
  /// In the order in which they run, each at most once. The structure rule is not among them: it always holds.
  package let stages: [Stage]
  package let reading: ReadingRules
  /// Nil where no recipe says what is allowed, as for a bare folder.
  package let terms: TermsRule?
  /// What stays out. Nil where the project has no such file; the ledger says only whether there was one.
  package var retractions: Retractions?

  package init(
    files: [String]? = nil, stages: [Stage], reading: ReadingRules = .standard, terms: TermsRule? = nil, retractions: Retractions? = nil
  ) {
    self.files = files
    self.stages = stages
    self.reading = reading
    self.terms = terms
    self.retractions = retractions
  }

  /// Reads `{"files":["*.md"],"reading":{…},"stages":[…],"terms":{…}}`, where `reading` and `terms` may be absent and a stage is one of
  ///
  ///     {"normalize":{"mojibake":"repair","unicode":"nfc"}}
  ///     {"language":{"keep":["de","en"],"min-share-ppm":500000,"undecided":"keep"}}
  ///     {"quality":{"profile":"chat"}}
  ///     {"deduplicate":{"exact":true,"near":{"ngram":5,"threshold-ppm":750000}}}
  ///     {"decontaminate":{"ngram":13,"threshold-ppm":0}}
  ///     {"pii":{"card":"redact","email":"tag","secret":"drop"}}
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
    retractions = try reader.bool("retractions", default: false) ? Retractions() : nil
    terms = try CurationParameters.terms(&reader)
    if var rules = try reader.object("reading") { reading = try ReadingRules(&rules) } else { reading = .standard }
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

  /// Nil where there is no such stage.
  package var decontamination: DecontaminationRule? {
    for case .decontaminate(let rule) in stages { return rule }
    return nil
  }

  /// What the ledger says about the run.
  var canonical: JSONValue {
    var members: [String: JSONValue] = ["files": files.map { .array($0.map { .string($0) }) } ?? .null, "stages": .array(stages.map(\.canonical))]
    // Nearly nobody says any of it, and a ledger without it is one without it.
    if reading != .standard { members["reading"] = reading.canonical }
    if retractions != nil { members["retractions"] = true }
    members["terms"] = terms?.document
    return .object(members)
  }
}

extension CurationParameters.Stage {
  /// The same for several kinds.
  package static func pii(_ action: PersonalData.Action, kinds: Set<PersonalData>) -> Self {
    .pii(Dictionary(uniqueKeysWithValues: kinds.map { ($0, action) }))
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
    "normalize": normalize, "language": language, "quality": quality, "deduplicate": deduplicate, "decontaminate": decontaminate, "pii": pii,
    "length": length,
  ]

  @Sendable private static func normalize(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    _ = try reader.word("unicode", ["nfc"], default: "nfc")
    return .normalize(repairsMojibake: try reader.word("mojibake", ["repair", "keep"], default: "repair") == "repair")
  }

  @Sendable private static func language(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    let codes = reader.take("keep").map { $0.array?.compactMap(\.string) ?? [] }
    guard codes?.isEmpty != true else { throw reader.error("keep", "must be a list of languages") }
    return .language(
      LanguageRule(
        keep: codes.map(Set.init), minimumSharePPM: try reader.integer("min-share-ppm", in: 0...1_000_000, default: 500_000),
        keepsUndecided: try reader.word("undecided", ["keep", "drop"], default: "keep") == "keep"))
  }

  @Sendable private static func decontaminate(_ reader: inout ParameterReader) throws(ParameterError) -> Self? {
    .decontaminate(
      DecontaminationRule(
        wordsInRun: try reader.integer("ngram", in: 5...32, default: 13),
        thresholdPPM: try reader.integer("threshold-ppm", in: 0...1_000_000, default: 0)))
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
    var actions: [PersonalData: PersonalData.Action] = [:]
    for kind in PersonalData.allCases {
      let word = try reader.word(kind.rawValue, PersonalData.Action.allCases.map(\.rawValue) + ["keep"], default: "keep")
      actions[kind] = PersonalData.Action(rawValue: word)
    }
    return actions.isEmpty ? nil : .pii(actions)
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
    case .language(let rule):
      [
        "language": [
          "keep": rule.keep.map { .array($0.sorted().map { .string($0) }) } ?? .null, "min-share-ppm": .integer(Int64(rule.minimumSharePPM)),
          "undecided": rule.keepsUndecided ? "keep" : "drop",
        ]
      ]
    case .decontaminate(let rule):
      ["decontaminate": ["ngram": .integer(Int64(rule.wordsInRun)), "threshold-ppm": .integer(Int64(rule.thresholdPPM))]]
    case .quality(let profile): ["quality": ["profile": .string(profile.rawValue)]]
    case .deduplicate(let rule):
      ["deduplicate": ["exact": .bool(rule.exact), "near": rule.near.map(\.canonical) ?? .null]]
    case .pii(let actions):
      ["pii": .object(Dictionary(uniqueKeysWithValues: actions.map { ($0.key.rawValue, .string($0.value.rawValue)) }))]
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
