internal import Artifacts

/// Makes records of a chat: the speaker's messages are the assistant's, everybody else's the user's. docs/curation.md, "Chats", is the contract.
struct ChatConversations {
  /// A conversation that holds this many characters ends before the next thing that somebody says to the speaker.
  static let lengthInCharacters = 4_000

  private let file: String
  private let key: String
  private let rules: ReadingRules
  /// By all the names and ids that were given. Nobody, where none of them is in the chat.
  private let own: Set<ChatSpeaker>
  private var outcomes: [Outcome] = []
  private var open: Conversation?

  /// `key` is the conversation key of all that comes from this chat: no part of it may be held out while another is learned.
  static func outcomes(of items: [ChatItem], file: String, key: String, _ rules: ReadingRules) throws(CurationError) -> [Outcome] {
    let counts = ChatConversations.speakers(of: items)
    guard !rules.speakers.isEmpty else { throw .speakerNeeded(path: file, speakers: counts) }
    let own = Set(counts.map(\.speaker).filter { $0.isOne(of: rules.speakers) })
    var conversations = ChatConversations(file: file, key: key, rules: rules, own: own)
    for item in items { conversations.take(item) }
    conversations.close()
    return conversations.outcomes
  }

  /// Who says something, the most talkative first.
  private static func speakers(of items: [ChatItem]) -> [ChatSpeaker.Count] {
    var counts: [ChatSpeaker: Int] = [:]
    for case .message(let message) in items {
      if let speaker = message.speaker, message.kind != .service { counts[speaker, default: 0] += 1 }
    }
    return counts.map { ChatSpeaker.Count(speaker: $0.key, messages: $0.value) }
      .sorted { ($1.messages, $0.speaker.spelling, $0.speaker.id ?? "") < ($0.messages, $1.speaker.spelling, $1.speaker.id ?? "") }
  }

  private init(file: String, key: String, rules: ReadingRules, own: Set<ChatSpeaker>) {
    (self.file, self.key, self.rules, self.own) = (file, key, rules, own)
  }

  private mutating func take(_ item: ChatItem) {
    switch item {
    case .fault(let number, let range, let fault):
      close()
      outcomes.append(Outcome(RecordSource(file: file, line: number, byteRange: range), .failure(fault)))
    case .message(let message):
      let isOwn = message.speaker.map(own.contains) ?? false
      if let open, open.endsBefore(message, isOwn: isOwn, rules) { close() }
      var conversation = open ?? Conversation(firstNumber: message.number, start: message.byteRange.lowerBound)
      conversation.add(message, isOwn: isOwn, rules)
      open = conversation
    }
  }

  private mutating func close() {
    guard var conversation = open else { return }
    open = nil
    let source = RecordSource(file: file, line: conversation.firstNumber, byteRange: conversation.start..<conversation.end)
    let messages = conversation.trimmed()
    let passage = Passage(stage: .read, changes: conversation.changes)
    guard !messages.isEmpty else {
      let drop = Drop(stage: .read, reason: own.isEmpty ? .speakerIsNotThere : .nobodyIsAnswered)
      outcomes.append(.ended(LedgerEntry(source: source, id: nil, fate: .dropped(drop), passages: passage.saysNothing ? [] : [passage])))
      return
    }
    var draft = Draft(source: source, record: DatasetRecord(content: .messages(messages), conversation: key))
    if !passage.saysNothing { draft.passages.append(passage) }
    outcomes.append(.alive(draft))
  }
}

/// What is said between two long pauses.
private struct Conversation {
  private struct Turn {
    let role: Message.Role
    var text: String
    var messages = 1
  }

  let firstNumber: Int
  let start: Int
  private(set) var end: Int
  private var turns: [Turn] = []
  private var lastSeconds: Int?
  private var characters = 0
  private var leftOut: [Change.Kind: Int] = [:]

  init(firstNumber: Int, start: Int) {
    self.firstNumber = firstNumber
    self.start = start
    end = start
  }

  var changes: [Change] { Change.Kind.allCases.compactMap { kind in leftOut[kind].map { Change(kind: kind, count: $0) } } }

  func endsBefore(_ message: ChatMessage, isOwn: Bool, _ rules: ReadingRules) -> Bool {
    if let lastSeconds, let seconds = message.seconds, seconds - lastSeconds > rules.pauseInSeconds { return true }
    let isNext = !isOwn && message.kind == .said && turns.last?.role == .assistant
    return isNext && characters >= ChatConversations.lengthInCharacters
  }

  mutating func add(_ message: ChatMessage, isOwn: Bool, _ rules: ReadingRules) {
    end = message.byteRange.upperBound
    lastSeconds = message.seconds ?? lastSeconds
    switch message.kind {
    case .said: say(message, isOwn ? .assistant : .user, rules)
    // What others pass on was said to the speaker all the same; what the speaker passes on is nobody's voice.
    case .forwarded: isOwn ? leaveOut(.forwardedMessages) : say(message, .user, rules)
    case .service: leaveOut(.serviceMessages)
    case .withoutText: leaveOut(.messagesWithoutText)
    case .deleted: leaveOut(.deletedMessages)
    }
  }

  private mutating func leaveOut(_ kind: Change.Kind, _ count: Int = 1) { if count > 0 { leftOut[kind, default: 0] += count } }

  private mutating func say(_ message: ChatMessage, _ role: Message.Role, _ rules: ReadingRules) {
    var text = message.text
    if role == .user, rules.namesOthers, let speaker = message.speaker { text = "\(speaker.spelling): \(text)" }
    characters += LengthStage.characters(of: text)
    if let last = turns.indices.last, turns[last].role == role {
      turns[last].text += "\n" + text
      turns[last].messages += 1
    } else {
      turns.append(Turn(role: role, text: text))
    }
  }

  /// From the first thing that is said to the speaker up to the speaker's last word. Empty where that is nothing.
  mutating func trimmed() -> [Message] {
    var kept = turns[...]
    if let first = kept.first, first.role == .assistant {
      leaveOut(.unpromptedMessages, first.messages)
      kept.removeFirst()
    }
    if let last = kept.last, last.role == .user {
      leaveOut(.unansweredMessages, last.messages)
      kept.removeLast()
    }
    return kept.map { Message(role: $0.role, content: $0.text) }
  }
}
