internal import Artifacts
internal import Foundation
internal import Normalizing

/// Gives every content one spelling. docs/curation.md, "normalize", is the contract; the order of the steps is part of it.
struct NormalizeStage: RecordStage {
  let name = StageName.normalize
  let repairsMojibake: Bool

  func judge(_ record: DatasetRecord) -> Verdict {
    var tally = Tally()
    let content = record.content.mappingTexts { part, text in
      // What a program is to parse keeps its spelling.
      part.isProse ? normalize(text, &tally) : nil
    }
    guard !tally.changes.isEmpty else { return .pass }
    let changed = DatasetRecord(content: content, conversation: record.conversation)
    return Verdict(decision: .change(changed), changes: tally.changes)
  }

  /// How often each kind of edit was made to one record.
  private struct Tally {
    var counts: [Change.Kind: Int] = [:]

    var changes: [Change] {
      Change.Kind.allCases.compactMap { kind in counts[kind].map { Change(kind: kind, count: $0) } }
    }

    mutating func add(_ count: Int, _ kind: Change.Kind) {
      if count > 0 { counts[kind, default: 0] += count }
    }
  }

  /// Nil where nothing is to be done.
  private func normalize(_ text: String, _ tally: inout Tally) -> String? {
    var text = text
    let before = tally.counts
    // First: the control characters that the next step takes away are bytes of the text that was misread.
    if repairsMojibake, let repair = Mojibake.repaired(text) {
      text = repair.text
      tally.add(repair.characters, .mojibake)
    }
    if text.withUTF8(SettledText.holds) { return tally.counts == before ? nil : text }
    let cleaned = withoutControls(text, &tally)
    let composed = composed(cleaned, &tally)
    let trimmed = trimmed(composed, &tally)
    return tally.counts == before ? nil : trimmed
  }

  /// CR LF and CR become LF; then every Cc other than tab and LF goes. First, because removing one can join what composes.
  private func withoutControls(_ text: String, _ tally: inout Tally) -> String {
    var output = String.UnicodeScalarView()
    var removed = 0
    var lineEnds = 0
    var afterReturn = false
    for scalar in text.unicodeScalars {
      defer { afterReturn = scalar == "\r" }
      if scalar == "\r" {
        output.append("\n")
        lineEnds += 1
      } else if scalar == "\n" {
        if !afterReturn { output.append("\n") }
      } else if scalar.isControl, scalar != "\t" {
        removed += 1
      } else {
        output.append(scalar)
      }
    }
    tally.add(lineEnds, .lineEndings)
    tally.add(removed, .controlCharacters)
    return String(output)
  }

  /// Normalization Form C (UAX #15).
  private func composed(_ text: String, _ tally: inout Tally) -> String {
    let bytes = Array(text.utf8)
    let composed = FormC.composed(bytes)
    if composed == bytes { return text }
    tally.add(1, .unicode)
    return String(decoding: composed, as: UTF8.self)
  }

  private func trimmed(_ text: String, _ tally: inout Tally) -> String {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    let bare = lines.map { $0.prefix($0.count - $0.reversed().prefix(while: \.properties.isWhitespace).count) }
    tally.add(zip(lines, bare).reduce(0) { $0 + $1.0.count - $1.1.count }, .trailingSpace)

    var joined = String.UnicodeScalarView()
    for (index, line) in bare.enumerated() {
      if index > 0 { joined.append("\n") }
      joined.append(contentsOf: line)
    }
    // Lines have no space at their end any more, so what is left at the end of the whole is line feeds.
    let head = joined.drop(while: \.properties.isWhitespace)
    let tail = head.reversed().prefix { $0 == "\n" }.count
    tally.add(joined.count - head.count + tail, .outerSpace)
    return String(String.UnicodeScalarView(head.dropLast(tail)))
  }
}

extension Unicode.Scalar {
  /// General category Cc, which Unicode keeps as it is for ever (its stability policy): U+0000–U+001F and U+007F–U+009F.
  fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

/// A quick look that can say "nothing to do" for most texts. It may be wrong the other way: then the long way finds nothing to do.
enum SettledText {
  static func holds(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = utf8.first, let last = utf8.last else { return true }
    guard !isSpace(first), !isSpace(last) else { return false }
    var index = 0
    var afterSpace = false
    while index < utf8.count {
      let byte = utf8[index]
      if byte >= 0x80 {
        let (scalar, length) = scalar(in: utf8, at: index)
        guard isSettled(scalar) else { return false }
        index += length
        afterSpace = false
        continue
      }
      if byte == UInt8(ascii: "\n") {
        guard !afterSpace else { return false }
      } else if byte == 0x7F || (byte < 0x20 && byte != UInt8(ascii: "\t")) {
        return false
      }
      afterSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
      index += 1
    }
    return true
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A }

  /// A Swift string's UTF-8 is valid, so the lead byte says it all.
  private static func scalar(in utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> (UInt32, length: Int) {
    func tail(_ offset: Int) -> UInt32 { UInt32(utf8[index + offset] & 0x3F) }
    let lead = UInt32(utf8[index])
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | tail(1), 2) }
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3) }
    return ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
  }

  /// True for characters that no neighbour of this set composes with, that NFC leaves alone, and that are neither white space nor controls.
  static func isSettled(_ scalar: UInt32) -> Bool { settled.contains { $0.contains(scalar) } }

  /// The scripts that are met most. A test holds each character of them against Foundation.
  static let settled: [ClosedRange<UInt32>] = [
    0x00A1...0x02FF,  // Latin
    0x4E00...0x9FFF,  // Chinese characters
    0x0400...0x0482,  // Cyrillic
    0x3041...0x3096, 0x30A1...0x30FA, 0x30FC...0x30FE, 0x3001...0x3029,  // Kana, and the punctuation around it
    0xAC00...0xD7A3,  // Hangul syllables
    0x0620...0x064A, 0x05D0...0x05EA,  // Arabic and Hebrew letters
    0x2010...0x2027, 0x2030...0x205E,  // punctuation
    0xFF01...0xFF5E,  // full-width forms
    0x1F300...0x1FAFF,  // pictographs
  ]
}
