/// Something that a quality rule measures of a record. The raw value is what the ledger holds.
package enum QualitySignal: String, CaseIterable, Hashable, Sendable {
  // gopher
  case words
  case meanWordLength = "mean-word-length"
  case hashesPerWord = "hashes-per-word"
  case ellipsesPerWord = "ellipses-per-word"
  case bulletLines = "bullet-lines"
  case ellipsisLines = "ellipsis-lines"
  case alphabeticWords = "alphabetic-words"
  case stopWords = "stop-words"
  case repeatedLines = "repeated-lines"
  case repeatedParagraphs = "repeated-paragraphs"
  case charactersInRepeatedLines = "characters-in-repeated-lines"
  case charactersInRepeatedParagraphs = "characters-in-repeated-paragraphs"
  case top2Gram = "top-2-gram"
  case top3Gram = "top-3-gram"
  case top4Gram = "top-4-gram"
  case repeated5Grams = "repeated-5-grams"
  case repeated6Grams = "repeated-6-grams"
  case repeated7Grams = "repeated-7-grams"
  case repeated8Grams = "repeated-8-grams"
  case repeated9Grams = "repeated-9-grams"
  case repeated10Grams = "repeated-10-grams"
  // c4
  case linesLeft = "lines-left"
  case loremIpsum = "lorem-ipsum"
  case curlyBrackets = "curly-brackets"
  case sentences
  // fineweb
  case punctuatedLines = "punctuated-lines"
  case charactersInDuplicatedLines = "characters-in-duplicated-lines"
  case shortLines = "short-lines"
  // chat
  case visibleCharacters = "visible-characters"
  case refusals
  case brokenCharacters = "broken-characters"
  case oneCharacter = "one-character"
  case symbols
  case repeatedShingles = "repeated-shingles"

  /// One measurement. Shares and means are rounded to six decimals, and are judged as they are noted.
  package struct Reading: Hashable, Sendable {
    package let signal: QualitySignal
    package let value: Double

    package init(signal: QualitySignal, value: Double) {
      self.signal = signal
      self.value = value
    }

    init(_ signal: QualitySignal, _ count: Int) {
      self.init(signal: signal, value: Double(count))
    }

    /// Nil where there is nothing to have a share of.
    init?(_ signal: QualitySignal, _ part: Int, of whole: Int) {
      guard whole > 0 else { return nil }
      self.init(signal: signal, value: (Double(part) / Double(whole) * 1_000_000).rounded() / 1_000_000)
    }
  }
}

/// A bound on a signal, and the reason that the ledger gives where it is missed.
package struct QualityRule: Hashable, Sendable {
  package enum Bound: Hashable, Sendable {
    case atLeast(Double)
    case atMost(Double)
    /// The limit itself is missed.
    case above(Double)
    case below(Double)
  }

  package let signal: QualitySignal
  package let bound: Bound
  package let reason: DropReason

  package var threshold: Double {
    switch bound {
    case .atLeast(let limit), .atMost(let limit), .above(let limit), .below(let limit): limit
    }
  }

  func holds(for value: Double) -> Bool {
    switch bound {
    case .atLeast(let limit): value >= limit
    case .atMost(let limit): value <= limit
    case .above(let limit): value > limit
    case .below(let limit): value < limit
    }
  }
}
