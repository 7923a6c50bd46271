internal import Artifacts

/// Takes out what was retracted. A record is known by its id as it is and by the id of its normalised content, whatever stages the recipe has, so that
/// another spelling of white space does not bring it back.
struct RetractionStage: RecordStage {
  let name: StageName
  private let retractions: Retractions

  /// `name` is `retract` before records are compared with each other, and `retractResult` behind the stages that change what a record says.
  init(_ name: StageName, _ retractions: Retractions) {
    self.name = name
    self.retractions = retractions
  }

  func judge(_ record: DatasetRecord) -> Verdict {
    guard !retractions.isEmpty else { return .pass }
    if retractions.hold(record.contentID) { return .drop(.retracted) }
    guard name == .retract, case .change(let normalised) = NormalizeStage(repairsMojibake: true).judge(record).decision,
      retractions.hold(normalised.contentID)
    else { return .pass }
    return .drop(.retracted)
  }
}

extension CurationParameters {
  /// Whether a stage other than `normalize` changes what records say, so that they have another id at the end.
  var changesRecords: Bool {
    stages.contains { stage in
      switch stage {
      case .pii(let actions): actions.values.contains(.redact)
      // C4 takes lines out, and FineWeb stands on it.
      case .quality(let profile): profile == .c4 || profile == .fineweb
      default: false
      }
    }
  }
}
