internal import Artifacts
internal import Foundation

/// Reads answers that somebody judged: pairs of which one was preferred, and single ones with a label. TRL's forms, and those of
/// Anthropic's HH data. docs/curation.md, "Judged answers", is the contract.
enum PreferenceReader {
  /// What stands for a prompt or an answer.
  private enum Side {
    case text(String)
    case turns([Message])

    func messages(_ role: Message.Role) -> [Message] {
      switch self {
      case .text(let text): [Message(role: role, content: text)]
      case .turns(let turns): turns
      }
    }
  }

  static func preference(_ members: JSONMembers) throws(RecordFault) -> Preference {
    try refuseRepeated(["chosen", "rejected", "prompt", "conversations"], members)
    guard let chosen = try side(members["chosen"], .answerNotAString), let rejected = try side(members["rejected"], .answerNotAString) else {
      throw RecordFault(members.has("chosen") || members.has("rejected") ? .noAnswer : .noContent)
    }
    guard let prompt = try prompt(members) else { return try implicit(chosen, rejected, system: try QuestionDialect.systemTurn(Fields(members)).get()) }
    return Preference(prompt: prompt.turns, chosen: answer(chosen, after: prompt), rejected: answer(rejected, after: prompt))
  }

  static func judged(_ members: JSONMembers) throws(RecordFault) -> JudgedAnswer {
    try refuseRepeated(["completion", "label", "prompt"], members)
    guard let completion = try side(members["completion"], .answerNotAString), let prompt = try prompt(members) else {
      throw RecordFault(members.has("prompt") ? .noAnswer : .noContent)
    }
    guard let label = members["label"]?.bool else { throw RecordFault(.labelNotTrueOrFalse) }
    return JudgedAnswer(prompt: prompt.turns, completion: answer(completion, after: prompt), isGood: label)
  }

  /// Of a row of a table, where all is text.
  static func content(of fields: Fields, _ dialect: RecordDialect, asking question: QuestionDialect) throws(RecordFault) -> DatasetRecord.Content {
    let prompt = Prompt(turns: try question.prompt(fields), isText: true)
    func answer(_ name: FieldName) throws(RecordFault) -> [Message] {
      guard let text = try QuestionDialect.text(fields[name], .answerNotAString) else { throw RecordFault(.noAnswer) }
      return PreferenceReader.answer(.text(text), after: prompt)
    }
    guard dialect == .kto else { return .preference(Preference(prompt: prompt.turns, chosen: try answer(.chosen), rejected: try answer(.rejected))) }
    guard case .string(let label) = fields[.label], let isGood = ["true": true, "false": false][label.trimmingCharacters(in: .whitespaces).lowercased()] else {
      throw RecordFault(.labelNotTrueOrFalse)
    }
    return .judged(JudgedAnswer(prompt: prompt.turns, completion: try answer(.completion), isGood: isGood))
  }

  private static func refuseRepeated(_ names: [String], _ members: JSONMembers) throws(RecordFault) {
    guard !names.contains(where: members.isRepeated) else { throw RecordFault(.duplicateKey) }
  }

  /// A string, a turn, or a list of turns.
  private static func side(_ value: JSONTree?, _ reason: DropReason) throws(RecordFault) -> Side? {
    guard let value else { return nil }
    switch value.kind {
    case .string: return .text(value.string ?? "")
    case .array: return .turns(try TurnReader.shareGPT.messages(value))
    case .object:
      guard let message = ToolConversation(tools: [], turns: [try TurnReader.shareGPT.turn(value)]).messages else { throw RecordFault(.toolsBesideJudgement) }
      return .turns(message)
    default: throw RecordFault(reason)
    }
  }

  /// What was asked.
  private struct Prompt {
    /// With the system's turn before it.
    let turns: [Message]
    /// It is one turn that stood there as a string.
    let isText: Bool
  }

