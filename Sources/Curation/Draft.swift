internal import Artifacts
internal import Hashing

/// A record on its way through the stages.
struct Draft: Sendable {
  let source: RecordSource
  var record: DatasetRecord {
    didSet { knownID = nil }
  }
  var passages: [Passage] = []
  private var knownID: RecordID?

  init(source: RecordSource, record: DatasetRecord) {
    self.source = source
    self.record = record
  }

  var id: RecordID { knownID ?? record.contentID }

  /// Takes the digest now, which is when many threads work, and not later.
  mutating func fixID() { knownID = id }

  /// The conversation key is no part of the content that the id names.
  mutating func adopt(conversation: String) {
    let id = knownID
    record.conversation = conversation
    knownID = id
  }

  /// Nor are its terms.
  mutating func adopt(license: String?) {
    let id = knownID
    record.license = license
    knownID = id
  }

  func ended(_ fate: Fate) -> LedgerEntry {
    LedgerEntry(source: source, id: id, fate: fate, passages: passages)
  }
}

/// What a stage, or the reader, makes of one record: it goes on, or its story ends.
enum Outcome: Sendable {
  case alive(Draft)
  case ended(LedgerEntry)
}

/// A rule that looks at one record alone. It is a pure function: no clock, no disk, no other record.
protocol RecordStage: Sendable {
  var name: StageName { get }
  func judge(_ record: DatasetRecord) -> Verdict
}

/// What a stage makes of one record.
struct Verdict: Sendable {
  enum Decision: Sendable {
    case pass
    case change(DatasetRecord)
    case drop(DropReason, measured: Double?, threshold: Double?)
  }

  let decision: Decision
  var changes: [Change] = []
  var measured: Double?
  var signals: [QualitySignal.Reading] = []
  var found: [PersonalData.Finding] = []

  static let pass = Verdict(decision: .pass)

  static func drop(_ reason: DropReason, measured: Double? = nil, threshold: Double? = nil) -> Verdict {
    Verdict(decision: .drop(reason, measured: measured, threshold: threshold))
  }
}

extension Draft {
  /// Runs the stages in order until one drops the record.
  consuming func passing(_ stages: [any RecordStage]) -> Outcome {
    for stage in stages {
      let verdict = stage.judge(record)
      let passage = Passage(
        stage: stage.name, changes: verdict.changes, measured: verdict.measured, signals: verdict.signals, found: verdict.found)
      if !passage.saysNothing { passages.append(passage) }
      switch verdict.decision {
      case .pass: continue
      case .change(let changed): record = changed
      case .drop(let reason, let measured, let threshold):
        return .ended(ended(.dropped(Drop(stage: stage.name, reason: reason, measured: measured, threshold: threshold))))
      }
    }
    return .alive(self)
  }
}
