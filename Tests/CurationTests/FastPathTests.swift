import Artifacts
import Curation
import Foundation
import Hashing
import Testing

/// What is written for speed, against the plain definition of the same: one character after the other.
@Suite("Fast paths")
struct FastPathTests {
  // MARK: - Words

  @Test("words are those of the definition, character by character", arguments: 1...40 as ClosedRange<UInt64>)
  func words(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<100 {
      let texts = (0..<2).map { _ in MixedText.make(&random) }
      var words: [UInt64] = []
      for text in texts { Words().append(text, to: &words) }
      #expect(words == texts.flatMap(PlainWords.hashes))
    }
  }

  @Test("a word of any length ends where it ends, whatever stands after it")
  func wordLengths() {
    for length in 0..<40 {
      for end in ["", " ", "_", "9", "+", "é", "漢", "\u{301}", "\u{200D}", "👍", ", ", "--", "+\u{301}x"] {
        let text = " " + String(String(repeating: "aZqR7_", count: 8).prefix(length)) + end + "next"
        var words: [UInt64] = []
        Words().append(text, to: &words)
        #expect(words == PlainWords.hashes(of: text), "\(length) letters, then \(end.unicodeScalars.map(\.value))")
      }
    }
  }

  // MARK: - Quality

  @Test("what shows in a text, symbols, runs and lines are counted as one by one", arguments: 1...40 as ClosedRange<UInt64>)
  func marks(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<100 {
      var marks = VisibleMarks()
      var plain = PlainMarks()
      for _ in 0..<2 {
        let turn = MixedText.make(&random)
        #expect(marks.add(turn) == plain.add(turn))
      }
      #expect([marks.visible, marks.broken, marks.symbols, marks.inRuns, marks.lines, marks.bytes] == plain.counts)
    }
  }

  @Test("a run of one character counts from a hundred, wherever it begins and whatever does not show within", arguments: ["a", "-", "é", "漢", "👍"])
  func runs(character: String) {
    for before in 0..<40 {
      for length in [98, 99, 100, 101, 164] {
        for gap in ["", " ", "\n", "\u{200B}"] {
          let run = Array(repeating: character, count: length).joined(separator: gap)
          let text = String("The quick brown fox jumps over the lazy dog again.".prefix(before)) + run + "ends here, and goes on for a while after it."
          var marks = VisibleMarks()
          var plain = PlainMarks()
          _ = marks.add(text)
          _ = plain.add(text)
          #expect(marks.inRuns == plain.counts[3])
        }
      }
    }
  }

  @Test("lines and paragraphs, and which of them were there before", arguments: 1...20 as ClosedRange<UInt64>)
  func repetition(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<50 {
      let parts = (0..<4).map { _ in MixedText.make(&random, segments: 2) } + ["", " ", "\u{3000}", "\r"]
      let text = (0..<random.below(60)).map { _ in random.pick(parts) }.joined(separator: "\n")
      let bytes = Array(text.utf8)
      bytes.withUnsafeBufferPointer { utf8 in
        let lines = Lines.trimmed(in: utf8)
        #expect(lines.map { Array(bytes[$0]) } == PlainLines.trimmed(text))
        #expect(Repetition(of: lines, in: utf8) == Repetition(text.unicodeScalars.split(separator: "\n").map { PlainLines.trimmed(Substring($0)) }))
        let repetition = Repetition(of: lines, in: utf8)
        var seen: Set<[UInt8]> = []
        let again = PlainLines.trimmed(text).filter { !seen.insert($0).inserted }
        #expect(repetition.repeated == again.count)
        #expect(repetition.repeatedCharacters == again.reduce(0) { $0 + String(decoding: $1, as: UTF8.self).unicodeScalars.count })
        #expect(Lines.paragraphs(in: utf8).map { Array(bytes[$0]) } == PlainLines.paragraphs(text))
      }
    }
  }

  // MARK: - Normalize

