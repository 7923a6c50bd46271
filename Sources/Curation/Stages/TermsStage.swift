internal import Artifacts
internal import Licensing

/// Licence and consent of each record: what it states of itself counts before what its dataset says, what nobody knows is not allowed, and what the
/// declared use goes against is left out.
///
/// It runs first, so that no record without permission is merged into one that has it.
struct TermsStage: RecordStage {
  let name = StageName.terms
  /// Nil where no recipe says what is allowed: then nothing is judged, and what records state is not carried on.
  private let rule: TermsRule?
  /// Of the licences that have a name of their own: nearly every record states one of a few.
  private let verdicts: [String: TermsRule.Judgement]

  init(_ rule: TermsRule?) {
    self.rule = rule
    let names = rule?.book.names ?? []
    verdicts = Dictionary(names.compactMap { name in rule.map { (name, $0.judge(stated: name)) } }, uniquingKeysWith: { first, _ in first })
  }

  func judge(_ record: DatasetRecord) -> Verdict {
    guard let rule else { return record.license == nil ? .pass : with(nil, record) }
    switch record.license.flatMap({ verdicts[$0] }) ?? rule.judge(stated: record.license) {
    case .unknown: return .drop(.unknownLicense)
    case .notAllowed(let violations):
      let detail = violations.first.map { Passage.Detail.forbidden(ForbiddenUse($0)) }
      return Verdict(decision: .drop(.licenseForbidsUse, measured: nil, threshold: nil), detail: detail)
    case .allowed(let terms):
      guard record.license != nil else { return .pass }
      let spelled = rule.spelled(terms.expression)
      return spelled == record.license ? .pass : with(spelled, record)
    }
  }

  private func with(_ license: String?, _ record: DatasetRecord) -> Verdict {
    var changed = record
    changed.license = license
    return Verdict(decision: .change(changed))
  }
}
