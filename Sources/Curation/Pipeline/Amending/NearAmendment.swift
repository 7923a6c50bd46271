internal import Artifacts

/// Brings near duplicates up to date where contents came or went: their neighbours, and those of these, are compared anew, and nobody else.
///
/// It is the same as comparing all: while no shingle becomes a template's or ceases to be, a content's keys are its own, and what is merged within a
/// cluster follows from its contents. Where one does, it is a miss.
struct NearAmendment {
  let rule: NearDuplicateRule
  let minhash: MinHash
  let lines: LineStore
  let desk: RecallDesk
  let before: CurationView
  let after: CurationView
  /// A record's row with its texts, in the last run and in this one.
  let rowBefore: (UInt32) throws -> AssessedRow
  let rowAfter: (UInt32) throws -> AssessedRow

  private static let mostContents = 2_048

  /// `came` and `went` are contents; `isNew` says of which of those that came nobody knows the keys. Gives near duplicates as they are now, and adds keys.
  func amend(_ outline: inout CurationOutline, came: [UInt32], went: [HalfDigest], isNew: (UInt32) -> Bool) throws {
    guard TemplateShingles.limit(records: outline.contentCount) == outline.near.limit else { throw RecallMiss() }
    guard came.count + went.count <= Self.mostContents else { throw RecallMiss() }
    let rows = try came.map { content in
      guard let first = try after.group(of: content)?.handles.first else { throw RecallMiss() }
      return try rowAfter(first)
    }
    let goneGroups = try went.compactMap { try before.group($0) }
    let goneRows = try goneGroups.map { group in
      guard let first = group.handles.first else { throw RecallMiss() }
      return try rowBefore(first)
    }
    try count(rows, goneRows, &outline)
    var reader = try ShingleReader(lines, rule)
    let keys = try rows.map { try self.keys(of: $0, outline.near, &reader) }
    let goneKeys = try goneRows.map { try self.keys(of: $0, outline.near, &reader) }
    add(zip(came, keys).filter { isNew($0.0) && !$0.1.isEmpty }.map { ($0.0, $0.1) }, &outline)
    let index = KeyIndex(outline, Pages<UInt64>("keys", perPage: BaseOutline.keysPerPage, base: outline.base.name, desk))
    var search = Search(came)
    for keys in goneKeys where !keys.isEmpty {
      for contents in try index.find(keys) { for content in contents where try after.isThere(content) { search.reach(content) } }
    }
    try explore(&search, index, outline.near, &reader)
    let merges = try compare(search, outline.near)
    try settle(merges, reached: Set(search.order).union(goneGroups.map(\.content)), &outline)
  }

  // MARK: - Templates

  /// Counts the shingles of what came and went.
  private func count(_ came: [AssessedRow], _ went: [AssessedRow], _ outline: inout CurationOutline) throws {
    var reader = try ShingleReader(lines, rule)
    var steps: [UInt32: Int32] = [:]
    var counts: [UInt64: Int] = [:]
    var others: Set<UInt32> = []
    for (rows, step) in [(went, -1), (came, 1)] {
      for row in rows {
        try reader.forEachDistinctShingle(of: row.comparedLine) { shingle in
          let slot = ShingleSketch.slot(of: shingle)
          steps[slot, default: 0] += Int32(step)
          if outline.near.isSuspect(slot) { counts[shingle, default: 0] += step } else if step > 0 { others.insert(slot) }
        }
      }
    }
    try note(steps, &outline.near)
    let counters = Pages<UInt16>("counters", perPage: BaseOutline.countersPerPage, base: outline.base.name, desk)
    try counters.fetch(others.map { Int($0) / BaseOutline.countersPerPage })
    for slot in others {
      let counted = try counters[Int(slot)]
      let value = counted == .max ? Int(counted) : Int(counted) + Int(outline.near.step(of: slot))
      if value >= min(outline.near.limit, Int(UInt16.max)) { throw RecallMiss() }
    }
    try note(counts, &outline.near)
  }

  private func note(_ steps: [UInt32: Int32], _ near: inout NearOutline) throws {
    var all = Dictionary(zip(near.slots, near.steps)) { first, _ in first }
    for (slot, step) in steps where step != 0 { all[slot, default: 0] += step }
    let sorted = all.filter { $0.value != 0 }.sorted { $0.key < $1.key }
    (near.slots, near.steps) = (sorted.map(\.key), sorted.map(\.value))
  }

  private func note(_ changes: [UInt64: Int], _ near: inout NearOutline) throws {
    var added: [(shingle: UInt64, count: UInt32)] = []
    for (shingle, change) in changes where change != 0 {
      let count = near.count(of: shingle)
      guard count + change >= 0, (count >= near.limit) == (count + change >= near.limit) else { throw RecallMiss() }
      let place = near.shingles.partitionPoint { $0 >= shingle }
      if place < near.shingles.count, near.shingles[place] == shingle {
        near.counts[place] = UInt32(count + change)
      } else {
        added.append((shingle, UInt32(change)))
      }
    }
    guard !added.isEmpty else { return }
    let all = (zip(near.shingles, near.counts).map { (shingle: $0, count: $1) } + added).sorted { $0.shingle < $1.shingle }
    (near.shingles, near.counts) = (all.map(\.shingle), all.map(\.count))
  }

  // MARK: - Keys

  /// Of what is left of a text without the shingles of templates; none where nothing is.
  private func keys(of row: AssessedRow, _ near: NearOutline, _ reader: inout ShingleReader) throws -> [UInt32] {
    var shingles = try reader.shingles(of: row.comparedLine)
    shingles.removeAll(where: near.isTemplate)
    guard !shingles.isEmpty else { return [] }
    var (keys, scratch): ([UInt32], [UInt32]) = ([], [])
    minhash.appendKeys(of: shingles, to: &keys, scratch: &scratch)
    return keys
  }

