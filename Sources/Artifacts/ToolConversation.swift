/// A conversation with tools, as function calling is written down: what the assistant may call, what it called, and what came back.
///
/// In canonical form it is what OpenAI's chat format calls `messages` and `tools`, so that other programs read what is exported.
package struct ToolConversation: Hashable, Sendable {
  /// What may be called: JSON objects, mostly with a JSON Schema in them. Nothing of it is looked into.
  package var tools: [JSONValue]
  package var turns: [ToolTurn]

  package init(tools: [JSONValue], turns: [ToolTurn]) {
    self.tools = tools
    self.turns = turns
  }

  /// Without any, it is a plain conversation.
  package var hasTools: Bool { !tools.isEmpty || turns.contains(where: \.usesTools) }

  /// The same as plain messages, where no tool stands in it.
  package var messages: [Message]? {
    guard !hasTools else { return nil }
    let messages = turns.compactMap(\.message)
    return messages.count == turns.count ? messages : nil
  }
}

/// One turn of a conversation with tools.
package struct ToolTurn: Hashable, Sendable {
  package enum Role: String, Hashable, Sendable {
    case system, user, assistant
    /// What a tool gave back.
    case tool
  }

  package var role: Role
  package var content: String
  /// What the assistant calls, in order.
  package var calls: [ToolCall] = []
  /// Which call a tool's turn answers, and the tool's name, where the file says so.
  package var callID: String?
  package var name: String?

  package init(role: Role, content: String, calls: [ToolCall] = [], callID: String? = nil, name: String? = nil) {
    (self.role, self.content, self.calls, self.callID, self.name) = (role, content, calls, callID, name)
  }

  package var usesTools: Bool { role == .tool || !calls.isEmpty }

  var message: Message? { Message.Role(rawValue: role.rawValue).map { Message(role: $0, content: content) } }
}

/// A call of a function.
package struct ToolCall: Hashable, Sendable {
  package var id: String?
  package var name: String
  /// JSON text, as OpenAI's format has it; whether it is right is the tool's business.
  package var arguments: String

  package init(id: String? = nil, name: String, arguments: String) {
    (self.id, self.name, self.arguments) = (id, name, arguments)
  }
}

// MARK: - Canonical form

extension ToolConversation {
  var members: [String: JSONValue] {
    var members: [String: JSONValue] = ["messages": .array(turns.map(\.canonical))]
    if !tools.isEmpty { members["tools"] = .array(tools) }
    return members
  }

  init?(members: [String: JSONValue]) {
    guard let values = members["messages"]?.array else { return nil }
    turns = values.compactMap(ToolTurn.init(canonical:))
    tools = members["tools"]?.array ?? []
    guard turns.count == values.count else { return nil }
  }
}

extension ToolTurn {
  fileprivate var canonical: JSONValue {
    var members: [String: JSONValue] = ["role": .string(role.rawValue), "content": .string(content)]
    if !calls.isEmpty { members["tool_calls"] = .array(calls.map(\.canonical)) }
    if let callID { members["tool_call_id"] = .string(callID) }
    if let name { members["name"] = .string(name) }
    return .object(members)
  }

  fileprivate init?(canonical value: JSONValue) {
    guard let role = value["role"]?.string.flatMap(Role.init(rawValue:)), let content = value["content"]?.string else { return nil }
    let values = value["tool_calls"]?.array ?? []
    let calls = values.compactMap(ToolCall.init(canonical:))
    guard calls.count == values.count else { return nil }
    self.init(role: role, content: content, calls: calls, callID: value["tool_call_id"]?.string, name: value["name"]?.string)
  }
}

extension ToolCall {
  fileprivate var canonical: JSONValue {
    var members: [String: JSONValue] = ["type": "function", "function": ["name": .string(name), "arguments": .string(arguments)]]
    if let id { members["id"] = .string(id) }
    return .object(members)
  }

  fileprivate init?(canonical value: JSONValue) {
    guard let function = value["function"], let name = function["name"]?.string, let arguments = function["arguments"]?.string else { return nil }
    self.init(id: value["id"]?.string, name: name, arguments: arguments)
  }
}
