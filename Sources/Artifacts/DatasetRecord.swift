/// One training example, and the identity that follows it through curation, splits, lineage and withdrawal.
package struct DatasetRecord: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    /// A conversation. Only the assistant's turns are trained on.
    case messages([Message])
    /// Running text. All of it is trained on.
    case text(String)
    /// A conversation in which tools stand: offered, called or answering.
    case toolUse(ToolConversation)
    /// Two answers to one prompt, of which one was preferred.
    case preference(Preference)
    /// One answer to a prompt, with a judgement.
    case judged(JudgedAnswer)
  }

  package var content: Content

  /// Records that share this key stay on one side of every split. Nil: the record stands alone.
  package var conversation: String?

  /// The licence and consent of this record where they are its own and not its dataset's: an SPDX expression, in one spelling once curation has judged
  /// it. No part of the content.
  package var license: String?

  package init(content: Content, conversation: String? = nil, license: String? = nil) {
    self.content = content
    self.conversation = conversation
    self.license = license
  }
}

/// One turn of a conversation.
package struct Message: Hashable, Sendable {
  package enum Role: String, Hashable, Sendable, CaseIterable {
    case system, user, assistant
  }

  package var role: Role
  package var content: String

  package init(role: Role, content: String) {
    self.role = role
    self.content = content
  }
}

/// The digest of a record's canonical content: equal content has an equal id, wherever it was found.
package struct RecordID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let digest: Digest

  package init(_ digest: Digest) { self.digest = digest }

  package static func < (left: RecordID, right: RecordID) -> Bool { left.digest < right.digest }
  package var description: String { digest.description }
}

extension DatasetRecord {
  /// What the id is the digest of: the kind of example and its text; never the file, the line, the order or the conversation key.
  package var canonicalContent: JSONValue {
    switch content {
    case .text(let text):
      ["schema": "soulpack.record/1", "text": .string(text)]
    case .messages(let messages):
      ["schema": "soulpack.record/1", "messages": .array(messages.map(\.canonical))]
    case .toolUse(let conversation): .object(conversation.members.merging(["schema": "soulpack.record/1"]) { own, _ in own })
    case .preference(let preference): .object(preference.members.merging(["schema": "soulpack.record/1"]) { own, _ in own })
    case .judged(let answer): .object(answer.members.merging(["schema": "soulpack.record/1"]) { own, _ in own })
    }
  }

  /// One line of a curated dataset: `{"conversation":…,"license":…,"messages":[…]}`, `{"conversation":…,"license":…,"text":…}`, or the members of
  /// another kind beside these two.
  package var canonicalLine: JSONValue {
    var members: [String: JSONValue] = [:]
    if let conversation { members["conversation"] = .string(conversation) }
    if let license { members["license"] = .string(license) }
    switch content {
    case .text(let text): members["text"] = .string(text)
    case .messages(let messages): members["messages"] = .array(messages.map(\.canonical))
    case .toolUse(let conversation): members.merge(conversation.members) { own, _ in own }
    case .preference(let preference): members.merge(preference.members) { own, _ in own }
    case .judged(let answer): members.merge(answer.members) { own, _ in own }
    }
    return .object(members)
  }

  /// Reads a line that `canonicalLine` wrote. Nil where it is not one.
  package init?(line: JSONValue) {
    guard let members = line.object else { return nil }
    conversation = members["conversation"]?.string
    license = members["license"]?.string
    if let special = Content(membersOfAnotherKind: members) {
      content = special
    } else if let text = members["text"]?.string {
      content = .text(text)
    } else if let messages = [Message](canonical: members["messages"]) {
      content = .messages(messages)
    } else {
      return nil
    }
  }
}

extension Message {
  package var canonical: JSONValue { ["role": .string(role.rawValue), "content": .string(content)] }

  package init?(canonical value: JSONValue) {
    guard let role = value["role"]?.string.flatMap(Role.init(rawValue:)), let content = value["content"]?.string else { return nil }
    self.init(role: role, content: content)
  }
}

extension DatasetRecord.Content {
  /// Nil for the members of plain messages and of running text.
  fileprivate init?(membersOfAnotherKind members: [String: JSONValue]) {
    if let preference = Preference(members: members) {
      self = .preference(preference)
    } else if let answer = JudgedAnswer(members: members) {
      self = .judged(answer)
    } else if let conversation = ToolConversation(members: members), conversation.hasTools {
      self = .toolUse(conversation)
    } else {
      return nil
    }
  }
}

extension [Message] {
  var canonical: JSONValue { .array(map(\.canonical)) }

  init?(canonical value: JSONValue?) {
    guard let values = value?.array else { return nil }
    self = values.compactMap(Message.init(canonical:))
    guard count == values.count else { return nil }
  }
}
