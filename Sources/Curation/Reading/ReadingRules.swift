internal import Artifacts

/// What a person says about the files that the files do not say themselves. It is part of the parameters of a curation.
package struct ReadingRules: Hashable, Sendable {
  /// What a file is, in the place of what its name and its content say.
  package enum Format: Hashable, Sendable {
    case kind(FileKind)
    case dialect(RecordDialect)
  }

  package struct FormatRule: Hashable, Sendable {
    /// Nil: every file.
    package let files: String?
    package let format: Format

    package init(files: String? = nil, format: Format) {
      self.files = files
      self.format = format
    }
  }

  /// Of those that name a file, the first is taken that gives a kind, and the first that gives a dialect.
  package let formats: [FormatRule]
  /// The names of the columns of tables that have no row of names.
  package let columns: [String]?
  /// Who the Soul is in chats: names or ids, of one person.
  package let speakers: [String]
  /// A chat is cut into conversations where nobody wrote for this long.
  package let pauseInSeconds: Int
  /// Puts the names of the other people before what they say.
  package let namesOthers: Bool

  package init(
    formats: [FormatRule] = [], columns: [String]? = nil, speakers: [String] = [], pauseInSeconds: Int = standardPauseInSeconds, namesOthers: Bool = false
  ) {
    self.formats = formats
    self.columns = columns
    self.speakers = speakers
    self.pauseInSeconds = pauseInSeconds
    self.namesOthers = namesOthers
  }

  package static let standardPauseInSeconds = 6 * 3_600
  package static let standard = ReadingRules()
}

// MARK: - What holds for one file

extension ReadingRules {
  /// Of a member of an archive, `path` holds the archive's.
  func kind(of path: String) -> FileKind? { first(path) { if case .kind(let kind) = $0 { kind } else { nil } } }

  func dialect(of path: String) -> RecordDialect? { first(path) { if case .dialect(let dialect) = $0 { dialect } else { nil } } }

  private func first<Value>(_ path: String, _ value: (Format) -> Value?) -> Value? {
    guard !formats.isEmpty else { return nil }
    let archive = path.firstRange(of: FileSelection.mark).map { String(path[..<$0.lowerBound]) }
    for rule in formats {
      guard let found = value(rule.format) else { continue }
      guard let pattern = rule.files else { return found }
      let selection = FileSelection([pattern])
      if archive.map({ selection.names(member: path, of: $0) }) ?? selection.names(path) { return found }
    }
    return nil
  }
}

extension ReadingRules.Format {
  /// The words that a recipe has for them. Raw values are not all taken: `text` is a dialect, and the file of prose has another word.
  package static let words: [(word: String, format: ReadingRules.Format)] =
    [
      ("jsonl", .kind(.jsonLines)), ("json", .kind(.json)), ("csv", .kind(.commaSeparated)), ("tsv", .kind(.tabSeparated)),
      ("markdown", .kind(.markdown)), ("plain-text", .kind(.plainText)), ("telegram", .kind(.telegram)), ("whatsapp", .kind(.whatsApp)),
    ] + RecordDialect.allCases.map { ($0.rawValue, .dialect($0)) }

  package init?(word: String) {
    guard let found = ReadingRules.Format.words.first(where: { $0.word == word }) else { return nil }
    self = found.format
  }

  fileprivate var word: String {
    guard let found = ReadingRules.Format.words.first(where: { $0.format == self }) else { preconditionFailure("every format has a word") }
    return found.word
  }
}

// MARK: - Parameters

extension ReadingRules {
  /// Reads `{"chat":{"names":false,"pause-seconds":21600},"columns":["question","answer"],"formats":[{"files":"*.txt","is":"whatsapp"}],"speakers":["Anna"]}`;
  /// any of them may be absent.
  init(_ reader: inout ParameterReader) throws(ParameterError) {
    let chat = try reader.object("chat")
    var pause = Self.standardPauseInSeconds
    var namesOthers = false
    if var chat {
      pause = try chat.integer("pause-seconds", in: 1...1_000_000_000, default: pause)
      namesOthers = try chat.bool("names", default: false)
      try chat.finish()
    }
    var formats: [FormatRule] = []
    for (index, value) in (reader.take("formats")?.array ?? []).enumerated() {
      var rule = try ParameterReader(value, at: reader.place(of: "formats[\(index)]"))
      let word = try rule.word("is", Format.words.map(\.word), default: "")
      guard let format = Format(word: word) else { throw rule.error("is", "is missing") }
      formats.append(FormatRule(files: rule.take("files")?.string, format: format))
      try rule.finish()
    }
    self.init(
      formats: formats, columns: try ReadingRules.texts("columns", &reader), speakers: try ReadingRules.texts("speakers", &reader) ?? [],
      pauseInSeconds: pause, namesOthers: namesOthers)
    try reader.finish()
  }

  private static func texts(_ name: String, _ reader: inout ParameterReader) throws(ParameterError) -> [String]? {
    guard let value = reader.take(name) else { return nil }
    guard let texts = value.array?.compactMap(\.string), texts.count == value.array?.count, !texts.isEmpty else {
      throw reader.error(name, "must be a list of texts")
    }
    return texts
  }

  /// What the ledger says about the run, and `init` reads.
  var canonical: JSONValue {
    var members: [String: JSONValue] = ["chat": ["names": .bool(namesOthers), "pause-seconds": .integer(Int64(pauseInSeconds))]]
    if let columns { members["columns"] = .array(columns.map { .string($0) }) }
    if !speakers.isEmpty { members["speakers"] = .array(speakers.map { .string($0) }) }
    if !formats.isEmpty {
      members["formats"] = .array(
        formats.map { rule in
          let files: [String: JSONValue] = rule.files.map { ["files": .string($0)] } ?? [:]
          return .object(files.merging(["is": .string(rule.format.word)]) { own, _ in own })
        })
    }
    return .object(members)
  }
}
