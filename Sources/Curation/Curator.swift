package import Archiving
package import Artifacts
package import Foundation

/// What a curation gives, in memory.
package struct Curation: Sendable {
  package let dataset: CuratedDataset
  package let ledger: Ledger
}

/// Runs the files of a snapshot through the stages. What comes out depends on the files and the parameters alone: not on the number of
/// threads, nor on how the work was cut.
///
/// First every record is assessed by itself, on all cores, and its text laid aside; then records are compared by what was noted of them; then
/// dataset and ledger are written, piece by piece. What is held in memory at one time is some hundred bytes a record.
package struct Curator: Sendable {
  package typealias Load = @Sendable (Snapshot.Entry) throws -> SourceFile

  private let parameters: CurationParameters
  private let route: Route
  private let workers: Workers
  /// Files are cut into parts of about this many bytes.
  private let partByteCount: Int
  private let archiveLimits: ArchiveLimits
  private let canDecontaminate: Bool

  package init(
    parameters: CurationParameters, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount, partByteCount: Int = 1 << 20,
    archiveLimits: ArchiveLimits = .standard, evaluations: EvaluationIndex? = nil
  ) {
    self.parameters = parameters
    self.route = Route(parameters, evaluations: evaluations)
    canDecontaminate = evaluations != nil
    workers = Workers(concurrency: concurrency)
    self.partByteCount = max(1, partByteCount)
    self.archiveLimits = archiveLimits
  }

  /// `load` gives a file when its turn comes, and `shelf` takes the pieces of what is made. In `scratch`, a folder, lines are laid aside. With a memo, what
  /// runs before this one remembered is not computed again.
  package func curate(
    _ snapshot: Snapshot, scratch: URL, load: @escaping Load, shelf: Shelf, get: @escaping @Sendable (Digest) throws -> Data, memo: CurationMemo? = nil
  ) async throws -> (dataset: StoredDataset, ledger: StoredLedger) {
    guard canDecontaminate || parameters.decontamination == nil else { throw EvaluationError.missing }
    // Copies that stay have no place in what is remembered of near duplicates.
    let isRemembered = route.deduplication.map { $0.exact || $0.near == nil } ?? true
    let memo = isRemembered ? memo : nil
    if let memo, let rule = Amender.rule(parameters, route.deduplication) {
      do {
        return try amend(snapshot, rule, LineStore(in: scratch), load, shelf, get, RecallDesk(memo, recalls: true))
      } catch is RecallMiss {
        // More than a few changes: below.
      }
    }
    if let memo {
      do {
        return try await curate(snapshot, LineStore(in: scratch), load, shelf, get, RecallDesk(memo, recalls: true))
      } catch is RecallMiss {
        // As if there were nothing: below.
      }
    }
    return try await curate(snapshot, LineStore(in: scratch), load, shelf, get, RecallDesk(memo, recalls: false))
  }

  /// By what came and went since the last run.
  private func amend(
    _ snapshot: Snapshot, _ rule: NearDuplicateRule, _ lines: LineStore, _ load: @escaping Load, _ shelf: Shelf,
    _ get: @escaping @Sendable (Digest) throws -> Data, _ desk: RecallDesk
  ) throws -> (dataset: StoredDataset, ledger: StoredLedger) {
    let amender = Amender(
      parameters: parameters, rule: rule, assessor: Assessor(route, lines: lines), lines: lines, shelf: shelf, load: load, get: get,
      partByteCount: partByteCount, limits: archiveLimits, desk: desk)
    let result = try amender.amend(try Listing(snapshot, patterns: parameters.files, parameters.reading))
    desk.report(result.report)
    return (result.dataset, result.ledger)
  }

  private func curate(
    _ snapshot: Snapshot, _ lines: LineStore, _ load: @escaping Load, _ shelf: Shelf, _ get: @escaping @Sendable (Digest) throws -> Data, _ desk: RecallDesk
  ) async throws -> (dataset: StoredDataset, ledger: StoredLedger) {
    let last = try lastComparison(desk)
    var (records, listing, sketch, restorer) = try await assess(try Listing(snapshot, patterns: parameters.files, parameters.reading), lines, load, desk)
    guard listing.hasReadFiles else { throw CurationError.noReadableFile(kinds: listing.kinds, patterns: parameters.files ?? []) }
    guard records.count > 0 else { throw CurationError.noRecords(files: listing.readFileCount) }
    if let rule = route.deduplication {
      if rule.exact { ExactDuplicates.merge(in: &records, parameters.terms) }
    }
    let comparison = try await merge(in: &records, lines, sketch, last, restorer, desk)
    var writer = DatasetWriter(records, lines, workers, shelf, desk)
    let shards = try await writer.shards(get, restorer)
    let dataset = StoredDataset(shards: shards.map(\.shard), load: get)
    let (chunks, tally) = try await LedgerWriter(records, workers, shelf, desk).write()
    let summary = try LedgerSummary(tally, NearDuplicateGroups(records), recordsRead: listing.recordsRead, recordsKept: dataset.count)
    guard dataset.count > 0 else { throw CurationError.everythingDropped(summary.dropped) }
    if let comparison, Amender.rule(parameters, route.deduplication) != nil {
      try await OutlineMaker(records, restorer.memory, listing, desk, workers).keep(shards, chunks, tally, comparison)
    }
    desk.flush()
    let recalled = records.recalledCount
    desk.report(
      CurationMemo.Report(assessedErrands: records.assessments.count - recalled, recalledErrands: recalled, startedOver: desk.remembers && !desk.recalls))
    listing.sort()
    return (dataset, StoredLedger(files: listing.files, parameters: parameters, summary: summary, chunks: chunks, load: get))
  }

  /// Near duplicates are not recalled without what the last run left of them, and so nothing is.
  private func lastComparison(_ desk: RecallDesk) throws(RecallMiss) -> NearMemory? {
    guard desk.recalls, route.deduplication?.near != nil else { return nil }
    guard let value = desk.values([NearRecall.key(desk)])[0] else { throw RecallMiss() }
    return try NearMemory(value)
  }

  /// Gives what is to be remembered of it.
  private func merge(
    in records: inout AssessedRecords, _ lines: LineStore, _ sketch: ShingleSketch?, _ last: NearMemory?, _ restorer: TextRestorer, _ desk: RecallDesk
  ) async throws -> OutlineMaker.Comparison? {
    guard let rule = route.deduplication?.near else { return nil }
    let near = NearDuplicates(rule, workers: workers, lines: lines, terms: parameters.terms)
    let recall = NearRecall(near, restorer, desk)
    let candidates = NearDuplicates.candidates(of: records)
    if let last {
      let (memory, findings) = try await recall.merge(candidates, in: &records, recalling: last)
      desk.keep(NearRecall.key(desk), memory.bytes)
      return OutlineMaker.Comparison(near: near, candidates: candidates, findings: findings, sketch: memory.sketch)
    }
    guard let sketch else { return nil }
    let findings = try await near.merge(candidates, in: &records, sketch: sketch)
    guard desk.remembers else { return nil }
    desk.keep(NearRecall.key(desk), recall.memory(findings, candidates, records, sketch).bytes)
    return OutlineMaker.Comparison(near: near, candidates: candidates, findings: findings, sketch: sketch)
  }

  /// In memory, for few records.
  package func curate(_ snapshot: Snapshot, load: @escaping @Sendable (Snapshot.Entry) throws -> Data) async throws -> Curation {
    let (dataset, ledger) = try await curateInMemory(snapshot, load: load)
    return Curation(dataset: try dataset.whole(), ledger: try ledger.whole())
  }

  /// What is made stays in memory; only the lines that are laid aside touch the disk, in a file without a name.
  package func curateInMemory(
    _ snapshot: Snapshot, load: @escaping @Sendable (Snapshot.Entry) throws -> Data
  ) async throws -> (dataset: StoredDataset, ledger: StoredLedger) {
    let memory = MemoryShelf()
    return try await curate(
      snapshot, scratch: FileManager.default.temporaryDirectory, load: { SourceFile(try load($0)) }, shelf: memory.shelf, get: memory.get)
  }

  // MARK: - Assessing

  /// The threads ask one reader for errands in turn. What is known of whole stretches is recalled before, and they are not read.
  private func assess(
    _ found: Listing, _ lines: LineStore, _ load: @escaping Load, _ desk: RecallDesk
  ) async throws -> (AssessedRecords, Listing, ShingleSketch?, TextRestorer) {
    let memory = StretchMemory(found, around: partByteCount, desk)
    let recalled = try await memory.recall(workers)
    let found = found.settled(by: recalled, memory.stretches)
    let unknown = memory.stretches.enumerated().filter { recalled[$0.offset] == nil }.map { (number: $0.offset, stretch: $0.element) }
    let reader = SharedReader(SourceReader(found, stretches: unknown, partByteCount: partByteCount, limits: archiveLimits, load: load))
    let assessor = Assessor(route, lines: lines)
    let results = try await withThrowingTaskGroup(of: ([Assessment], ShingleSketch?).self) { group in
      for _ in 0..<workers.concurrency {
        group.addTask {
          var bench = assessor.bench(counting: !desk.recalls)
          var assessments: [Assessment] = []
          while let errand = try reader.next() {
            try Task.checkCancellation()
            assessments.append(try Self.assess(errand, assessor, &bench, memory))
          }
          return (assessments, bench.sketch)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let read = results.flatMap(\.0)
    let assessments = recalled.flatMap { $0?.assessments ?? [] } + read
    var counts: [Int: Int] = [:]
    for part in assessments.lazy.flatMap(\.parts) { counts[part.file, default: 0] += part.recordCount }
    let listing = reader.listing(counting: counts)
    let own = Dictionary(grouping: read) { $0.number >> 32 }
    for (number, _) in unknown { memory.keep(number, own[number, default: []].sorted { $0.number < $1.number }, listing) }
    let sketch = results.dropFirst().reduce(into: results.first?.1) { sum, next in
      if let sketch = next.1 { sum?.add(sketch) }
    }
    let restorer = TextRestorer(
      parameters: parameters, assessor: assessor, memory: memory, partByteCount: partByteCount, limits: archiveLimits, workers: workers, desk: desk,
      load: load)
    return (AssessedRecords(assessments, listing), listing, sketch, restorer)
  }

  private static func assess(
    _ errand: SourceReader.Errand, _ assessor: Assessor, _ bench: inout Assessor.Bench, _ memory: StretchMemory
  ) throws -> Assessment {
    let key = memory.blockKey(of: errand)
    if let known = memory.recall(errand, key) { return known }
    var assessment = try assessor.assess(errand, &bench)
    assessment.key = key
    memory.keep(assessment)
    return assessment
  }
}
