internal import Artifacts
internal import Curation

/// What became of the records of each dataset, as a table. Names of files, never text.
struct CurateReport: Report {
  struct Dataset {
    let name: String
    let digest: Digest
    let overview: CurationOverview
    let languages: LanguageDistribution
    /// Where the recipe's base is a folder.
    var tokens: TokenCount?
  }

  private(set) var datasets: [Dataset]
  let counts: ActionCounts
  let schema = "soulpack.curate/1"

  init(_ curated: [Curated], _ counts: ActionCounts) throws {
    datasets = try curated.map {
      Dataset(
        name: $0.name, digest: $0.digest, overview: CurationOverview(files: $0.ledger.files, $0.ledger.summary),
        languages: try LanguageDistribution($0.ledger.summary, $0.dataset))
    }
    self.counts = counts
  }

  /// The same with the tokens of each dataset, in their order.
  func counting(_ tokens: [TokenCount?]) -> CurateReport {
    var report = self
    for (index, count) in tokens.enumerated() { report.datasets[index].tokens = count }
    return report
  }

  var members: [String: JSONValue] {
    [
      "datasets": .array(
        datasets.map { dataset in
          var members: [String: JSONValue] = [
            "action": .string(dataset.name), "dataset": .digest(dataset.digest), "summary": dataset.overview.summary.canonical,
            "overview": dataset.overview.canonical, "languages": dataset.languages.canonical,
          ]
          if let tokens = dataset.tokens { members["tokens"] = tokens.canonical }
          return .object(members)
        }),
      "actionsRun": .integer(Int64(counts.ran)), "actionsReused": .integer(Int64(counts.reused)),
    ]
  }

  var lines: [String] {
    datasets.flatMap { ["\($0.name)  \($0.digest.short)"] + CurationTable(overview: $0.overview, languages: $0.languages, tokens: $0.tokens).lines } + [counts.words]
  }
}

/// One dataset's part of the table, made for eighty columns.
struct CurationTable {
  let overview: CurationOverview
  let languages: LanguageDistribution
  var tokens: TokenCount?

  private static let mostLanguages = 8
  private static let widthInColumns = Wrapping.tableWidth
  private static let mostClusters = 5

  var lines: [String] {
    let parts = [
      files, records, drops, counts("personal data found in", overview.findings), counts("changed by", overview.changes), languageCounts,
      lengths, tokenCounts, clusters,
    ]
    return parts.filter { !$0.isEmpty }.flatMap { $0 + [""] }
  }

  private var files: [String] {
    var table = Table(rightAligned: [1, 2])
    for kind in overview.read { table.add("  " + kind.kind, Quantity.count(kind.files), Quantity.count(kind.records), "records") }
    if overview.notSelected > 0 { table.add("  not selected", Quantity.count(overview.notSelected), "", "by the recipe's \"files\"") }
    let unread = overview.unread.reduce(0) { $0 + $1.files }
    let suffixes = overview.unread.map { "\(Quantity.count($0.files)) \($0.suffix.isEmpty ? "without a suffix" : "." + $0.suffix)" }
    if unread > 0 { table.add("  not read", Quantity.count(unread), "", list(suffixes, widthInColumns: 48)) }
    let hints = overview.unread.contains { $0.suffix == "parquet" } ? ["  " + CurationError.parquetHint] : []
    return ["files"] + table.lines + hints
  }

  private var records: [String] {
    let summary = overview.summary
    var table = Table(rightAligned: [1, 2])
    func row(_ name: String, _ count: Int, _ remark: String = "") {
      table.add("  " + name, Quantity.count(count), Quantity.percent(Double(count) / Double(max(1, summary.recordsRead))), remark)
    }
    table.add("  read", Quantity.count(summary.recordsRead), "", "")
    row("kept", summary.kept, summary.changed > 0 ? "\(Quantity.count(summary.changed)) of them changed" : "")
    if summary.merged > 0 {
      row("merged", summary.merged, "\(Quantity.count(summary.mergedExactly)) exactly, \(Quantity.count(summary.mergedNearly)) nearly the same")
    }
    if summary.droppedCount > 0 { row("dropped", summary.droppedCount) }
    return ["records"] + table.lines
  }

