/// The texts of a record, whatever its kind: the one way in which stages look at them and change them.
extension DatasetRecord.Content {
  /// What a text is in its record.
  package enum Part: Hashable, Sendable {
    /// Running text.
    case text
    case system, user
    /// What is learned: an answer, of two the chosen one, of judged ones a good one.
    case assistant
    /// An answer that is there to be unlearned: the rejected one, or one that was judged bad.
    case unwanted
    /// What a tool gave back.
    case tool
    /// The arguments of a call: JSON text, whose spelling is the tool's business.
    case arguments
    /// A string somewhere in the definition of a tool.
    case definition

    /// User and assistant talk; a system prompt, a call and a definition are no talk, and for an unwanted answer nobody vouches.
    package var isSpoken: Bool { self == .text || self == .user || self == .assistant }

    /// What is learned.
    package var isAnswer: Bool { self == .text || self == .assistant }

    /// Written for people, and not for a program to parse.
    package var isProse: Bool { self != .arguments && self != .definition }
  }

  /// In the order of the record.
  package func forEachText(_ body: (Part, String) -> Void) {
    switch self {
    case .text(let text): body(.text, text)
    case .messages(let messages): for message in messages { body(Part(message.role), message.content) }
    case .toolUse(let conversation): conversation.forEachText(body)
    case .preference(let preference):
      for message in preference.prompt + preference.chosen { body(Part(message.role), message.content) }
      for message in preference.rejected { body(Part(message.role, isUnwanted: true), message.content) }
    case .judged(let answer):
      for message in answer.prompt { body(Part(message.role), message.content) }
      for message in answer.completion { body(Part(message.role, isUnwanted: !answer.isGood), message.content) }
    }
  }

  /// The texts for which `isWanted` holds, in the order of the record.
  package func texts(_ isWanted: (Part) -> Bool) -> [String] {
    var texts: [String] = []
    forEachText { part, text in
      if isWanted(part) { texts.append(text) }
    }
    return texts
  }

  /// The same record with other texts: `change` gives the new one, or nil where a text stays.
  package func mappingTexts(_ change: (Part, String) -> String?) -> DatasetRecord.Content {
    switch self {
    case .text(let text): return change(.text, text).map { .text($0) } ?? self
    case .messages(var messages):
      messages.change { change(Part($0), $1) }
      return .messages(messages)
    case .toolUse(var conversation):
      conversation.change(change)
      return .toolUse(conversation)
    case .preference(var preference):
      preference.prompt.change { change(Part($0), $1) }
      preference.chosen.change { change(Part($0), $1) }
      preference.rejected.change { change(Part($0, isUnwanted: true), $1) }
      return .preference(preference)
    case .judged(var answer):
      answer.prompt.change { change(Part($0), $1) }
      answer.completion.change { change(Part($0, isUnwanted: !answer.isGood), $1) }
      return .judged(answer)
    }
  }

  /// The kind's name, for counts and for people.
  package var kind: String {
    switch self {
    case .messages: "conversation"
    case .text: "text"
    case .toolUse: "conversation with tools"
    case .preference: "preference pair"
    case .judged: "judged answer"
    }
  }
}

extension DatasetRecord.Content.Part {
  fileprivate init(_ role: Message.Role, isUnwanted: Bool = false) {
    switch role {
    case .system: self = .system
    case .user: self = .user
    case .assistant: self = isUnwanted ? .unwanted : .assistant
    }
  }

  fileprivate init(_ role: ToolTurn.Role) {
    switch role {
    case .system: self = .system
    case .user: self = .user
    case .assistant: self = .assistant
    case .tool: self = .tool
    }
  }
}

extension [Message] {
  fileprivate mutating func change(_ change: (Message.Role, String) -> String?) {
    for index in indices {
      if let text = change(self[index].role, self[index].content) { self[index].content = text }
    }
  }
}

extension ToolConversation {
  fileprivate func forEachText(_ body: (DatasetRecord.Content.Part, String) -> Void) {
    for turn in turns {
      body(DatasetRecord.Content.Part(turn.role), turn.content)
      for call in turn.calls { body(.arguments, call.arguments) }
    }
    for tool in tools { tool.forEachString { body(.definition, $0) } }
  }

  fileprivate mutating func change(_ change: (DatasetRecord.Content.Part, String) -> String?) {
    for index in turns.indices {
      if let text = change(DatasetRecord.Content.Part(turns[index].role), turns[index].content) { turns[index].content = text }
      for call in turns[index].calls.indices {
        if let text = change(.arguments, turns[index].calls[call].arguments) { turns[index].calls[call].arguments = text }
      }
    }
    tools = tools.map { tool in tool.mappingStrings { change(.definition, $0) ?? $0 } }
  }
}

extension JSONValue {
  /// Every string that is a value, in the order of the sorted keys.
  fileprivate func forEachString(_ body: (String) -> Void) {
    switch self {
    case .string(let text): body(text)
    case .array(let values): for value in values { value.forEachString(body) }
    case .object(let members): for (_, value) in members.sorted(by: { $0.key < $1.key }) { value.forEachString(body) }
    default: break
    }
  }

  fileprivate func mappingStrings(_ change: (String) -> String) -> JSONValue {
    switch self {
    case .string(let text): .string(change(text))
    case .array(let values): .array(values.map { $0.mappingStrings(change) })
    case .object(let members): .object(members.mapValues { $0.mappingStrings(change) })
    default: self
    }
  }
}
