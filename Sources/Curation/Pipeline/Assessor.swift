internal import Artifacts
internal import Foundation

/// Reads parts of files and runs the stages that look at one record alone, those after the comparison of records too: what they say does not
/// depend on it, only whether it is asked.
struct Assessor: Sendable {
  private let route: Route
  private let near: NearDuplicateRule?
  private let minhash: MinHash?
  private let seen: SeenRecords?
  private let lines: LineStore

  init(_ route: Route, lines: LineStore) {
    self.route = route
    self.lines = lines
    near = route.deduplication?.near
    minhash = near.map { MinHash(thresholdPPM: $0.thresholdPPM) }
    seen = route.deduplication?.exact == true ? SeenRecords() : nil
  }

  /// What one thread uses again and again.
  struct Bench: ~Copyable {
    var sketch: ShingleSketch?
    fileprivate var shingler: Shingler?
    fileprivate var shingles: [UInt64] = []
    fileprivate var distinct = DistinctHashes()
    fileprivate var bins = [UInt32](repeating: .max, count: MinHash.bins)
    fileprivate var slots: [UInt32] = []
    fileprivate var lines: [UInt8] = []

    fileprivate init(_ near: NearDuplicateRule?, isCounting: Bool) {
      sketch = isCounting ? near.map { _ in ShingleSketch() } : nil
      shingler = near.map { Shingler(wordsInShingle: $0.wordsInShingle) }
    }
  }

  /// `counting` the shingles of all contents; what is read once more is not counted.
  func bench(counting: Bool = true) -> Bench { Bench(near, isCounting: counting) }

  func assess(_ errand: SourceReader.Errand, _ bench: inout Bench) throws -> Assessment {
    var assessment = Assessment(number: errand.number)
    var details = DetailWriter()
    bench.lines.removeAll(keepingCapacity: true)
    bench.slots.removeAll(keepingCapacity: true)
    for part in errand.parts {
      let outcomes = try part.read()
      assessment.parts.append(Assessment.Part(file: part.file, offset: part.offset, line: part.line, recordCount: outcomes.count))
      for outcome in outcomes {
        var row = AssessedRow()
        row.part = UInt32(assessment.parts.count - 1)
        row.details = UInt32(details.bytes.count)
        assess(outcome, &row, &details, &assessment, &bench)
        assessment.rows.append(row)
      }
    }
    assessment.details = details.bytes
    try layAside(&assessment, bench)
    return assessment
  }

  private func assess(_ outcome: Outcome, _ row: inout AssessedRow, _ details: inout DetailWriter, _ assessment: inout Assessment, _ bench: inout Bench) {
    switch outcome.passing(route.legs[0]) {
    case .ended(let entry):
      row.place(entry.source)
      if let id = entry.id { (row.id, row.hasID) = (id.digest, true) }
      details.text(nil)
      details.passages(entry.passages)
      details.drop(entry.fate.drop)
    case .alive(var draft):
      row.place(draft.source)
      details.text(draft.record.conversation)
      row.terms = assessment.terms.number(of: draft.record.license)
      details.passages(draft.passages)
      compare(&draft, &row, &assessment, &bench)
      draft.passages = []
      finish(draft, &row, &details, &bench)
    }
  }

  /// Takes from a record what it is compared by.
  private func compare(_ draft: inout Draft, _ row: inout AssessedRow, _ assessment: inout Assessment, _ bench: inout Bench) {
    let line = RecordLine(draft.record)
    let id = line.bytes.withUnsafeBytes(RecordLine.id(of:)) ?? draft.record.contentID
    draft.fix(id: id)
    (row.id, row.hasID) = (id.digest, true)
    row.characters = UInt32(clamping: LengthStage.characters(of: draft.record.content))
    row.comparedLine = bench.append(line)
    guard let minhash, let shingler = bench.shingler else { return }
    shingler.shingles(of: draft.record.content, into: &bench.shingles)
    guard !bench.shingles.isEmpty else { return }
    row.keys = UInt32(assessment.slotCounts.count)
    minhash.appendKeys(of: bench.shingles, to: &assessment.keys, scratch: &bench.bins)
    assessment.slotCounts.append(UInt32(bench.count(isFirst: seen?.insert(id) ?? true)))
  }

  /// Runs the stages after the comparison.
  private func finish(_ draft: Draft, _ row: inout AssessedRow, _ details: inout DetailWriter, _ bench: inout Bench) {
    let later = route.legs.count > 1 ? route.legs[1] : []
    switch draft.passing(later) {
    case .ended(let entry):
      row.ending = .after
      row.finalID = entry.id?.digest ?? row.id
      details.passages(entry.passages)
      details.drop(entry.fate.drop)
    case .alive(let final):
      row.ending = .none
      details.passages(final.passages)
      (row.finalID, row.finalCharacters, row.finalLine) = (row.id, row.characters, row.comparedLine)
      guard !final.isFixed else { return }
      let line = RecordLine(final.record)
      row.finalID = (line.bytes.withUnsafeBytes(RecordLine.id(of:)) ?? final.record.contentID).digest
      row.finalCharacters = UInt32(clamping: LengthStage.characters(of: final.record.content))
      row.finalLine = bench.append(line)
    }
  }

  /// Puts what was gathered where it costs no memory, and lets the rows say where it is now.
  private func layAside(_ assessment: inout Assessment, _ bench: borrowing Bench) throws {
    let start = try bench.lines.withUnsafeBytes { try lines.append($0) }
    for index in assessment.rows.indices {
      assessment.rows[index].comparedLine.start += start
      assessment.rows[index].finalLine.start += start
    }
    assessment.slotsStart = try bench.slots.withUnsafeBytes { try lines.append($0) }
  }
}

extension Assessor.Bench {
  fileprivate mutating func append(_ line: RecordLine) -> LineSpan {
    defer { lines.append(contentsOf: line.bytes) }
    return LineSpan(start: UInt64(lines.count), count: UInt32(clamping: line.bytes.count))
  }

  /// Notes the counters of the distinct shingles, and counts them where the record is the first of its content. Gives how many they are.
  fileprivate mutating func count(isFirst: Bool) -> Int {
    distinct.reset(for: shingles.count)
    let before = slots.count
    distinct.insert(shingles) { slots.append(ShingleSketch.slot(of: $0)) }
    if isFirst { sketch?.count(slots[before...]) }
    return slots.count - before
  }
}

extension AssessedRow {
  fileprivate mutating func place(_ source: RecordSource) {
    (offset, byteCount, line) = (source.byteRange.lowerBound, source.byteRange.count, UInt32(clamping: source.place.line))
  }
}

extension Fate {
  /// Of a story that ended before records were compared: there is no other end.
  fileprivate var drop: Drop {
    guard case .dropped(let drop) = self else { preconditionFailure("a record is merged after it was assessed") }
    return drop
  }
}

extension Outcome {
  func passing(_ leg: [any RecordStage]) -> Outcome {
    guard case .alive(let draft) = self else { return self }
    return draft.passing(leg)
  }
}
