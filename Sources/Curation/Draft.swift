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

enum Verdict: Sendable {
  /// The record goes on as it is, with what was measured.
  case pass(measured: Double?)
  case change(DatasetRecord, [Change])
  case drop(DropReason, measured: Double?, threshold: Double?)
}

extension Draft {
  /// Runs the stages in order until one drops the record.
  consuming func passing(_ stages: [any RecordStage]) -> Outcome {
    for stage in stages {
      switch stage.judge(record) {
      case .pass(measured: nil):
        continue
      case .pass(let measured):
        passages.append(Passage(stage: stage.name, measured: measured))
      case .change(let changed, let changes):
        record = changed
        passages.append(Passage(stage: stage.name, changes: changes))
      case .drop(let reason, let measured, let threshold):
        return .ended(ended(.dropped(Drop(stage: stage.name, reason: reason, measured: measured, threshold: threshold))))
      }
    }
    return .alive(self)
  }
}