  private var drops: [String] {
    let drops = overview.summary.dropped.sorted { ($1.count, $0.stage.rawValue, $0.reason.rawValue) < ($0.count, $1.stage.rawValue, $1.reason.rawValue) }
    guard let most = drops.first?.count, most > 0 else { return [] }
    var table = Table(rightAligned: [2])
    let taken = [drops.map(\.stage.rawValue.count), drops.map(\.reason.rawValue.count), [Quantity.count(most).count]].reduce(8) { $0 + ($1.max() ?? 0) }
    let columns = max(1, min(16, Self.widthInColumns - taken))
    for drop in drops {
      table.add("  " + drop.stage.rawValue, drop.reason.rawValue, Quantity.count(drop.count), bar(drop.count, of: most, columns: columns))
    }
    return ["dropped by"] + table.lines
  }

  /// At least a sliver where there is anything.
  private func bar(_ count: Int, of most: Int, columns: Int) -> String {
    String(repeating: "▇", count: count == 0 ? 0 : max(1, count * columns / most))
  }

  private func counts(_ head: String, _ counts: [CurationOverview.StageCount]) -> [String] {
    guard !counts.isEmpty else { return [] }
    var table = Table(rightAligned: [1])
    for count in counts {
      let times = count.times > count.records ? ", \(Quantity.count(count.times)) times" : ""
      table.add("  " + count.stage, Quantity.count(count.records), count.kind + times)
    }
    return [head] + table.lines
  }

  private var languageCounts: [String] {
    guard languages.records > 0 else { return [] }
    var table = Table(rightAligned: [1, 2])
    func row(_ name: String, _ count: Int) {
      table.add("  " + name, Quantity.count(count), Quantity.percent(Double(count) / Double(languages.records)))
    }
    for count in languages.counts.prefix(Self.mostLanguages) { row(count.code == LanguageReading.undetermined ? "not certain" : count.code, count.records) }
    let rest = languages.counts.dropFirst(Self.mostLanguages)
    if !rest.isEmpty { row("\(rest.count) more", rest.reduce(0) { $0 + $1.records }) }
    return ["languages of kept records" + (languages.isSample ? ", of a sample of \(Quantity.count(languages.records))" : "")] + table.lines
  }

  private var lengths: [String] { distribution(overview.summary.lengths, named: "characters of a kept record") }

  private var tokenCounts: [String] {
    guard let tokens else { return [] }
    return distribution(tokens.lengths, named: "tokens of the base, \(Quantity.count(tokens.total)) in all")
  }

  private func distribution(_ lengths: LengthDistribution, named name: String) -> [String] {
    guard let most = lengths.bins.map(\.count).max(), most > 0 else { return [] }
    var table = Table(rightAligned: [0, 1])
    for bin in lengths.bins {
      table.add("  " + words(bin.range), Quantity.count(bin.count), bar(bin.count, of: most, columns: 40))
    }
    let ends = "shortest \(Quantity.count(lengths.shortest)), median \(Quantity.count(lengths.median)), longest \(Quantity.count(lengths.longest))"
    let head = "\(name): \(ends)"
    return (head.count > Self.widthInColumns ? ["\(name):", "  \(ends)"] : [head]) + table.lines
  }

  private func words(_ range: ClosedRange<Int>) -> String {
    range.lowerBound == 0 ? "0" : "\(Quantity.count(range.lowerBound)) to \(Quantity.count(range.upperBound))"
  }

  private var clusters: [String] {
    let groups = overview.summary.nearDuplicates
    let shown = groups.largest.prefix(Self.mostClusters)
    guard !shown.isEmpty else { return [] }
    let isAll = shown.count == groups.count
    let head = "nearly the same as" + (isAll ? "" : " (the largest \(shown.count) of \(Quantity.count(groups.count)) groups)")
    return [head]
      + shown.flatMap { group in
        let count = Quantity.count(group.memberCount)
        let members = group.members.map { shortened("\($0)", to: Self.widthInColumns - 32) }
        return [
          "  " + shortened("\(group.keeper)", to: Self.widthInColumns - 2),
          "    \(count): " + list(members, of: group.memberCount, widthInColumns: Self.widthInColumns - 6 - count.count),
        ]
      }
  }

  /// Of a place its end says most.
  private func shortened(_ place: String, to columns: Int) -> String { place.count > columns ? "…" + place.suffix(columns - 1) : place }

  /// As many of the words as fit, and how many there are beside them; `words` may be the first of `count`.
  private func list(_ words: [String], of count: Int? = nil, widthInColumns: Int) -> String {
    let count = count ?? words.count
    var text = ""
    for (index, word) in words.enumerated() {
      let left = count - index
      let more = " … and \(left) more"
      if !text.isEmpty && text.count + 2 + word.count + (left > 1 ? more.count : 0) > widthInColumns { return text + more }
      text += (text.isEmpty ? "" : ", ") + word
    }
    return count > words.count ? text + " … and \(count - words.count) more" : text
  }
}