  /// Nil where there is none.
  private static func prompt(_ members: JSONMembers) throws(RecordFault) -> Prompt? {
    let fields = Fields(members)
    if let value = members["prompt"] ?? members["conversations"] ?? members["messages"], value.kind != .string {
      guard case .turns(let turns)? = try side(value, .questionNotAString) else { throw RecordFault(.questionNotAString) }
      let system = turns.first?.role == .system ? [] : try QuestionDialect.systemTurn(fields).get()
      return Prompt(turns: system + turns, isText: false)
    }
    return try QuestionDialect.all.first { fields[$0.question] != .absent }.map { (dialect) throws(RecordFault) in
      Prompt(turns: try dialect.prompt(fields), isText: true)
    }
  }

  /// Some repeat the prompt at the head of each answer.
  private static func answer(_ side: Side, after prompt: Prompt) -> [Message] {
    switch side {
    case .text(let text): [Message(role: .assistant, content: prompt.isText ? answer(text, after: prompt.turns.last?.content ?? "") : text)]
    case .turns(let turns): answer(turns, after: prompt.turns)
    }
  }

  /// Not where it is all that there is, and not where a word goes on: "Why" and "Whyever not?"
  private static func answer(_ text: String, after prompt: String) -> String {
    guard !prompt.isEmpty, text.utf8.starts(with: prompt.utf8) else { return text }
    let rest = text.utf8.dropFirst(prompt.utf8.count)
    guard rest.contains(where: { !" \t\r\n".utf8.contains($0) }), let last = prompt.utf8.last, let next = rest.first, !(last.isWordly && next.isWordly) else { return text }
    return String(decoding: rest, as: UTF8.self)
  }

  private static func answer(_ turns: [Message], after prompt: [Message]) -> [Message] {
    for head in [prompt, prompt.first?.role == .system ? Array(prompt.dropFirst()) : []] where !head.isEmpty && turns.count > head.count {
      if turns.starts(with: head) { return Array(turns.dropFirst(head.count)) }
    }
    return turns
  }

  /// The prompt is what both begin with.
  private static func implicit(_ chosen: Side, _ rejected: Side, system: [Message]) throws(RecordFault) -> Preference {
    guard let first = turns(chosen), let second = turns(rejected) else { throw RecordFault(.noPrompt) }
    let shared = min(zip(first, second).prefix { $0 == $1 }.count, first.count - 1, second.count - 1)
    guard shared > 0 else { throw RecordFault(.noPrompt) }
    return Preference(
      prompt: (first[0].role == .system ? [] : system) + first.prefix(shared), chosen: Array(first.dropFirst(shared)),
      rejected: Array(second.dropFirst(shared)))
  }

  private static func turns(_ side: Side) -> [Message]? {
    switch side {
    case .turns(let turns): turns
    case .text(let text): transcript(text)
    }
  }

  /// `Human: …`, an empty line, `Assistant: …` and so on (Bai et al. 2022, "Training a Helpful and Harmless Assistant"). Nil where the text is none.
  private static func transcript(_ text: String) -> [Message]? {
    let bytes = Array("\n\n".utf8) + Array(text.utf8.drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
    let feed = UInt8(ascii: "\n")
    var messages: [Message] = []
    var start: Int?
    func close(at end: Int) {
      guard let start, let last = messages.indices.last else { return }
      messages[last].content = String(decoding: bytes[start..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    for index in bytes.indices.dropLast() where bytes[index] == feed && bytes[index + 1] == feed {
      guard let speaker = speakers.first(where: { bytes[(index + 2)...].starts(with: $0.mark) }) else { continue }
      guard start != nil || index == 0 else { return nil }
      close(at: index)
      messages.append(Message(role: speaker.role, content: ""))
      start = index + 2 + speaker.mark.count
    }
    guard messages.count > 1 else { return nil }
    close(at: bytes.count)
    return messages
  }

  private static let speakers = [(mark: Array("Human:".utf8), role: Message.Role.user), (mark: Array("Assistant:".utf8), role: .assistant)]
}
