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

  /// `load` gives a file when its turn comes, and `shelf` takes the pieces of what is made. In `scratch`, a folder, lines are laid aside.
  package func curate(
    _ snapshot: Snapshot, scratch: URL, load: @escaping Load, shelf: Shelf, get: @escaping @Sendable (Digest) throws -> Data
  ) async throws -> (dataset: StoredDataset, ledger: StoredLedger) {
    guard canDecontaminate || parameters.decontamination == nil else { throw EvaluationError.missing }
    let lines = try LineStore(in: scratch)
    var (records, listing, sketch) = try await assess(try Listing(snapshot, patterns: parameters.files, parameters.reading), lines, load)
    guard listing.hasReadFiles else { throw CurationError.noReadableFile(kinds: listing.kinds, patterns: parameters.files ?? []) }
    guard records.count > 0 else { throw CurationError.noRecords(files: listing.readFileCount) }
    if let rule = route.deduplication {
      if rule.exact { ExactDuplicates.merge(in: &records, parameters.terms) }
      if let near = rule.near, let sketch {
        try await NearDuplicates(near, workers: workers, lines: lines, terms: parameters.terms).merge(in: &records, sketch: sketch)
      }
    }
    let shards = try await DatasetWriter(records, lines, workers, shelf).shards()
    let dataset = StoredDataset(shards: shards, load: get)
    let (chunks, tally) = try await LedgerWriter(records, workers, shelf).write()
    let summary = try LedgerSummary(tally, NearDuplicateGroups(records), recordsRead: listing.recordsRead, recordsKept: dataset.count)
    guard dataset.count > 0 else { throw CurationError.everythingDropped(summary.dropped) }
    listing.sort()
    return (dataset, StoredLedger(files: listing.files, parameters: parameters, summary: summary, chunks: chunks, load: get))
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

  /// The threads ask one reader for errands in turn.
  private func assess(_ found: Listing, _ lines: LineStore, _ load: @escaping Load) async throws -> (AssessedRecords, Listing, ShingleSketch?) {
    let reader = SharedReader(SourceReader(found, partByteCount: partByteCount, limits: archiveLimits, load: load))
    let assessor = Assessor(route, lines: lines)
    let results = try await withThrowingTaskGroup(of: ([Assessment], ShingleSketch?).self) { group in
      for _ in 0..<workers.concurrency {
        group.addTask {
          var bench = assessor.bench()
          var assessments: [Assessment] = []
          while let errand = try reader.next() {
            try Task.checkCancellation()
            assessments.append(try assessor.assess(errand, &bench))
          }
          return (assessments, bench.sketch)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let assessments = results.flatMap(\.0)
    var counts: [Int: Int] = [:]
    for part in assessments.lazy.flatMap(\.parts) { counts[part.file, default: 0] += part.recordCount }
    let listing = reader.listing(counting: counts)
    let sketch = results.dropFirst().reduce(into: results.first?.1) { sum, next in
      if let sketch = next.1 { sum?.add(sketch) }
    }
    return (AssessedRecords(assessments, listing), listing, sketch)
  }
}
