package import Artifacts

/// What a person asks first about a curation, counted from its ledger and its dataset. It names files, and holds no text.
package struct CurationOverview: Sendable {
  package struct ReadFiles: Hashable, Sendable {
    package let kind: String
    package var files: Int
    package var records: Int
  }

  /// What a stage did to records that it let through.
  package struct ChangeCount: Hashable, Sendable {
    package let stage: StageName
    package let kind: String
    package var records: Int
    /// Characters or contents, as the kind has it.
    package var changes: Int
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
  package let changes: [ChangeCount]
  package let mergedExactly: Int
  /// The largest first.
  package let clusters: [Cluster]
  package let lengths: LengthDistribution
  /// Records whose story is worth asking for: the first that was dropped and the first that was merged.
  package let examples: [RecordPlace]

  package var mergedNearly: Int { summary.merged - mergedExactly }

  package init(_ ledger: LedgerQuery, _ dataset: CuratedDataset) throws {
    summary = ledger.summary
    (read, unread, notSelected) = CurationOverview.count(ledger.files)
    let merged = try ledger.entries(holding: #""fate":"merged""#)
    changes = CurationOverview.count(try ledger.entries(holding: #""changes":{"#))
    mergedExactly = merged.count(where: \.isExactCopy)
    clusters = CurationOverview.clusters(merged.filter { !$0.isExactCopy })
    lengths = LengthDistribution(lengthsInCharacters: try dataset.lengthsInCharacters())
    let dropped = summary.dropped.isEmpty ? nil : try ledger.firstEntry(holding: #""fate":"dropped""#)
    examples = [dropped, merged.first].compactMap { $0?.source.place }
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
      default: unread[FileKind.suffix(of: file.path), default: 0] += 1
      }
    }
    let byCount = unread.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    return (read.values.sorted { $0.kind < $1.kind }, byCount, notSelected)
  }

  private static func count(_ entries: [LedgerEntry]) -> [ChangeCount] {
    var counts: [String: ChangeCount] = [:]
    for passage in entries.flatMap(\.passages) {
      for change in passage.changes {
        let name = "\(passage.stage.rawValue)/\(change.kind.rawValue)"
        var count = counts[name] ?? ChangeCount(stage: passage.stage, kind: change.kind.rawValue, records: 0, changes: 0)
        count.records += 1
        count.changes += change.count
        counts[name] = count
      }
    }
    return counts.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func clusters(_ merged: [LedgerEntry]) -> [Cluster] {
    var members: [RecordPlace: [RecordPlace]] = [:]
    for entry in merged {
      guard let keeper = entry.keeperPlace else { continue }
      members[keeper, default: []].append(entry.source.place)
    }
    return members.map { Cluster(keeper: $0.key, members: $0.value.sorted()) }
      .sorted { ($1.members.count, $0.keeper) < ($0.members.count, $1.keeper) }
  }
}

extension LedgerEntry {
  /// The keeper of an exact copy has the copy's id; that of a record that is only nearly the same has another.
  fileprivate var isExactCopy: Bool {
    guard case .merged(let keeper, _) = fate else { return false }
    return keeper == id
  }

  fileprivate var keeperPlace: RecordPlace? {
    guard case .merged(_, let place) = fate else { return nil }
    return place
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
      "changes": .array(
        changes.map {
          ["stage": .string($0.stage.rawValue), "kind": .string($0.kind), "records": .count($0.records), "changes": .count($0.changes)]
        }),
      "clusters": .array(
        clusters.map { ["keeper": $0.keeper.canonical, "members": .array($0.members.map(\.canonical))] }),
      "lengths": lengths.canonical,
    ]
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
