internal import Artifacts

/// Drops what misses a rule of a profile, and notes what was measured of what passes: all that is not zero.
struct QualityStage: RecordStage {
  let name = StageName.quality
  private let profile: QualityProfile
  private let rules: [QualityRule]

  init(_ profile: QualityProfile) {
    self.profile = profile
    rules = profile.rules
  }

  func judge(_ record: DatasetRecord) -> Verdict {
    let (content, changes, readings) = readings(of: record.content)
    for rule in rules {
      // A signal that a record does not have, such as a share of no lines, breaks no rule.
      guard let reading = readings.first(where: { $0.signal == rule.signal }), !rule.holds(for: reading.value) else { continue }
      return .drop(rule.reason, measured: reading.value, threshold: rule.threshold)
    }
    let signals = readings.filter { $0.value != 0 }
    guard !changes.isEmpty else { return Verdict(decision: .pass, signals: signals) }
    return Verdict(decision: .change(DatasetRecord(content: content, conversation: record.conversation, license: record.license)), changes: changes, signals: signals)
  }

  /// With what the profile leaves of the content.
  private func readings(of content: DatasetRecord.Content) -> (DatasetRecord.Content, [Change], [QualitySignal.Reading]) {
    switch profile {
    case .chat: return (content, [], ChatSignals.readings(of: content))
    case .gopher: return (content, [], GopherSignals.readings(of: content))
    case .c4:
      let cleaned = C4Cleaning(wantsTerminalPunctuation: true).clean(content)
      return (cleaned.content, cleaned.changes, cleaned.readings)
    case .fineweb:
      let cleaned = C4Cleaning(wantsTerminalPunctuation: false).clean(content)
      let readings = GopherSignals.readings(of: content) + cleaned.readings + FineWebSignals.readings(of: cleaned.content)
      return (cleaned.content, cleaned.changes, readings)
    }
  }
}
