internal import Artifacts
internal import Foundation

/// Reads a list of turns as one dialect spells them.
struct TurnReader {
  private enum Speaker {
    case role(ToolTurn.Role)
    /// A turn that is a call, written as JSON in its content.
    case call
  }

  private let roleKeys: Set<String>
  private let contentKeys: Set<String>
  private let speakers: [String: Speaker]

  static let openAI = TurnReader(roleKeys: ["role"], contentKeys: ["content"], speakers: common)

  static let shareGPT = TurnReader(
    roleKeys: ["role", "from"], contentKeys: ["content", "value"],
    speakers: common.merging([
      "human": .role(.user), "gpt": .role(.assistant), "observation": .role(.tool), "function_response": .role(.tool), "tool_response": .role(.tool),
      "function_call": .call, "tool_call": .call,
    ]) { own, _ in own })

  /// `developer` is what OpenAI calls the system turn of newer models, `function` what tools were called before.
  private static let common: [String: Speaker] = [
    "system": .role(.system), "developer": .role(.system), "user": .role(.user), "assistant": .role(.assistant), "tool": .role(.tool),
    "function": .role(.tool),
  ]

  private static let names: Set<String> = ["role", "from", "content", "value", "tool_calls", "function_call", "tool_call_id", "name"]

  /// What a call that stands in a turn of its own belongs to: the assistant's words right before it.
  func turns(_ list: JSONTree) throws(RecordFault) -> [ToolTurn] {
    var turns: [ToolTurn] = []
    var fault: RecordFault?
    list.forEachChild { _, value in
      do throws(RecordFault) {
        let turn = try self.turn(value)
        if turn.isBareCall, turns.last?.role == .assistant {
          turns[turns.count - 1].calls += turn.calls
        } else {
          turns.append(turn)
        }
        return true
      } catch {
        fault = error
        return false
      }
    }
    if let fault { throw fault }
    return turns
  }

  /// Plain turns alone.
  func messages(_ list: JSONTree) throws(RecordFault) -> [Message] {
    guard let messages = ToolConversation(tools: [], turns: try turns(list)).messages else { throw RecordFault(.toolsBesideJudgement) }
    return messages
  }

  func turn(_ value: JSONTree) throws(RecordFault) -> ToolTurn {
    guard let members = JSONMembers(value, known: Self.names, strict: Self.names) else { throw RecordFault(.turnNotAnObject) }
    let role = try only(roleKeys, of: members)
    let content = try only(contentKeys, of: members)
    guard let speaker = role?.string.flatMap({ speakers[$0] }) else { throw RecordFault(.unknownRole) }
    switch speaker {
    case .call:
      guard let text = content?.string else { throw RecordFault(.turnContentNotAString) }
      return ToolTurn(role: .assistant, content: "", calls: try TurnReader.calls(written: text))
    case .role(let role):
      guard !members.isRepeated("tool_calls"), !members.isRepeated("function_call") else { throw RecordFault(.duplicateKey) }
      let calls = role == .assistant ? try TurnReader.calls(members) : []
      // An assistant that calls says nothing, which some write as a null and some leave out.
      let text = content == nil && !calls.isEmpty ? "" : try TurnReader.text(content)
      guard role == .tool else { return ToolTurn(role: role, content: text, calls: calls) }
      return ToolTurn(role: role, content: text, callID: members["tool_call_id"]?.string, name: members["name"]?.string)
    }
  }

  /// The one member that has one of these names.
  private func only(_ names: Set<String>, of members: JSONMembers) throws(RecordFault) -> JSONTree? {
    guard names.count(where: members.isThere) <= 1, !names.contains(where: members.isRepeated) else { throw RecordFault(.duplicateKey) }
    return names.lazy.compactMap { members[$0] }.first
  }

  /// A string, or a list of parts that all are text; they are joined by line feeds.
  private static func text(_ content: JSONTree?) throws(RecordFault) -> String {
    guard let content else { throw RecordFault(.turnContentNotAString) }
    if let text = content.string { return text }
    guard content.kind == .array else { throw RecordFault(.turnContentNotAString) }
    var parts: [String] = []
    var reason: DropReason?
    content.forEachChild { _, part in
      if let text = part.string {
        parts.append(text)
      } else if let members = JSONMembers(part, known: ["type", "text"]) {
        let isText = ["text", "input_text", "output_text"].contains(members["type"]?.string ?? "")
        if isText, let text = members["text"]?.string { parts.append(text) } else { reason = isText ? .turnContentNotAString : .contentNotText }
      } else {
        reason = .turnContentNotAString
      }
      return reason == nil
    }
    if let reason { throw RecordFault(reason) }
    return parts.joined(separator: "\n")
  }
}


extension ToolTurn {
  fileprivate var isBareCall: Bool { role == .assistant && content.isEmpty && !calls.isEmpty }
}

// MARK: - Tools

extension TurnReader {
  /// `tools`, or what they were called before, `functions`; a list, or the JSON text of one.
  static func tools(_ members: JSONMembers) throws(RecordFault) -> [JSONValue] {
    guard let value = members["tools"] ?? members["functions"] else { return [] }
    let tools = value.string.map { $0.isEmpty ? .array([]) : (try? JSONValue(parsing: Data($0.utf8))) ?? .null } ?? value.copy  // What is no JSON is refused below.
    guard let list = tools.array, list.allSatisfy({ $0.object != nil }), list.allSatisfy(\.isCanonicalisable) else { throw RecordFault(.toolsNotAList) }
    return list
  }

  fileprivate static func calls(_ members: JSONMembers) throws(RecordFault) -> [ToolCall] {
    if let list = members["tool_calls"] {
      guard list.kind == .array else { throw RecordFault(.unreadableCall) }
      return try calls(list.copy.array ?? [])
    }
    return try members["function_call"].map { (call) throws(RecordFault) in try calls([call.copy]) } ?? []
  }

  /// ShareGPT's: the JSON text of a call, or of a list of calls.
  fileprivate static func calls(written text: String) throws(RecordFault) -> [ToolCall] {
    guard let value = try? JSONValue(parsing: Data(text.utf8)) else { throw RecordFault(.unreadableCall) }  // Why does not matter.
    return try calls(value.array ?? [value])
  }

  private static func calls(_ values: [JSONValue]) throws(RecordFault) -> [ToolCall] {
    try values.map { (value) throws(RecordFault) in
      let function = value["function"] ?? value
      guard let name = function["name"]?.string else { throw RecordFault(.unreadableCall) }
      let arguments = function["arguments"] ?? function["parameters"] ?? .object([:])
      guard arguments.isCanonicalisable else { throw RecordFault(.unreadableCall) }
      return ToolCall(id: value["id"]?.string, name: name, arguments: arguments.string ?? arguments.canonicalText)
    }
  }
}

extension JSONValue {
  /// RFC 8785 has no spelling for integers beyond ±(2⁵³ − 1) (section 3.2.2.3). What 64 bits with a sign do not hold has been read as binary64, and is
  /// another number by now.
  fileprivate var isCanonicalisable: Bool {
    switch self {
    case .integer(let value): value.magnitude < 1 << 53
    case .number(let value): value.magnitude < 0x1p53
    case .array(let values): values.allSatisfy(\.isCanonicalisable)
    case .object(let members): members.values.allSatisfy(\.isCanonicalisable)
    default: true
    }
  }
}
