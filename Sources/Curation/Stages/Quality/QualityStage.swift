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
    let readings = readings(of: record.content)
    for rule in rules {
      // A signal that a record does not have, such as a share of no lines, breaks no rule.
      guard let reading = readings.first(where: { $0.signal == rule.signal }), !rule.holds(for: reading.value) else { continue }
      return .drop(rule.reason, measured: reading.value, threshold: rule.threshold)
    }
    return Verdict(decision: .pass, signals: readings.filter { $0.value != 0 })
  }

  private func readings(of content: DatasetRecord.Content) -> [QualitySignal.Reading] {
    switch profile {
    case .chat: ChatSignals.readings(of: content)
    case .gopher: GopherSignals.readings(of: content)
    }
  }
}
