package import Artifacts

/// What a person asks first about a curation, counted from its ledger and its dataset. It names files, and holds no text.
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
    package var records: Int
    /// Characters, contents or findings, as the kind has it.
    package var times: Int
  }

  /// A record that was kept, and those that were merged into it because they are nearly the same.
  package struct Cluster: Hashable, Sendable {
    package let keeper: RecordPlace
    /// In the order of the sources; exact copies of the keeper are not among them.
    package let members: [RecordPlace]
  }

  package let summary: LedgerSummary
  /// By the name of the kind.
  package let read: [ReadFiles]
  /// Files that nobody could read, by the end of their names, the most frequent first.
  package let unread: [(suffix: String, files: Int)]
  package let notSelected: Int
  /// In the order of their names.
  package let changes: [StageCount]
  /// Personal data, whatever became of it.
  package let findings: [StageCount]
  package let mergedExactly: Int
  /// The largest first.
  package let clusters: [Cluster]
  package let lengths: LengthDistribution
  /// Records whose story is worth asking for: the first that was dropped and the first that was merged.
  package let examples: [RecordPlace]

  package var mergedNearly: Int { summary.merged - mergedExactly }

  package init(_ ledger: LedgerQuery, _ dataset: StoredDataset) throws {
    summary = ledger.summary
    (read, unread, notSelected) = CurationOverview.count(ledger.files)
    changes = CurationOverview.count("changes", in: try ledger.lines(holding: #""changes":{"#))
    findings = CurationOverview.count("found", in: try ledger.lines(holding: #""found":{"#))
    let merged = try ledger.lines(holding: #""fate":"merged""#)
    mergedExactly = merged.count { !$0.isNearDuplicate }
    clusters = CurationOverview.clusters(merged.filter(\.isNearDuplicate))
    lengths = LengthDistribution(lengthsInCharacters: try dataset.lengthsInCharacters())
    var dropped: RecordPlace?
    try ledger.forEachLine(holding: #""fate":"dropped""#) { _, line in
      dropped = RecordPlace(canonical: line)
      return false
    }
    examples = [dropped, merged.first.flatMap(RecordPlace.init(canonical:))].compactMap { $0 }
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

  /// Adds up a member of the passages that holds counts by kind.
  private static func count(_ member: String, in lines: [JSONValue]) -> [StageCount] {
    var counts: [String: StageCount] = [:]
    for passage in lines.flatMap({ $0["passages"]?.array ?? [] }) {
      guard let stage = passage["stage"]?.string else { continue }
      for (kind, value) in passage[member]?.object ?? [:] {
        let name = "\(stage)/\(kind)"
        var count = counts[name] ?? StageCount(stage: stage, kind: kind, records: 0, times: 0)
        count.records += 1
        count.times += Int(value.integer ?? 0)
        counts[name] = count
      }
    }
    return counts.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func clusters(_ lines: [JSONValue]) -> [Cluster] {
    var members: [RecordPlace: [RecordPlace]] = [:]
    for line in lines {
      guard let keeper = line["keeper"].flatMap(RecordPlace.init(canonical:)), let place = RecordPlace(canonical: line) else { continue }
      members[keeper, default: []].append(place)
    }
    return members.map { Cluster(keeper: $0.key, members: $0.value.sorted()) }
      .sorted { ($1.members.count, $0.keeper) < ($0.members.count, $1.keeper) }
  }
}

extension JSONValue {
  /// Of the line of a merged record: an exact copy has its keeper's id; one that is only nearly the same says how near.
  fileprivate var isNearDuplicate: Bool { self["keeper"]?["similarity-ppm"] != nil }
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
      "merged": ["exactly": .count(mergedExactly), "nearly": .count(mergedNearly)],
      "changes": .array(changes.map(\.canonical)), "findings": .array(findings.map(\.canonical)),
      "clusters": .array(
        clusters.map { ["keeper": $0.keeper.canonical, "members": .array($0.members.map(\.canonical))] }),
      "lengths": lengths.canonical,
    ]
  }
}

extension CurationOverview.StageCount {
  fileprivate var canonical: JSONValue {
    ["stage": .string(stage), "kind": .string(kind), "records": .count(records), "times": .count(times)]
  }
}

extension LengthDistribution {
  fileprivate var canonical: JSONValue {
    [
      "shortest": .count(shortest), "median": .count(median), "longest": .count(longest),
      "bins": .array(bins.map { ["from": .count($0.range.lowerBound), "to": .count($0.range.upperBound), "records": .count($0.count)] }),
    ]
  }
}

extension RecordPlace {
  package var canonical: JSONValue { ["file": .string(file), "line": .count(line)] }
}

extension JSONValue {
  fileprivate static func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
