internal import Artifacts

/// The ways in which a record is written. docs/curation.md, "Dialects", is the contract.
package enum RecordDialect: String, CaseIterable, Hashable, Sendable {
  /// OpenAI's, with or without tools.
  case messages
  case text
  case shareGPT = "sharegpt"
  case alpaca
  case promptCompletion = "prompt-completion"
  /// `question` and `answer`, `user` and `assistant`, `input` and `output`.
  case questionAnswer = "question-answer"
  case preference
  case kto
}

/// Tells the dialect of a record by its members, and reads it.
enum DialectReader {
  static func record(of tree: JSONTree, _ dialect: RecordDialect?) -> Result<DatasetRecord, RecordFault> {
    do throws(RecordFault) {
      return .success(try read(tree, dialect))
    } catch {
      return .failure(error)
    }
  }

  /// The members of records, whatever their dialect.
  static let memberNames = Set(["messages", "text", "conversation", "conversations", "tools", "functions", "license", "consent"] + FieldName.allCases.map(\.rawValue))

  /// Where these stand twice, nobody can say what the record is.
  private static let strictNames: Set<String> = ["messages", "text", "conversation"]

  private static func read(_ tree: JSONTree, _ dialect: RecordDialect?) throws(RecordFault) -> DatasetRecord {
    guard let members = JSONMembers(tree, known: memberNames, strict: strictNames) else { throw RecordFault(.notAnObject) }
    guard !strictNames.contains(where: members.isRepeated) else { throw RecordFault(.duplicateKey) }
    if dialect == nil, members.has("messages"), members.has("text") { throw RecordFault(.ambiguousContent) }
    var conversation: String?
    if let key = members["conversation"] {
      guard let text = key.string else { throw RecordFault(.conversationNotAString) }
      conversation = text.isEmpty ? nil : text
    }
    let content = try content(members, dialect ?? RecordDialect(of: members))
    let stated = StatedTerms(license: members.field("license"), consent: members.field("consent"))
    return DatasetRecord(content: content, conversation: conversation, license: stated.expression)
  }

  /// `dialect` nil: a question and its answer, by whatever names.
  private static func content(_ members: JSONMembers, _ dialect: RecordDialect?) throws(RecordFault) -> DatasetRecord.Content {
    switch dialect {
    case .text:
      guard let text = members["text"] else { throw RecordFault(.noContent) }
      guard let text = text.string else { throw RecordFault(.textNotAString) }
      return .text(text)
    case .messages: return try conversation(members, "messages", .openAI, otherwise: .messagesNotAnArray)
    case .shareGPT: return try conversation(members, "conversations", .shareGPT, otherwise: .conversationsNotAnArray)
    case .preference: return .preference(try PreferenceReader.preference(members))
    case .kto: return .judged(try PreferenceReader.judged(members))
    case .alpaca, .promptCompletion, .questionAnswer, nil: return try exchange(members, among: dialect.flatMap(\.questions))
    }
  }

  private static func conversation(
    _ members: JSONMembers, _ name: String, _ spelling: TurnReader, otherwise reason: DropReason
  ) throws(RecordFault) -> DatasetRecord.Content {
    guard !members.isRepeated(name), !members.isRepeated("tools") else { throw RecordFault(.duplicateKey) }
    guard let value = members[name] else { throw RecordFault(.noContent) }
    guard value.kind == .array else { throw RecordFault(reason) }
    let system = name == "messages" ? [] : try QuestionDialect.systemTurn(Fields(members)).get()
    let turns = system.map { ToolTurn(role: .system, content: $0.content) } + (try spelling.turns(value))
    let conversation = ToolConversation(tools: try TurnReader.tools(members), turns: turns)
    return conversation.messages.map { .messages($0) } ?? .toolUse(conversation)
  }

  private static func exchange(_ members: JSONMembers, among questions: [FieldName]?) throws(RecordFault) -> DatasetRecord.Content {
    let fields = Fields(members)
    let chosen = QuestionDialect.choose { name in
      let isQuestion = QuestionDialect.all.contains { $0.question == name }
      return fields[name] != .absent && (!isQuestion || questions?.contains(name) ?? true)
    }
    return .messages(try chosen.get().messages(fields).get())
  }
}

extension RecordDialect {
  /// The names that a question may have in this dialect; nil where that is no matter.
  var questions: [FieldName]? {
    switch self {
    case .alpaca: [.instruction]
    case .promptCompletion: [.prompt]
    case .questionAnswer: [.question, .user, .input]
    default: nil
    }
  }

  /// Nil for a question and its answer, and for nothing that is known.
  fileprivate init?(of members: JSONMembers) {
    if members.has("text") {
      self = .text
    } else if members.has("messages") {
      self = .messages
    } else if members.has("chosen"), members.has("rejected") {
      self = .preference
    } else if members.has("conversations") {
      self = .shareGPT
    } else if members.has("prompt"), members.has("completion"), members["label"]?.kind == .bool {
      self = .kto
    } else {
      return nil
    }
  }
}

extension Fields {
  init(_ members: JSONMembers) {
    self.init()
    for name in FieldName.allCases { self[name] = members.field(name.rawValue) }
  }
}

extension JSONMembers {
  fileprivate func field(_ name: String) -> Fields.Value {
    guard let value = self[name] else { return .absent }
    return isRepeated(name) ? .twice : value.string.map { .string($0) } ?? .notAString
  }
}
