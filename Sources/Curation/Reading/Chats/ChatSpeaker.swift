internal import Artifacts

/// Somebody who writes in a chat, as the export knows them.
package struct ChatSpeaker: Hashable, Sendable {
  /// Nil for an account that is gone.
  package let name: String?
  /// Telegram's, such as `user123456`; it stays when a name changes.
  package let id: String?

  package init(name: String?, id: String? = nil) {
    self.name = name
    self.id = id
  }

  /// Names are what a person reads on a screen, so that spaces around them and letter case do not matter.
  func isOne(of names: [String]) -> Bool {
    names.contains { wanted in
      if let id, id == wanted { return true }
      return name.map { ChatSpeaker.plain($0) == ChatSpeaker.plain(wanted) } ?? false
    }
  }

  /// How a person names them.
  var spelling: String { name ?? id ?? "deleted account" }

  private static func plain(_ name: String) -> String {
    String(name.unicodeScalars.filter { $0.properties.generalCategory != .format }.map(Character.init)).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ").lowercased()
  }
}

extension ChatSpeaker {
  /// How much somebody writes.
  package struct Count: Hashable, Sendable {
    package let speaker: ChatSpeaker
    package let messages: Int

    package init(speaker: ChatSpeaker, messages: Int) {
      self.speaker = speaker
      self.messages = messages
    }

    private static let mostShown = 12

    /// The most talkative first, as text in quotes: what a name holds steers no terminal.
    static func list(_ counts: [Count]) -> String {
      guard !counts.isEmpty else { return "nobody says anything in it" }
      let shown = counts.prefix(mostShown).map { count in
        let id = count.speaker.name == nil ? "" : count.speaker.id.map { " (\($0))" } ?? ""
        return "\(JSONValue.string(count.speaker.spelling).canonicalText)\(id) \(count.messages)"
      }
      let more = counts.count > mostShown ? " and \(counts.count - mostShown) others" : ""
      return "messages by " + shown.joined(separator: ", ") + more
    }
  }
}