  private func add(_ new: [(content: UInt32, keys: [UInt32])], _ outline: inout CurationOutline) {
    guard !new.isEmpty else { return }
    let count = outline.addedKeys.count / max(1, outline.base.bands)
    var all: [UInt64] = []
    for band in 0..<outline.base.bands {
      let own = outline.addedKeys[band * count..<(band + 1) * count]
      all += (own + new.map { UInt64($0.keys[band]) << 32 | UInt64($0.content) }).sorted()
    }
    outline.addedKeys = all
  }

  // MARK: - Neighbours

  private struct Search {
    /// Contents in the order in which they were reached.
    private(set) var order: [UInt32] = []
    private var seen: Set<UInt32> = []
    var rows: [UInt32: AssessedRow] = [:]
    /// Those that share a key of a band, by band and key.
    var groups: [UInt64: [UInt32]] = [:]

    init(_ contents: [UInt32]) { for content in contents { reach(content) } }

    mutating func reach(_ content: UInt32) { if seen.insert(content).inserted { order.append(content) } }
  }

  private func explore(_ search: inout Search, _ index: KeyIndex, _ near: NearOutline, _ reader: inout ShingleReader) throws {
    var next = 0
    while next < search.order.count {
      try Task.checkCancellation()
      guard search.order.count <= Self.mostContents else { throw RecallMiss() }
      let content = search.order[next]
      next += 1
      guard let first = try after.group(of: content)?.handles.first else { throw RecallMiss() }
      let row = try rowAfter(first)
      search.rows[content] = row
      let keys = try keys(of: row, near, &reader)
      guard !keys.isEmpty else { continue }
      for (band, contents) in try index.find(keys).enumerated() {
        let name = UInt64(band) << 32 | UInt64(keys[band])
        guard search.groups[name] == nil else { continue }
        let there = try contents.filter { try after.isThere($0) }
        // A content that is not found by its own key: what is remembered is not of these texts.
        guard there.contains(content) else { throw RecallMiss() }
        guard there.count > 1 else { continue }
        search.groups[name] = there
        for other in there { search.reach(other) }
      }
    }
  }

  /// `Comparison` compares the records of a run, and so these are made to look like those of one: each the only line of an assessment, with the texts that
  /// were laid aside and no more. No file is named where none is asked for; the listing is there because records cannot be without one.
  private func compare(_ search: Search, _ near: NearOutline) throws -> [(member: UInt32, keeper: UInt32, similarityPPM: Int)] {
    let contents = search.groups.isEmpty ? [] : Set(search.groups.values.joined()).sorted()
    guard !contents.isEmpty else { return [] }
    let numbers = Dictionary(uniqueKeysWithValues: contents.enumerated().map { ($1, $0) })
    let groups = search.groups.sorted { $0.key < $1.key }.map { $0.value.compactMap { numbers[$0] }.sorted() }
    var nothing = DetailWriter()
    nothing.text(nil)
    let assessments = try contents.enumerated().map { number, content in
      guard var row = search.rows[content] else { throw RecallMiss() }
      (row.part, row.details, row.terms) = (0, 0, TermsTable.datasetsOwn)
      var assessment = Assessment(number: number)
      assessment.parts = [Assessment.Part(file: 0, offset: 0, line: number, recordCount: 1)]
      (assessment.rows, assessment.details) = ([row], nothing.bytes)
      return assessment
    }
    let listing = try Listing(Snapshot(entries: [Snapshot.Entry(path: "a.jsonl", byteCount: 0, digest: Digest(words: .zero))]), patterns: nil)
    let records = ComparableRecords(AssessedRecords(assessments, listing), contents.indices.map { UInt32($0) }, lines)
    var comparison = try Comparison(records, rule, try templates(in: search, near))
    return try Proposals(groups, records: contents.count).clusters.flatMap { cluster in
      try comparison.merges(in: cluster).map { (contents[$0.member], contents[$0.keeper], $0.similarityPPM) }
    }
  }

  /// Those that stand in one of the texts.
  private func templates(in search: Search, _ near: NearOutline) throws -> Set<UInt64> {
    var reader = try ShingleReader(lines, rule)
    var templates: Set<UInt64> = []
    for row in search.rows.values {
      try reader.forEachDistinctShingle(of: row.comparedLine) { if near.isTemplate($0) { templates.insert($0) } }
    }
    return templates
  }

  private func settle(
    _ found: [(member: UInt32, keeper: UInt32, similarityPPM: Int)], reached: Set<UInt32>, _ outline: inout CurationOutline
  ) throws {
    var merges = outline.near.merges.filter { !reached.contains($0.member) }
    // Whoever gives way to one that was reached was reached too.
    guard !merges.contains(where: { reached.contains($0.keeper) }) else { throw RecallMiss() }
    for merge in found {
      guard let member = try after.group(of: merge.member)?.handles.first, let keeper = try after.group(of: merge.keeper)?.handles.first else {
        throw RecallMiss()
      }
      merges.append(
        NearOutline.Merge(
          member: merge.member, keeper: merge.keeper, memberHandle: member, keeperHandle: keeper, similarityPPM: UInt32(merge.similarityPPM)))
    }
    outline.near.merges = merges.sorted { $0.member < $1.member }
  }
}

extension NearOutline {
  /// What is to be added to a counter of the base.
  func step(of slot: UInt32) -> Int32 {
    let place = slots.partitionPoint { $0 >= slot }
    return place < slots.count && slots[place] == slot ? steps[place] : 0
  }
}
