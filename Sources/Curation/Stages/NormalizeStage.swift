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
    let changed = DatasetRecord(content: content, conversation: record.conversation, license: record.license)
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
