internal import Artifacts
internal import Foundation
internal import Hashing

/// Reads what Telegram Desktop exports as JSON: one chat (`result.json` of "Export chat history"), or all of them ("Export Telegram data").
///
/// The file is cut at its brackets into messages before anything is parsed, as every JSON document is.
enum TelegramReader {
  /// The messages of one chat, each a value of the file.
  struct Chat: Sendable {
    let elements: [JSONScanner.Element]
    /// The number of the first among all messages of the file, from 1.
    let firstNumber: Int
    /// What names the chat in every export of it: its type and id.
    let identity: String
  }

  /// `type` of a chat that is exported alone.
  private static let chatTypes: Set<String> = [
    "personal_chat", "bot_chat", "saved_messages", "private_group", "private_supergroup", "public_supergroup", "private_channel", "public_channel",
    "verification_codes", "replies",
  ]

  static func isExport(_ data: Data) -> Bool { data.withUnsafeBytes { lists(JSONScanner(bytes: $0)) != nil } }

  /// What is no export is one chat with one broken message.
  static func chats(of data: Data) -> [Chat] {
    data.withUnsafeBytes { bytes in
      let scanner = JSONScanner(bytes: bytes)
      let start = scanner.skipSpace(from: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
      guard let lists = lists(scanner) else {
        let isEmpty = start == bytes.count
        return isEmpty ? [] : [Chat(elements: [scanner.broken(from: start)], firstNumber: 1, identity: "")]
      }
      var chats: [Chat] = []
      var number = 1
      for list in lists {
        chats.append(Chat(elements: list.elements, firstNumber: number, identity: list.identity))
        number += list.elements.count
      }
      return chats
    }
  }

  static func read(_ chat: Chat, of data: Data, file: String, _ rules: ReadingRules) throws -> [Outcome] {
    let parser = try LineParser()
    var items: [ChatItem] = []
    try data.withUnsafeBytes { bytes in
      for (offset, element) in chat.elements.enumerated() {
        let number = chat.firstNumber + offset
        let read = element.isBroken ? .failure(RecordFault(.invalidJSON)) : try parser.tree(at: element.byteRange, of: bytes) { tree in
          message(tree, number, element.byteRange)
        }.flatMap { $0 }
        switch read {
        case .success(let message): items.append(.message(message))
        case .failure(let fault): items.append(.fault(number: number, byteRange: element.byteRange, fault))
        }
      }
    }
    guard !items.isEmpty else { return [] }
    let key = Digest(hashing: Array("soulpack.chat/1\ntelegram\n\(chat.identity)".utf8)).description
    return try ChatConversations.outcomes(of: items, file: file, key: key, rules)
  }

  // MARK: - Where the messages are

  private typealias MessageList = (elements: [JSONScanner.Element], identity: String)

  /// Nil for what is no export.
  private static func lists(_ scanner: JSONScanner) -> [MessageList]? {
    let start = scanner.skipSpace(from: scanner.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    guard let top = Members(scanner, in: min(start, scanner.bytes.count)..<scanner.bytes.count) else { return nil }
    if let type = top.word("type"), chatTypes.contains(type), let messages = top.array("messages") {
      return [(scanner.elements(ofArrayIn: messages), top.identity)]
    }
    let chats = ["chats", "left_chats"].compactMap { name in
      top.values[name].flatMap { Members(scanner, in: $0) }?.array("list")
    }
    guard !chats.isEmpty else { return nil }
    return chats.sorted { $0.lowerBound < $1.lowerBound }.flatMap { list in scanner.elements(ofArrayIn: list).map { messages(of: $0, scanner) } }
  }

  private static func messages(of chat: JSONScanner.Element, _ scanner: JSONScanner) -> MessageList {
    guard !chat.isBroken, let members = Members(scanner, in: chat.byteRange), let messages = members.array("messages") else {
      return ([JSONScanner.Element(byteRange: chat.byteRange, isBroken: true)], "")
    }
    return (scanner.elements(ofArrayIn: messages), members.identity)
  }

  /// The members of an object, as they are spelled; of two with one name the first.
  private struct Members {
    let scanner: JSONScanner
    let values: [String: Range<Int>]

    init?(_ scanner: JSONScanner, in range: Range<Int>) {
      guard !range.isEmpty, scanner.bytes[range.lowerBound] == UInt8(ascii: "{"), let members = scanner.members(ofObjectIn: range) else { return nil }
      self.scanner = scanner
      values = Dictionary(members.map { (String(decoding: scanner.bytes[$0.key], as: UTF8.self), $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// A string, without its quotes.
    func word(_ name: String) -> String? {
      guard let range = values[name], range.count > 1, scanner.bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
      return String(decoding: scanner.bytes[range.lowerBound + 1..<range.upperBound - 1], as: UTF8.self)
    }

    func array(_ name: String) -> Range<Int>? {
      guard let range = values[name], !range.isEmpty, scanner.bytes[range.lowerBound] == UInt8(ascii: "[") else { return nil }
      return range
    }

    var identity: String { "\(word("type") ?? "")\n\(values["id"].map { String(decoding: scanner.bytes[$0], as: UTF8.self) } ?? "")" }
  }

  // MARK: - A message

  private static let names: Set<String> = [
    "type", "date", "date_unixtime", "from", "from_id", "text", "forwarded_from", "saved_from", "via_bot",
  ]

  private static func message(_ tree: JSONTree, _ number: Int, _ range: Range<Int>) -> Result<ChatMessage, RecordFault> {
    guard let members = JSONMembers(tree, known: names, strict: names) else { return .failure(RecordFault(.notAnObject)) }
    guard !names.contains(where: members.isRepeated) else { return .failure(RecordFault(.duplicateKey)) }
    guard let type = members["type"]?.string, type == "message" || type == "service" else { return .failure(RecordFault(.notAMessage)) }
    guard let text = text(members["text"]) else { return .failure(RecordFault(.textNotAString)) }
    // An account that is gone forwards with a null for a name.
    let isPassedOn = members.isThere("forwarded_from") || members.has("via_bot")
    let id = members["from_id"].flatMap { $0.string ?? $0.integer.map(String.init) }
    let hasSpeaker = members.isThere("from") || id != nil
    let kind: ChatMessage.Kind =
      type == "service" ? .service : text.allSatisfy(\.isWhitespace) ? .withoutText : isPassedOn ? .forwarded : .said
    return .success(
      ChatMessage(
        number: number, byteRange: range, seconds: seconds(members), speaker: hasSpeaker ? ChatSpeaker(name: members["from"]?.string, id: id) : nil,
        text: text, kind: kind))
  }

  /// A string, or a list of strings and of entities such as links, each with its `text`. Nil for anything else.
  private static func text(_ value: JSONTree?) -> String? {
    guard let value else { return "" }
    guard value.kind == .array else { return value.string }
    var text: String? = ""
    value.forEachChild { _, piece in
      if let plain = piece.string ?? JSONMembers(piece, known: ["text"])?["text"]?.string { text? += plain } else { text = nil }
      return text != nil
    }
    return text
  }

  private static func seconds(_ members: JSONMembers) -> Int? {
    if let unix = members["date_unixtime"] {
      // Far more than any clock says would overflow a difference.
      return (unix.integer ?? unix.string.flatMap { Int($0) }).flatMap { $0.magnitude < 1 << 50 ? $0 : nil }
    }
    // 2023-01-31T09:05:59, by the clock of whoever exported it.
    let numbers = (members["date"]?.string ?? "").split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    guard numbers.count == 6, (1...12).contains(numbers[1]), (1...31).contains(numbers[2]), numbers[0] < 10_000, numbers[3...].allSatisfy({ $0 < 100 })
    else { return nil }
    return dayNumber(year: numbers[0], month: numbers[1], day: numbers[2]) * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
  }
}
