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
    var marks = VisibleMarks()
    var fewest = Int.max
    var answers = 0
    var refusals = 0
    content.forEachTurn { turn, isAnswer in
      fewest = min(fewest, marks.add(turn))
      guard isAnswer else { return }
      answers += 1
      if Refusal.isOne(turn) { refusals += 1 }
    }
    var readings: [QualitySignal.Reading] = []
    readings.reserveCapacity(rules.count)
    func add(_ reading: QualitySignal.Reading?) {
      if let reading { readings.append(reading) }
    }
    add(QualitySignal.Reading(.visibleCharacters, fewest))
    add(QualitySignal.Reading(.refusals, refusals, of: answers))
    add(QualitySignal.Reading(.brokenCharacters, marks.broken < fewestBrokenCharacters ? 0 : marks.broken, of: marks.visible))
    add(QualitySignal.Reading(.oneCharacter, marks.inRuns, of: marks.visible))
    if marks.visible >= fewestCharactersForSymbols { add(QualitySignal.Reading(.symbols, marks.symbols, of: marks.visible)) }
    if marks.lines >= fewestLines { add(repeatedLines(content.spoken)) }
    // A shingle needs a byte at least.
    if marks.bytes >= fewestShingles { add(repeatedShingles(content)) }
    return readings
  }

  private static func repeatedLines(_ turns: [String]) -> QualitySignal.Reading? {
    let bytes = Array(turns.joined(separator: "\n").utf8)
    let repetition = bytes.withUnsafeBufferPointer { Repetition(of: Lines.trimmed(in: $0), in: $0) }
    guard repetition.count >= fewestLines else { return nil }
    return QualitySignal.Reading(.charactersInRepeatedLines, repetition.repeatedCharacters, of: repetition.characters)
  }

  /// Runs of five words, and of five characters where a script has no words (`CharacterTable`).
  private static func repeatedShingles(_ content: DatasetRecord.Content) -> QualitySignal.Reading? {
    var shingles: [UInt64] = []
    Shingler(wordsInShingle: 5).shingles(of: content, into: &shingles)
    guard shingles.count >= fewestShingles else { return nil }
    return QualitySignal.Reading(.repeatedShingles, repeats(among: shingles), of: shingles.count)
  }

  /// How many stood there before. A table of open addresses, in which 0 is an empty place, so that 0 is counted by itself.
  private static func repeats(among hashes: [UInt64]) -> Int {
    let places = (hashes.count * 2).nextPowerOfTwo
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: places) { table in
      table.initialize(repeating: 0)
      var distinct = 0
      var zeros = 0
      for hash in hashes {
        if hash == 0 {
          zeros += 1
          continue
        }
        // The two lowest bits are flags.
        var place = Int(truncatingIfNeeded: hash >> 2) & (places - 1)
        while table[place] != 0, table[place] != hash { place = (place + 1) & (places - 1) }
        if table[place] == 0 {
          table[place] = hash
          distinct += 1
        }
      }
      return hashes.count - distinct - min(zeros, 1)
    }
  }
}

extension DatasetRecord.Content {
  /// The text, which is an answer too, or what user and assistant say; what is there to be unlearned is no answer.
  fileprivate func forEachTurn(_ body: (_ turn: String, _ isAnswer: Bool) -> Void) {
    forEachText { part, text in
      if part.isSpoken { body(text, part.isAnswer) }
    }
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
    guard mayBeOne(answer), LengthStage.characters(of: answer) <= longestInCharacters else { return false }
    var text = answer.lowercased().replacing("\u{2019}", with: "'")
    if let apology = apologies.first(where: { text.hasPrefix($0) }) { text.removeFirst(apology.count) }
    return openings.contains { text.hasPrefix($0) } && inabilities.contains { text.contains($0) } && !turns.contains { text.contains($0) }
  }

  /// By its first four bytes, which nearly always are enough; a test holds it against the phrases above.
  private static func mayBeOne(_ answer: String) -> Bool {
    var answer = answer
    return answer.withUTF8 { utf8 in
      guard utf8.count >= 4 else { return false }
      let start = utf8[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      // A curly apostrophe, or what only looks like a letter.
      guard start & 0x8080_8080 == 0 else { return "aisAIS".utf8.contains(utf8[0]) }
      return starts.contains(start | 0x2020_2020)
    }
  }

  /// In small letters; the bit that makes letters small is set in apostrophe and space as it is.
  private static let starts: [UInt32] = (apologies + openings).map { $0.utf8.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
}
