internal import Artifacts

/// The shingles of a record (Broder 1997, "On the resemblance and containment of documents"): hashes of each run of some words.
///
/// The lowest bit tells the sides of a conversation apart, so that one array holds a record. The bit above it is `Shingle.template`.
struct Shingler {
  let wordsInShingle: Int
  private let words = Words()
  /// `factor` to the power of the words in a shingle: what takes the oldest word out of the window.
  private let outgoing: UInt64
  private static let factor: UInt64 = 0xD6E8_FEB8_6659_FD93

  init(wordsInShingle: Int) {
    self.wordsInShingle = wordsInShingle
    outgoing = (0..<wordsInShingle).reduce(1) { power, _ in power &* Shingler.factor }
  }

  /// In the order of the text, repeated ones too. The system turn is left out: it says how to answer, not what was said.
  func shingles(of content: DatasetRecord.Content, into shingles: inout [UInt64]) {
    shingles.removeAll(keepingCapacity: true)
    switch content {
    case .text(let text): append([text], of: .text, to: &shingles)
    case .messages(let messages):
      append(messages.filter { $0.role == .user }.map(\.content), of: .user, to: &shingles)
      append(messages.filter { $0.role == .assistant }.map(\.content), of: .assistant, to: &shingles)
    case .toolUse:
      append(content.texts { $0 == .user || $0 == .tool }, of: .toolUser, to: &shingles)
      append(content.texts { $0 == .assistant || $0 == .arguments }, of: .toolAssistant, to: &shingles)
    case .preference(let preference):
      append(preference.prompt.filter { $0.role != .system }.map(\.content), of: .prompt, to: &shingles)
      append(preference.chosen.map(\.content), of: .chosen, to: &shingles)
      append(preference.rejected.map(\.content), of: .rejected, to: &shingles)
    case .judged(let answer):
      append(answer.prompt.filter { $0.role != .system }.map(\.content), of: answer.isGood ? .praised : .blamed, to: &shingles)
      append(answer.completion.map(\.content), of: answer.isGood ? .chosen : .rejected, to: &shingles)
    }
  }

  /// A window over all words of a side. A side of fewer words than the window is one shingle; one without words has none.
  private func append(_ contents: [String], of side: Shingle.Side, to shingles: inout [UInt64]) {
    var words: [UInt64] = []
    for content in contents { self.words.append(content, to: &words) }
    guard !words.isEmpty else { return }
    var window: UInt64 = 0
    for (index, word) in words.enumerated() {
      window = window &* Shingler.factor &+ word
      if index >= wordsInShingle { window = window &- words[index - wordsInShingle] &* outgoing }
      if index >= wordsInShingle - 1 { shingles.append(Shingle.hash(window, of: side)) }
    }
    if words.count < wordsInShingle { shingles.append(Shingle.hash(window &+ UInt64(words.count), of: side)) }
  }
}

/// The bits of a shingle's hash.
enum Shingle {
  enum Side: UInt64 {
    /// Running text.
    case text = 0x7465_7874
    case user = 0x7573_6572
    case assistant = 0x6173_7374
    // Two records of different kinds are different, and so are two judgements: none of these has a shingle of another.
    case toolUser = 0x746F_6F75
    case toolAssistant = 0x746F_6F61
    case prompt = 0x7072_6D70
    case chosen = 0x6368_6F73
    case rejected = 0x726A_6374
    case praised = 0x6B74_6F67
    case blamed = 0x6B74_6F62

    /// The other side is what answers.
    fileprivate var asks: Bool { ![.text, .assistant, .toolAssistant, .chosen, .rejected].contains(self) }
  }

  static let userFlag: UInt64 = 1
  /// It stands in so many records that it is no evidence (`TemplateShingles`).
  static let templateFlag: UInt64 = 2

  static func hash(_ window: UInt64, of side: Side) -> UInt64 {
    let hash = Words.mixed(window &+ Words.mixed(side.rawValue)) & ~3
    return side.asks ? hash | userFlag : hash
  }
}
