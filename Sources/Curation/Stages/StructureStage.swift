internal import Artifacts

/// The shape that training understands: after an optional system turn, user and assistant take turns, and the assistant has the last word.
///
/// Nothing is repaired. A trailing question is not cut off: whoever wrote it may have expected an answer, and the ledger says that there is
/// none.
struct StructureStage: RecordStage {
  let name = StageName.structure

  func judge(_ record: DatasetRecord) -> Verdict {
    switch record.content {
    case .text(let text): text.isEmpty ? .drop(.emptyText) : .pass
    case .messages(let messages): judge(messages)
    case .toolUse(let conversation): judge(conversation.turns)
    case .preference(let preference): judge(preference)
    case .judged(let answer): judge(answer.prompt + answer.completion)
    }
  }

  /// Each answer makes a conversation of its prompt.
  private func judge(_ preference: Preference) -> Verdict {
    for answer in [preference.chosen, preference.rejected] {
      guard !answer.isEmpty else { return .drop(.noAssistantTurn) }
      let verdict = judge(preference.prompt + answer)
      if case .drop = verdict.decision { return verdict }
    }
    return preference.chosen == preference.rejected ? .drop(.sameAnswers) : .pass
  }

  /// A tool may answer the assistant; after it, the assistant goes on.
  private func judge(_ turns: [ToolTurn]) -> Verdict {
    guard !turns.isEmpty else { return .drop(.noTurns) }
    // A call says something without a word, and some tools give back nothing.
    if let turn = turns.firstIndex(where: { $0.content.isEmpty && $0.calls.isEmpty && $0.role != .tool }) { return drop(.emptyTurn, turn: turn) }
    let start = turns[0].role == .system ? 1 : 0
    for turn in start..<turns.count {
      if let reason = fault(of: turns[turn].role, after: turn > start ? turns[turn - 1].role : nil) { return drop(reason, turn: turn) }
    }
    guard turns.last?.role == .assistant else { return drop(.noAssistantTurn, turn: turns.count - 1) }
    return .pass
  }

  private func fault(of role: ToolTurn.Role, after last: ToolTurn.Role?) -> DropReason? {
    switch (role, last) {
    case (.system, _): .misplacedSystemTurn
    case (.user, nil), (.user, .assistant), (.assistant, .user), (.assistant, .tool), (.tool, .assistant), (.tool, .tool): nil
    case (.tool, _): .misplacedToolTurn
    case (_, nil): .noUserTurnFirst
    default: .turnsDoNotAlternate
    }
  }

  private func judge(_ messages: [Message]) -> Verdict {
    guard !messages.isEmpty else { return .drop(.noTurns) }
    if let turn = messages.firstIndex(where: \.content.isEmpty) { return drop(.emptyTurn, turn: turn) }
    let start = messages[0].role == .system ? 1 : 0
    for turn in start..<messages.count {
      if let reason = fault(of: messages[turn].role, at: turn - start) { return drop(reason, turn: turn) }
    }
    guard messages.last?.role == .assistant else { return drop(.noAssistantTurn, turn: messages.count - 1) }
    return .pass
  }

  /// What is wrong with a role at a place counted from 0 after the system turn.
  private func fault(of role: Message.Role, at place: Int) -> DropReason? {
    if role == .system { return .misplacedSystemTurn }
    let expected: Message.Role = place.isMultiple(of: 2) ? .user : .assistant
    guard role != expected else { return nil }
    return place == 0 ? .noUserTurnFirst : .turnsDoNotAlternate
  }

  private func drop(_ reason: DropReason, turn index: Int) -> Verdict {
    .drop(reason, measured: Double(index + 1))
  }
}
