internal import Artifacts

/// Looks for personal data in every content, the system's too, and redacts it, drops the record or only notes it. docs/curation.md, "pii", is
/// the contract.
struct PersonalDataStage: RecordStage {
  let name = StageName.pii
  let action: PersonalData.Action
  let kinds: Set<PersonalData>

  func judge(_ record: DatasetRecord) -> Verdict {
    var counts: [PersonalData: Int] = [:]
    let content = record.content.mappingTexts { _, text in redacted(text, &counts) }
    guard !counts.isEmpty else { return .pass }
    let found = PersonalData.allCases.compactMap { kind in counts[kind].map { PersonalData.Finding(kind: kind, count: $0) } }
    let total = counts.values.reduce(0, +)
    switch action {
    case .tag: return Verdict(decision: .pass, found: found)
    case .drop: return Verdict(decision: .drop(.personalData, measured: Double(total), threshold: 0), found: found)
    case .redact:
      let changed = DatasetRecord(content: content, conversation: record.conversation)
      return Verdict(decision: .change(changed), changes: [Change(kind: .redaction, count: total)], found: found)
    }
  }

  /// Nil where nothing is found.
  private func redacted(_ text: String, _ counts: inout [PersonalData: Int]) -> String? {
    var text = text
    guard text.withUTF8(PersonalDataFinder.mayHold) else { return nil }
    let bytes = Array(text.utf8)
    let found = PersonalDataFinder(bytes).find(kinds)
    guard !found.isEmpty else { return nil }
    var output: [UInt8] = []
    var start = 0
    for datum in found {
      output += bytes[start..<datum.range.lowerBound]
      output += datum.kind.placeholder.utf8
      start = datum.range.upperBound
      counts[datum.kind, default: 0] += 1
    }
    output += bytes[start...]
    return String(decoding: output, as: UTF8.self)
  }
}