  @Test("the quick look passes nothing that the long way would change, and all ASCII that it would not", arguments: 1...40 as ClosedRange<UInt64>)
  func settled(seed: UInt64) {
    var random = Seeded(seed)
    var passed = 0
    for _ in 0..<200 {
      var text = MixedText.make(&random, segments: 1 + random.below(6))
      let isSettled = text.withUTF8(SettledText.holds)
      let isPlain = Array(PlainNormal.form(of: text).utf8) == Array(text.utf8)
      if isSettled { passed += 1 }
      #expect(!isSettled || isPlain)
      if text.utf8.allSatisfy({ $0 < 0x80 }) { #expect(isSettled == isPlain) }
    }
    #expect(passed > 0)
  }

  @Test("a space before a line feed, a control, a space at an end: at every place of a text that is else in order")
  func unsettledPlaces() {
    let text = "The lighthouse stands at the end of\nthe long pier, and its keeper"
    for place in 0...text.utf8.count {
      for stranger in [" \n", "\t\n", "\r", "\u{0}", "\u{7F}", "\u{85}", "\u{A0}\n", "\n", "\t", "\u{A0}"] {
        var text = String(text.prefix(place)) + stranger + text.dropFirst(place)
        let isPlain = Array(PlainNormal.form(of: text).utf8) == Array(text.utf8)
        #expect(text.withUTF8(SettledText.holds) == isPlain, "\(stranger.unicodeScalars.map(\.value)) at \(place)")
      }
    }
  }

  // MARK: - Writing

  @Test("a string is spelled as RFC 8785 has it, whatever stands where", arguments: 1...20 as ClosedRange<UInt64>)
  func strings(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<100 {
      let text = MixedText.make(&random)
      var writer = CanonicalWriter()
      writer.string(text)
      #expect(writer.bytes == Array(JSONValue.string(text).canonical))
    }
    for escaped in (0..<0x20).map({ String(UnicodeScalar(UInt8($0))) }) + ["\"", "\\", "\u{7F}", "é"] {
      for place in 0..<20 {
        let text = String(repeating: "x", count: place) + escaped + String(repeating: "y", count: 20 - place)
        var writer = CanonicalWriter()
        writer.string(text)
        #expect(writer.bytes == Array(JSONValue.string(text).canonical))
      }
    }
  }

  @Test("a number is spelled as ECMAScript has it")
  func numbers() {
    var random = Seeded(1)
    var values: [Double] = [0, -0.0, 1, -1, 0.1, 0.000001, 0.0000001, 0.0000015, 999_999, 999_999.999999, 1_000_000, 1e21, 123456.7, 0.30000000000000004, 2.5e-7, 1.0 / 3, -0.25, .leastNonzeroMagnitude]
    for _ in 0..<20_000 {
      values.append((Double(random.below(2_000_000_000)) / Double(1 + random.below(4_000)) * 1_000_000).rounded() / 1_000_000)
      values.append(Double(random.below(2_000_000)) / 1_000_000)
      values.append(Double.random(in: 0..<2_000_000, using: &random))
    }
    for value in values {
      var writer = CanonicalWriter()
      writer.number(value)
      #expect(writer.bytes == Array(JSONValue.number(value).canonical))
    }
    for value in [0, 9, 10, -1, -10, .max, .min, 1_234_567_890] {
      var writer = CanonicalWriter()
      writer.integer(value)
      #expect(writer.bytes == Array(String(value).utf8))
    }
    let digest = Digest(hashing: Data("x".utf8))
    var writer = CanonicalWriter()
    writer.digest(digest)
    #expect(writer.bytes == Array("\"\(digest)\"".utf8))
  }

  @Test("a record's id, and its length in characters, are those of its canonical content", arguments: 1...10 as ClosedRange<UInt64>)
  func ids(seed: UInt64) async throws {
    var random = Seeded(seed)
    let records = (0..<60).map { _ in DatasetRecord(content: .text("." + MixedText.make(&random))) }
    let lines = records.map { String(decoding: $0.canonicalLine.canonical, as: UTF8.self) }
    let result = try await curate(["a.jsonl": lines.joined(separator: "\n")], stages: [])
    #expect(result.dataset.rows.map(\.id) == records.map(\.id).sorted())
    for (number, record) in records.enumerated() {
      guard case .text(let text) = record.content else { continue }
      #expect(result.entry("a.jsonl", number + 1)?.characters == text.unicodeScalars.count)
    }
  }
}

/// Texts of all scripts in short stretches, so that each of them stands beside each other one; most of them ASCII, as most texts are.
enum MixedText {
  private static let scripts: [[ClosedRange<UInt32>]] = [
    [0x61...0x7A], [0x61...0x7A], [0x61...0x7A, 0x20...0x20], [0x61...0x7A, 0x20...0x20], [0x41...0x5A, 0x61...0x7A], [0x30...0x39], [0x21...0x7E], [0x20...0x20, 0x0A...0x0A],
    [0x00...0x7F], [0x5F...0x5F, 0x2D...0x2D], [0xA0...0x17F], [0x80...0xA0, 0xC2...0xC3], [0x300...0x36F], [0x370...0x3FF], [0x400...0x52F], [0x590...0x5F4], [0x600...0x6FF],
    [0x900...0x97F], [0xE00...0xE7F], [0xF00...0xFFF], [0x1100...0x11FF], [0x1E00...0x1EFF], [0x2000...0x206F], [0x2190...0x2BFF], [0x3000...0x30FF], [0x3040...0x30FF],
    [0x4E00...0x9FFF], [0xAC00...0xD7A3], [0xFE00...0xFE0F], [0xFF00...0xFFEF], [0xFFFD...0xFFFD], [0x1F300...0x1FAFF], [0x20000...0x2A6DF], [0xE0020...0xE007F], [0x1...0x10FFFF],
  ]

