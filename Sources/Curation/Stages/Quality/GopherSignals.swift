internal import Artifacts

/// What the Gopher rules measure (Rae et al. 2021, appendix A.1.1), over a text, or the turns of a conversation but the system's.
///
/// The paper leaves some words open; docs/curation.md says how they are read here.
enum GopherSignals {
  static let rules: [QualityRule] =
    [
      QualityRule(signal: .words, bound: .atLeast(50), reason: .tooFewWords),
      QualityRule(signal: .words, bound: .atMost(100_000), reason: .tooManyWords),
      QualityRule(signal: .meanWordLength, bound: .atLeast(3), reason: .wordsTooShort),
      QualityRule(signal: .meanWordLength, bound: .atMost(10), reason: .wordsTooLong),
      QualityRule(signal: .hashesPerWord, bound: .atMost(0.1), reason: .tooManySymbols),
      QualityRule(signal: .ellipsesPerWord, bound: .atMost(0.1), reason: .tooManySymbols),
      QualityRule(signal: .bulletLines, bound: .atMost(0.9), reason: .tooManyBullets),
      QualityRule(signal: .ellipsisLines, bound: .atMost(0.3), reason: .tooManyEllipses),
      QualityRule(signal: .alphabeticWords, bound: .atLeast(0.8), reason: .tooFewAlphabeticWords),
      QualityRule(signal: .stopWords, bound: .atLeast(2), reason: .tooFewStopWords),
      QualityRule(signal: .repeatedLines, bound: .atMost(0.3), reason: .repeatedLines),
      QualityRule(signal: .repeatedParagraphs, bound: .atMost(0.3), reason: .repeatedParagraphs),
      QualityRule(signal: .charactersInRepeatedLines, bound: .atMost(0.2), reason: .repeatedLines),
      QualityRule(signal: .charactersInRepeatedParagraphs, bound: .atMost(0.2), reason: .repeatedParagraphs),
    ] + grams.map { QualityRule(signal: $0.signal, bound: .atMost($0.limit), reason: .repeatedWords) }

  /// Table A1: the share of characters in the most frequent n-gram up to 4 words, in all repeated ones from 5.
  private static let grams: [(signal: QualitySignal, words: Int, limit: Double)] = [
    (.top2Gram, 2, 0.20), (.top3Gram, 3, 0.18), (.top4Gram, 4, 0.16), (.repeated5Grams, 5, 0.15), (.repeated6Grams, 6, 0.14),
    (.repeated7Grams, 7, 0.13), (.repeated8Grams, 8, 0.12), (.repeated9Grams, 9, 0.11), (.repeated10Grams, 10, 0.10),
  ]

  private static let stopWords: Set<String> = ["the", "be", "to", "of", "and", "that", "have", "with"]

  static func readings(of content: DatasetRecord.Content) -> [QualitySignal.Reading] {
    let text = content.spoken.joined(separator: "\n\n")
    let words = RunningWords(text)
    return wordReadings(words) + lineReadings(text, words) + repetitionReadings(text)
      + grams.compactMap { gram in
        let count = gram.words < 5 ? words.charactersInTopGram(of: gram.words) : words.charactersInRepeatedGrams(of: gram.words)
        return QualitySignal.Reading(gram.signal, count, of: words.characters)
      }
  }

  private static func wordReadings(_ words: RunningWords) -> [QualitySignal.Reading] {
    let proper = words.lengths.count { $0 > 0 }
    let readings: [QualitySignal.Reading?] = [
      QualitySignal.Reading(.words, proper),
      QualitySignal.Reading(.meanWordLength, words.lengths.reduce(0, +), of: proper),
      QualitySignal.Reading(.alphabeticWords, words.alphabetic, of: words.lengths.count),
      QualitySignal.Reading(.stopWords, stopWords.intersection(words.small).count),
    ]
    return readings.compactMap { $0 }
  }

  private static func lineReadings(_ text: String, _ words: RunningWords) -> [QualitySignal.Reading] {
    let lines = text.lines.map(\.trimmed).filter { !$0.isEmpty }
    let hashes = text.unicodeScalars.count { $0 == "#" }
    let readings: [QualitySignal.Reading?] = [
      QualitySignal.Reading(.hashesPerWord, hashes, of: words.lengths.count),
      QualitySignal.Reading(.ellipsesPerWord, text.ellipses, of: words.lengths.count),
      QualitySignal.Reading(.bulletLines, lines.count { line in ["•", "-", "*"].contains { line.utf8.starts(with: $0.utf8) } }, of: lines.count),
      QualitySignal.Reading(.ellipsisLines, lines.count { line in ["…", "..."].contains { line.utf8.suffix(3).elementsEqual($0.utf8) } }, of: lines.count),
    ]
    return readings.compactMap { $0 }
  }

  private static func repetitionReadings(_ text: String) -> [QualitySignal.Reading] {
    var text = text
    let (lines, paragraphs) = text.withUTF8 { utf8 in
      (Repetition(of: Lines.trimmed(in: utf8), in: utf8), Repetition(of: Lines.paragraphs(in: utf8), in: utf8))
    }
    let readings: [QualitySignal.Reading?] = [
      QualitySignal.Reading(.repeatedLines, lines.repeated, of: lines.count),
      QualitySignal.Reading(.charactersInRepeatedLines, lines.repeatedCharacters, of: lines.characters),
      QualitySignal.Reading(.repeatedParagraphs, paragraphs.repeated, of: paragraphs.count),
      QualitySignal.Reading(.charactersInRepeatedParagraphs, paragraphs.repeatedCharacters, of: paragraphs.characters),
    ]
    return readings.compactMap { $0 }
  }
}

extension DatasetRecord.Content {
  /// The text, or what user and assistant say.
  var spoken: [String] { texts(\.isSpoken) }
}

extension String {
  /// Without their ends, and without the empty ones. By code point: CR LF is one `Character`, which is not LF.
  var lines: [Substring] { unicodeScalars.split(separator: "\n").map(Substring.init) }
}

extension StringProtocol where SubSequence == Substring {
  /// Without white space at either end.
  var trimmed: Substring {
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return self[endIndex...] }
    return self[first..<scalars.index(after: last)]
  }
}

extension String {
  /// `…`, and runs of three or more full stops.
  fileprivate var ellipses: Int {
    var count = 0
    var stops = 0
    for scalar in unicodeScalars {
      if scalar == "…" { count += 1 }
      stops = scalar == "." ? stops + 1 : 0
      if stops == 3 { count += 1 }
    }
    return count
  }
}
