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
    case .text(let text):
      words.append(text, to: &shingles)
      close(.text, from: 0, &shingles)
    case .messages(let messages):
      append(messages, by: .user, of: .user, to: &shingles)
      append(messages, by: .assistant, of: .assistant, to: &shingles)
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

  private func append(_ messages: [Message], by role: Message.Role, of side: Shingle.Side, to shingles: inout [UInt64]) {
    let start = shingles.count
    for message in messages where message.role == role { words.append(message.content, to: &shingles) }
    close(side, from: start, &shingles)
  }

  private func append(_ texts: [String], of side: Shingle.Side, to shingles: inout [UInt64]) {
    let start = shingles.count
    for text in texts { words.append(text, to: &shingles) }
    close(side, from: start, &shingles)
  }

  /// Puts the shingles of a side in the place of its words, which are all from `start` on: a window over all of them. A side of fewer words than
  /// the window is one shingle; one without words has none.
  private func close(_ side: Shingle.Side, from start: Int, _ words: inout [UInt64]) {
    let count = words.count - start
    guard count > 0 else { return }
    guard count >= wordsInShingle else {
      let window = words[start...].reduce(0) { $0 &* Shingler.factor &+ $1 }
      words.removeLast(count)
      words.append(Shingle.hash(window &+ UInt64(count), of: side))
      return
    }
    words.withUnsafeMutableBufferPointer { all in
      let words = UnsafeMutableBufferPointer(rebasing: all[start...])
      var window = words[..<wordsInShingle].reduce(0) { $0 &* Shingler.factor &+ $1 }
      for next in wordsInShingle..<count {
        // The window's first word is needed once more, and then its place is free.
        let place = next - wordsInShingle
        let first = words[place]
        words[place] = Shingle.hash(window, of: side)
        window = window &* Shingler.factor &+ (words[next] &- first &* outgoing)
      }
      words[count - wordsInShingle] = Shingle.hash(window, of: side)
    }
    words.removeLast(wordsInShingle - 1)
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