  static func make(_ random: inout Seeded, segments: Int? = nil) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<(segments ?? random.below(24)) {
      let script = random.below(3) == 0 ? random.pick(scripts) : scripts[random.below(8)]
      // Now and then one character for a long while.
      let count = random.below(60) == 0 ? 90 + random.below(40) : 1 + random.below(14)
      let isOne = count > 80
      let first = scalar(script, &random)
      for _ in 0..<count { text.append(isOne ? first : scalar(script, &random)) }
    }
    return String(text)
  }

  private static func scalar(_ script: [ClosedRange<UInt32>], _ random: inout Seeded) -> Unicode.Scalar {
    let range = random.pick(script)
    return Unicode.Scalar(range.lowerBound + UInt32(random.below(range.count))) ?? " "
  }
}

/// docs/curation.md, "Words", with the hash that `Words` is documented to take.
private enum PlainWords {
  private static let empty: UInt64 = 0xCBF2_9CE4_8422_2324

  static func hashes(of text: String) -> [UInt64] {
    var words: [UInt64] = []
    var open: [UInt32] = []
    var isAlone = false
    func end() {
      guard !open.isEmpty else { return }
      // A character that stands alone sets the lowest bit, which outlives the marks after it.
      let hash = open.enumerated().reduce(empty) { hash, letter in
        let next = (hash ^ UInt64(letter.element) << 1) &* 0x9E37_79B9_7F4A_7C15
        return letter.offset == 0 && isAlone ? next | 1 : next
      }
      words.append(mixed(hash))
      (open, isAlone) = ([], false)
    }
    for scalar in text.unicodeScalars {
      let entry = CharacterTable.shared[scalar.value]
      switch entry.kind {
      case .ignored: continue
      case .separator: end()
      case .letter:
        if isAlone { end() }
        open.append(entry.small)
      case .alone:
        end()
        open.append(entry.small)
        isAlone = true
      case .mark: if !open.isEmpty { open.append(entry.small) }
      }
    }
    end()
    return words
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

private struct PlainMarks {
  private var visible: [Unicode.Scalar] = []
  private var inRuns = 0
  private var lines = 0
  private var bytes = 0

  var counts: [Int] { [visible.count, visible.count { $0 == "\u{FFFD}" }, visible.count(where: isSymbol), inRuns, lines, bytes] }

  mutating func add(_ turn: String) -> Int {
    let shown = turn.unicodeScalars.filter(isVisible)
    var rest = shown[...]
    while let first = rest.first {
      let run = rest.prefix { $0 == first }.count
      if run >= 100 { inRuns += run }
      rest = rest.dropFirst(run)
    }
    visible += shown
    lines += turn.unicodeScalars.count { $0 == "\n" } + 1
    bytes += turn.utf8.count
    return shown.count
  }

  private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value > 0x20 }
    if [0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0x200B].contains(scalar.value) { return false }
    switch CharacterTable.shared[scalar.value].kind {
    case .letter, .alone: return true
    case .mark, .ignored: return false
    case .separator: return !scalar.properties.isWhitespace
    }
  }

  private func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return !("a"..."z").contains(scalar) && !("A"..."Z").contains(scalar) && !("0"..."9").contains(scalar) }
    return (0x2010...0x205E).contains(scalar.value) || (0x2190...0x25FF).contains(scalar.value) || (0x2900...0x2BFF).contains(scalar.value)
  }
}

private enum PlainLines {
  static func trimmed(_ line: Substring) -> Substring {
    let scalars = line.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }), let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return line[line.endIndex...] }
    return line[first..<scalars.index(after: last)]
  }

  static func trimmed(_ text: String) -> [[UInt8]] {
    text.unicodeScalars.split(separator: "\n").map { Array(trimmed(Substring($0)).utf8) }.filter { !$0.isEmpty }
  }

  static func paragraphs(_ text: String) -> [[UInt8]] {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
    let groups = lines.split { trimmed($0).isEmpty }
    return groups.map { group in Array(trimmed(Substring(group.map(String.init).joined(separator: "\n"))).utf8) }
  }
}

/// docs/curation.md, "normalize", without mojibake.
private enum PlainNormal {
  static func form(of text: String) -> String {
    var scalars = Array(text.unicodeScalars)
    scalars = scalars.enumerated().compactMap { index, scalar in
      if scalar == "\r" { return "\n" }
      if scalar == "\n", index > 0, scalars[index - 1] == "\r" { return nil }
      return scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" ? nil : scalar
    }
    let composed = String(String.UnicodeScalarView(scalars)).precomposedStringWithCanonicalMapping
    let lines = composed.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var line = Array(line)
      while line.last?.properties.isWhitespace == true { line.removeLast() }
      return line
    }
    var joined = Array(lines.joined(separator: ["\n"]))
    while joined.first?.properties.isWhitespace == true { joined.removeFirst() }
    while joined.last == "\n" { joined.removeLast() }
    return String(String.UnicodeScalarView(joined))
  }
}
