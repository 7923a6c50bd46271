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
    let content = record.content.mappingTexts { part, text in part == .arguments ? redactedArguments(text, &counts) : redacted(text, &counts) }
    guard !counts.isEmpty else { return .pass }
    let found = PersonalData.allCases.compactMap { kind in counts[kind].map { PersonalData.Finding(kind: kind, count: $0) } }
    func total(_ action: PersonalData.Action) -> Int { found.reduce(0) { $0 + (actions[$1.kind] == action ? $1.count : 0) } }
    let (dropping, redactions) = (total(.drop), total(.redact))
    if dropping > 0 { return Verdict(decision: .drop(.personalData, measured: Double(dropping), threshold: 0), found: found) }
    guard redactions > 0 else { return Verdict(decision: .pass, found: found) }
    let changed = DatasetRecord(content: content, conversation: record.conversation, license: record.license)
    return Verdict(decision: .change(changed), changes: [Change(kind: .redaction, count: redactions)], found: found)
  }

  /// Of a call's arguments, where they are JSON: each string by itself, as it reads without its escapes, and each whole number, which a string then stands
  /// for. The rules for prose know no escapes: they would take the `t` of `\t` for a letter of the word after it, and leave half an escape behind.
  private func redactedArguments(_ text: String, _ counts: inout [PersonalData: Int]) -> String? {
    var text = text
    let glance = text.withUTF8(SensitiveGlance.init)
    let bytes = Array(text.utf8)
    guard glance.mayHoldOthers || !glance.found.isEmpty || bytes.contains(UInt8(ascii: "\\")) else { return nil }
    // A private key may be parted into strings, a line each: no string by itself is one.
    let isParted = glance.found.contains { bytes[$0.range].contains(UInt8(ascii: "\"")) }
    guard !isParted, let json = JSONTokens(bytes) else { return redacted(text, &counts) }
    var output: [UInt8] = []
    var start = 0
    for token in json.tokens {
      guard let words = redacted(token.text, &counts), words != token.text else { continue }
      output += bytes[start..<token.byteRange.lowerBound]
      output += JSONValue.string(words).canonical
      start = token.byteRange.upperBound
    }
    return start == 0 ? nil : String(decoding: output + bytes[start...], as: UTF8.self)
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
