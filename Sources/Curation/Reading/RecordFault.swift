internal import Artifacts

/// Why something that was read is no record.
struct RecordFault: Error, Hashable {
  let reason: DropReason
  var measured: Double?
  var threshold: Double?

  init(_ reason: DropReason, measured: Double? = nil, threshold: Double? = nil) {
    self.reason = reason
    self.measured = measured
    self.threshold = threshold
  }
}

extension Outcome {
  /// What a reader makes of one place in a file.
  init(_ source: RecordSource, _ content: Result<DatasetRecord, RecordFault>) {
    switch content {
    case .success(let record): self = .alive(Draft(source: source, record: record))
    case .failure(let fault):
      let drop = Drop(stage: .read, reason: fault.reason, measured: fault.measured, threshold: fault.threshold)
      self = .ended(LedgerEntry(source: source, id: nil, fate: .dropped(drop), passages: []))
    }
  }
}
