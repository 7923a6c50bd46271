internal import Artifacts

/// The key of a conversation as the lines of a dataset tell it: by its bytes. Swift's own comparison of strings takes canonically equivalent keys for one,
/// and a key that changed its Unicode form alone makes another line.
struct ConversationKey: Sendable {
  let text: String
}

extension ConversationKey: Comparable {
  static func == (left: ConversationKey, right: ConversationKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  static func < (left: ConversationKey, right: ConversationKey) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
}

extension Assessment {
  func conversationKey(of row: AssessedRow) -> ConversationKey? { conversation(of: row).map(ConversationKey.init) }
}
