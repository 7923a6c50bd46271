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
