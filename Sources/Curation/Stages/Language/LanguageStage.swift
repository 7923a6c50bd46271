internal import Artifacts

/// Notes the language of every record, and drops what is in none of those that are wanted. docs/curation.md, "language", is the contract.
struct LanguageStage: RecordStage {
  let name = StageName.language
  let rule: LanguageRule

  func judge(_ record: DatasetRecord) -> Verdict {
    let found = LanguageDetector.languages(of: record.content)
    let reading = found.reading
    return Verdict(decision: decision(on: found, reading), detail: .language(reading))
  }

  private func decision(on found: LanguageDetector.Languages, _ reading: LanguageReading) -> Verdict.Decision {
    guard let wanted = rule.keep else { return .pass }
    guard reading.isReliable else { return rule.keepsUndecided ? .pass : .drop(.undecidedLanguage, measured: nil, threshold: nil) }
    let percent = found.percent(of: wanted)
    guard percent * 10_000 < rule.minimumSharePPM else { return .pass }
    return .drop(.otherLanguage, measured: Double(percent) / 100, threshold: Double(rule.minimumSharePPM) / 1_000_000)
  }
}

/// Which languages are wanted.
package struct LanguageRule: Hashable, Sendable {
  /// Nil: all; the stage only notes.
  package let keep: Set<String>?
  /// The least share of a record's letters in the wanted languages together, in parts per million.
  package let minimumSharePPM: Int
  /// What is too short, or too mixed, for anything to be said of it.
  package let keepsUndecided: Bool

  package init(keep: Set<String>? = nil, minimumSharePPM: Int = 500_000, keepsUndecided: Bool = true) {
    (self.keep, self.minimumSharePPM, self.keepsUndecided) = (keep, minimumSharePPM, keepsUndecided)
  }
}
