internal import Artifacts

/// Looks for personal data in every content, the system's too, and redacts it, drops the record or only notes it. docs/curation.md, "pii", is
/// the contract.
struct PersonalDataStage: RecordStage {
  let name = StageName.pii
  /// Kinds that are not named are not looked for.
  let actions: [PersonalData: PersonalData.Action]
  private let kinds: Set<PersonalData>

  init(_ actions: [PersonalData: PersonalData.Action]) {
    self.actions = actions
    kinds = Set(actions.keys)
  }

  func judge(_ record: DatasetRecord) -> Verdict {
    var counts: [PersonalData: Int] = [:]
    let content = record.content.mappingTexts { _, text in redacted(text, &counts) }
    guard !counts.isEmpty else { return .pass }
    let found = PersonalData.allCases.compactMap { kind in counts[kind].map { PersonalData.Finding(kind: kind, count: $0) } }
    func total(_ action: PersonalData.Action) -> Int { found.reduce(0) { $0 + (actions[$1.kind] == action ? $1.count : 0) } }
    let (dropping, redactions) = (total(.drop), total(.redact))
    if dropping > 0 { return Verdict(decision: .drop(.personalData, measured: Double(dropping), threshold: 0), found: found) }
    guard redactions > 0 else { return Verdict(decision: .pass, found: found) }
    let changed = DatasetRecord(content: content, conversation: record.conversation, license: record.license)
    return Verdict(decision: .change(changed), changes: [Change(kind: .redaction, count: redactions)], found: found)
  }

  /// Nil where nothing is found.
  private func redacted(_ text: String, _ counts: inout [PersonalData: Int]) -> String? {
    var text = text
    let glance = text.withUTF8(SensitiveGlance.init)
    guard glance.mayHoldOthers || !glance.found.isEmpty else { return nil }
    let bytes = Array(text.utf8)
    let found = PersonalDataFinder(bytes).find(kinds, besides: glance.found)
    guard !found.isEmpty else { return nil }
    var output: [UInt8] = []
    var start = 0
    for datum in found {
      counts[datum.kind, default: 0] += 1
      guard actions[datum.kind] == .redact else { continue }
      output += bytes[start..<datum.range.lowerBound]
      output += datum.kind.placeholder.utf8
      start = datum.range.upperBound
    }
    output += bytes[start...]
    return String(decoding: output, as: UTF8.self)
  }
}
