package import Artifacts

/// What a person asks first about a curation, as its ledger's index has it. It names files, and holds no text.
package struct CurationOverview: Sendable {
  package struct ReadFiles: Hashable, Sendable {
    package let kind: String
    package var files: Int
    package var records: Int
  }

  /// What a stage changed or found in records.
  package struct StageCount: Hashable, Sendable {
    package let stage: String
    package let kind: String
    package let records: Int
    /// Characters, contents or findings, as the kind has it.
    package let times: Int
  }

  package let summary: LedgerSummary
  /// By the name of the kind.
  package let read: [ReadFiles]
  /// Files that nobody could read, by the end of their names, the most frequent first.
  package let unread: [(suffix: String, files: Int)]
  package let notSelected: Int
  /// Of the records that were kept, in the order of their names.
  package let changes: [StageCount]
  /// Personal data, whatever became of it.
  package let findings: [StageCount]

  package init(files: [Ledger.File], _ summary: LedgerSummary) {
    self.summary = summary
    (read, unread, notSelected) = CurationOverview.count(files)
    changes = summary.changes.map { StageCount(stage: $0.key.stage.rawValue, kind: $0.key.kind.rawValue, $0.value) }.sorted { $0.name < $1.name }
    findings = summary.personalData.map { StageCount(stage: StageName.pii.rawValue, kind: $0.key.rawValue, $0.value) }.sorted { $0.name < $1.name }
  }

  private static func count(_ files: [Ledger.File]) -> (read: [ReadFiles], unread: [(String, Int)], notSelected: Int) {
    var read: [String: ReadFiles] = [:]
    var unread: [String: Int] = [:]
    var notSelected = 0
    for file in files {
      switch file.fate {
      case .read(let kind, let records):
        read[kind.rawValue, default: ReadFiles(kind: kind.rawValue, files: 0, records: 0)].files += 1
        read[kind.rawValue]?.records += records
      case .notSelected: notSelected += 1
      case .opened: break  // Its members stand for themselves.
      default: unread[FileKind.suffix(of: file.path), default: 0] += 1
      }
    }
    let byCount = unread.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    return (read.values.sorted { $0.kind < $1.kind }, byCount, notSelected)
  }
}

extension CurationOverview.StageCount {
  fileprivate init(stage: String, kind: String, _ tally: LedgerSummary.Tally) {
    self.init(stage: stage, kind: kind, records: tally.records, times: tally.count)
  }

  fileprivate var name: String { "\(stage)/\(kind)" }
}

extension RecordPlace {
  /// From the members `file` and `line`, whatever stands beside them.
  init?(canonical value: JSONValue) {
    guard let file = value["file"]?.string, let line = value.natural("line") else { return nil }
    self.init(file: file, line: line)
  }
}

extension CurationOverview {
  /// `soulpack.overview/1`, for programs.
  package var canonical: JSONValue {
    [
      "schema": "soulpack.overview/1", "summary": summary.canonical,
      "files": [
        "read": .array(
          read.map { ["kind": .string($0.kind), "files": .count($0.files), "records": .count($0.records)] }),
        "unread": .array(unread.map { ["suffix": .string($0.suffix), "files": .count($0.files)] }), "notSelected": .count(notSelected),
      ],
      "changes": .array(changes.map(\.canonical)), "findings": .array(findings.map(\.canonical)),
    ]
  }
}

extension CurationOverview.StageCount {
  fileprivate var canonical: JSONValue {
    ["stage": .string(stage), "kind": .string(kind), "records": .count(records), "times": .count(times)]
  }
}

extension RecordPlace {
  package var canonical: JSONValue { ["file": .string(file), "line": .count(line)] }
}

extension JSONValue {
  static func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
