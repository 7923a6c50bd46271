internal import Artifacts

/// The filters that FineWeb adds to those of Gopher and C4 (Penedo et al. 2024, "The FineWeb Datasets: Decanting the Web for the Finest Text
/// Data at Scale", section 3.6), over what C4's rules left.
enum FineWebSignals {
  static let rules: [QualityRule] = [
    QualityRule(signal: .punctuatedLines, bound: .above(0.12), reason: .tooFewPunctuatedLines),
    QualityRule(signal: .charactersInDuplicatedLines, bound: .below(0.1), reason: .repeatedLines),
    QualityRule(signal: .shortLines, bound: .below(0.67), reason: .tooManyShortLines),
  ]

  /// A line of fewer is short.
  static let shortLineInCharacters = 30

  static func readings(of content: DatasetRecord.Content) -> [QualitySignal.Reading] {
    let lines = content.spoken.flatMap(\.lines).map(\.trimmed).filter { !$0.isEmpty }
    var text = lines.joined(separator: "\n")
    let repetition = text.withUTF8 { Repetition(of: Lines.trimmed(in: $0), in: $0) }
    let readings: [QualitySignal.Reading?] = [
      QualitySignal.Reading(.punctuatedLines, lines.count(where: SentenceCount.endsInTerminalPunctuation), of: lines.count),
      QualitySignal.Reading(.charactersInDuplicatedLines, repetition.repeatedCharacters, of: repetition.characters),
      QualitySignal.Reading(.shortLines, lines.count { $0.unicodeScalars.count < shortLineInCharacters }, of: lines.count),
    ]
    return readings.compactMap { $0 }
  }
}
