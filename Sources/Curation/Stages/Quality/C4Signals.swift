internal import Artifacts

/// The heuristics of the Colossal Clean Crawled Corpus (Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified
/// Text-to-Text Transformer", section 2.2): lines that are no sentences are removed, and what is then no page is dropped.
///
/// What the paper leaves open, and what of it is not done, docs/curation.md says.
struct C4Cleaning {
  /// FineWeb leaves this rule out: alone it takes away 30 % of the tokens (Penedo et al. 2024, section 3.5).
  let wantsTerminalPunctuation: Bool

  static let rules: [QualityRule] = [
    QualityRule(signal: .linesLeft, bound: .atLeast(1), reason: .noLineLeft),
    QualityRule(signal: .loremIpsum, bound: .atMost(0), reason: .placeholderText),
    QualityRule(signal: .curlyBrackets, bound: .atMost(0), reason: .curlyBrackets),
    QualityRule(signal: .sentences, bound: .atLeast(3), reason: .tooFewSentences),
  ]

  static let fewestWordsInLine = 5
  private static let placeholder = Array("lorem ipsum".utf8)
  /// Notices of what a page does with its reader.
  private static let boilerplate = [
    "javascript", "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
  ].map { Array($0.utf8) }
  private static let marks = ["[citation needed]", "[edit]"]

  struct Result {
    var content: DatasetRecord.Content
    var changes: [Change] = []
    var readings: [QualitySignal.Reading] = []
  }

  /// Of user and assistant, never of the system.
  func clean(_ content: DatasetRecord.Content) -> Result {
    var tally = Tally()
    var result = Result(content: content)
    result.content = content.mappingTexts { part, text in part.isSpoken ? clean(text, &tally) : nil }
    if tally.linesRemoved > 0 { result.changes.append(Change(kind: .lines, count: tally.linesRemoved)) }
    if tally.marksRemoved > 0 { result.changes.append(Change(kind: .citationMarks, count: tally.marksRemoved)) }
    result.readings = [
      QualitySignal.Reading(.linesLeft, tally.fewestLines), QualitySignal.Reading(.loremIpsum, tally.loremIpsum),
      QualitySignal.Reading(.curlyBrackets, tally.curlyBrackets), QualitySignal.Reading(.sentences, tally.sentences),
    ]
    return result
  }

  private struct Tally {
    var linesRemoved = 0
    var marksRemoved = 0
    var loremIpsum = 0
    var curlyBrackets = 0
    var sentences = 0
    /// In any one content.
    var fewestLines = Int.max
  }

  /// Blank lines part paragraphs, and are no lines that could be removed.
  private func clean(_ text: String, _ tally: inout Tally) -> String {
    // Of the whole: a page is dropped for what stands in it, also in a line that would not have stayed.
    tally.curlyBrackets += text.utf8.count { $0 == UInt8(ascii: "{") }
    tally.loremIpsum += text.utf8.occurrences(of: Self.placeholder)
    var kept: [Substring] = []
    var lines = 0
    for whole in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init) {
      let line = withoutMarks(whole, &tally)
      let bare = line.trimmed
      if bare.isEmpty {
        if kept.last?.isEmpty == false { kept.append("") }
      } else if isSentence(bare) {
        kept.append(line)
        lines += 1
        tally.sentences += SentenceCount.sentences(in: bare)
      } else {
        tally.linesRemoved += 1
      }
    }
    while kept.last?.isEmpty == true { kept.removeLast() }
    tally.fewestLines = min(tally.fewestLines, lines)
    return kept.joined(separator: "\n")
  }

  private func isSentence(_ line: Substring) -> Bool {
    guard !wantsTerminalPunctuation || SentenceCount.endsInTerminalPunctuation(line) else { return false }
    guard line.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).count >= Self.fewestWordsInLine else { return false }
    return !Self.boilerplate.contains { line.utf8.occurrences(of: $0) > 0 }
  }

  /// `[1]`, `[citation needed]` and `[edit]`, as Wikipedia has them.
  private func withoutMarks(_ line: Substring, _ tally: inout Tally) -> Substring {
    guard line.utf8.contains(UInt8(ascii: "[")) else { return line }
    var output = Substring()
    var rest = line
    while let open = rest.unicodeScalars.firstIndex(of: "[") {
      output += rest[..<open]
      rest = rest[open...]
      if let mark = markLength(rest) {
        rest = rest[rest.utf8.index(rest.startIndex, offsetBy: mark)...]
        tally.marksRemoved += 1
      } else {
        output += "["
        rest = Substring(rest.unicodeScalars.dropFirst())
      }
    }
    output += rest
    return output.utf8.count == line.utf8.count ? line : output.withoutSpaceAtEnd
  }

  private func markLength(_ text: Substring) -> Int? {
    if let mark = Self.marks.first(where: { text.utf8.starts(with: $0.utf8) }) { return mark.utf8.count }
    let digits = text.utf8.dropFirst().prefix { $0.isDigit }.count
    guard digits > 0, text.utf8.dropFirst(1 + digits).first == UInt8(ascii: "]") else { return nil }
    return digits + 2
  }
}

extension StringProtocol where SubSequence == Substring {
  fileprivate var withoutSpaceAtEnd: Substring {
    guard let last = unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return self[endIndex...] }
    return self[...last]
  }
}

extension Sequence<UInt8> {
  /// Of a phrase of ASCII in small letters, in any letter case. Two may overlap.
  fileprivate func occurrences(of phrase: [UInt8]) -> Int {
    var count = 0
    // How far each attempt that is under way has come: a phrase is short, and few of its beginnings are met.
    var open: [Int] = []
    for byte in self {
      let small = byte.isASCIILetter ? byte | 0x20 : byte
      if open.isEmpty {
        if small == phrase[0] { open.append(1) }
        continue
      }
      open = open.compactMap { phrase[$0] == small ? $0 + 1 : nil }
      if open.first == phrase.count {
        count += 1
        open.removeFirst()
      }
      if small == phrase[0] { open.append(1) }
    }
    return count
  }
}

/// Where sentences end: the signs that the C4 and FineWeb rules ask for.
enum SentenceCount {
  private static let stops = Set(".!?…".unicodeScalars)
  /// They end a sentence whatever follows: their scripts put no space after it.
  private static let wideStops = Set("。！？．｡।॥؟۔".unicodeScalars)
  private static let closers = Set("\"'”’»)]）」』】".unicodeScalars)
  private static let quotes = Set("\"'”’»」』".unicodeScalars)

  /// A full stop, an exclamation or a question mark, or a closing quotation mark.
  static func endsInTerminalPunctuation(_ line: Substring) -> Bool {
    guard let last = line.unicodeScalars.last else { return false }
    return stops.contains(last) || wideStops.contains(last) || quotes.contains(last)
  }

  /// A line is one sentence at least.
  static func sentences(in line: Substring) -> Int {
    var count = 0
    var isOpen = false
    var hasStopped = false
    for scalar in line.unicodeScalars {
      if wideStops.contains(scalar) {
        if isOpen { count += 1 }
        (isOpen, hasStopped) = (false, false)
      } else if stops.contains(scalar) {
        hasStopped = isOpen
      } else if scalar.properties.isWhitespace {
        if hasStopped { count += 1 }
        if hasStopped { (isOpen, hasStopped) = (false, false) }
      } else if !(hasStopped && closers.contains(scalar)) {
        (isOpen, hasStopped) = (true, false)
      }
    }
    return isOpen ? count + 1 : count
  }
}
