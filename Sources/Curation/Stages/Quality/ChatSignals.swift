internal import Artifacts

/// What the `chat` profile measures, over a text, or the turns of a conversation but the system's.
///
/// It is made for short turns and code, and would rather keep ten bad records than drop a good one: shares are asked for only where there
/// is enough to have a share of, and the bounds are far beyond what people and programs write.
enum ChatSignals {
  static let rules: [QualityRule] = [
    QualityRule(signal: .visibleCharacters, bound: .atLeast(1), reason: .nothingVisible),
    QualityRule(signal: .refusals, bound: .atMost(0.5), reason: .refusals),
    QualityRule(signal: .brokenCharacters, bound: .atMost(0.1), reason: .brokenCharacters),
    QualityRule(signal: .oneCharacter, bound: .atMost(0.8), reason: .oneCharacterRepeated),
    QualityRule(signal: .symbols, bound: .atMost(0.8), reason: .tooManySymbols),
    QualityRule(signal: .charactersInRepeatedLines, bound: .atMost(0.8), reason: .repeatedLines),
    QualityRule(signal: .repeatedShingles, bound: .atMost(0.8), reason: .repeatedWords),
  ]

  /// A run of one character counts from this length.
  static let shortestRun = 100
  static let fewestBrokenCharacters = 10
  static let fewestCharactersForSymbols = 200
  static let fewestLines = 20
  static let fewestShingles = 200

  static func readings(of content: DatasetRecord.Content) -> [QualitySignal.Reading] {
    let turns = content.spoken
    var marks = VisibleMarks()
    var fewest = Int.max
    for turn in turns { fewest = min(fewest, marks.add(turn)) }
    let readings: [QualitySignal.Reading?] = [
      QualitySignal.Reading(.visibleCharacters, fewest),
      QualitySignal.Reading(.refusals, content.answers.count(where: Refusal.isOne), of: content.answers.count),
      QualitySignal.Reading(.brokenCharacters, marks.broken < fewestBrokenCharacters ? 0 : marks.broken, of: marks.visible),
      QualitySignal.Reading(.oneCharacter, marks.inRuns, of: marks.visible),
      marks.visible < fewestCharactersForSymbols ? nil : QualitySignal.Reading(.symbols, marks.symbols, of: marks.visible),
      repeatedLines(turns), repeatedShingles(content),
    ]
    return readings.compactMap { $0 }
  }

  private static func repeatedLines(_ turns: [String]) -> QualitySignal.Reading? {
    guard turns.reduce(0, { $0 + $1.utf8.count { $0 == UInt8(ascii: "\n") } + 1 }) >= fewestLines else { return nil }
    let lines = turns.flatMap(\.lines)
    let repetition = Repetition(lines.map(\.trimmed))
    guard repetition.count >= fewestLines else { return nil }
    return QualitySignal.Reading(.charactersInRepeatedLines, repetition.repeatedCharacters, of: repetition.characters)
  }

  /// Runs of five words, and of five characters where a script has no words (`CharacterTable`).
  private static func repeatedShingles(_ content: DatasetRecord.Content) -> QualitySignal.Reading? {
    // A shingle needs a byte at least.
    guard content.spoken.reduce(0, { $0 + $1.utf8.count }) >= fewestShingles else { return nil }
    var shingles: [UInt64] = []
    Shingler(wordsInShingle: 5).shingles(of: content, into: &shingles)
    guard shingles.count >= fewestShingles else { return nil }
    var seen = DistinctHashes()
    seen.reset(for: shingles.count)
    return QualitySignal.Reading(.repeatedShingles, shingles.count { !seen.insert($0) }, of: shingles.count)
  }
}

extension DatasetRecord.Content {
  /// The text, or what the assistant says; not what is there to be unlearned.
  fileprivate var answers: [String] { texts(\.isAnswer) }
}

/// Counts of the characters that show.
private struct VisibleMarks {
  private(set) var visible = 0
  /// U+FFFD, which stands where bytes could not be read.
  private(set) var broken = 0
  private(set) var symbols = 0
  /// In runs of one character.
  private(set) var inRuns = 0

  /// Returns how many characters of the turn show.
  mutating func add(_ turn: String) -> Int {
    let before = visible
    var run = 0
    var last: Unicode.Scalar?
    func endRun(_ inRuns: inout Int) { if run >= ChatSignals.shortestRun { inRuns += run } }
    for scalar in turn.unicodeScalars where scalar.isVisible {
      visible += 1
      if scalar == "\u{FFFD}" { broken += 1 }
      if scalar.isSymbol { symbols += 1 }
      if scalar != last {
        endRun(&inRuns)
        (run, last) = (0, scalar)
      }
      run += 1
    }
    endRun(&inRuns)
    return visible - before
  }
}

extension Unicode.Scalar {
  /// Not white space, not formatting, not a mark without a letter, none of the letters that are blank.
  fileprivate var isVisible: Bool {
    if value < 0x80 { return value > 0x20 }
    switch value {
    case 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0: return false
    default: break
    }
    switch CharacterTable.shared[value].kind {
    case .letter, .alone: return true
    case .mark, .ignored: return false
    case .separator: return !properties.isWhitespace && value != 0x200B
    }
  }

  /// Punctuation and signs of ASCII, arrows, mathematics, boxes and blocks. Pictographs are none: people speak in them.
  fileprivate var isSymbol: Bool {
    if value < 0x80 { return !UInt8(truncatingIfNeeded: value).isASCIILetter && !("0"..."9").contains(self) }
    return (0x2010...0x205E).contains(value) || (0x2190...0x25FF).contains(value) || (0x2900...0x2BFF).contains(value)
  }
}

/// Answers that say only that a machine speaks and cannot: known by how they begin in English.
enum Refusal {
  static let longestInCharacters = 400
  private static let apologies = ["i'm sorry, but ", "i am sorry, but ", "i apologize, but ", "sorry, but ", "i'm sorry. ", "i apologize. "]
  private static let openings = [
    "as an ai language model", "as a large language model", "as an ai model", "as an ai, i", "as an artificial intelligence",
    "i am an ai language model", "i'm an ai language model",
  ]
  private static let inabilities = ["cannot", "can't", "can not", "unable", "not able", "do not have", "don't have"]
  /// What follows these is an answer after all.
  private static let turns = [" but ", "however", "here is", "here's", "```"]

  static func isOne(_ answer: String) -> Bool {
    guard let first = answer.utf8.first, "aisAIS".utf8.contains(first), LengthStage.characters(of: answer) <= longestInCharacters else { return false }
    var text = answer.lowercased().replacing("\u{2019}", with: "'")
    if let apology = apologies.first(where: { text.hasPrefix($0) }) { text.removeFirst(apology.count) }
    return openings.contains { text.hasPrefix($0) } && inabilities.contains { text.contains($0) } && !turns.contains { text.contains($0) }
  }
}
