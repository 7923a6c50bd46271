package import Archiving
package import Artifacts
package import Foundation

/// What a curation gives.
package struct Curation: Sendable {
  package let dataset: CuratedDataset
  package let ledger: Ledger
}

/// Runs the files of a snapshot through the stages. What comes out depends on the files and the parameters alone: not on the number of
/// threads, nor on how the work was cut.
package struct Curator: Sendable {
  package typealias Load = @Sendable (Snapshot.Entry) throws -> Data

  private let parameters: CurationParameters
  private let route: Route
  /// Work that is under way at one time.
  private let concurrency: Int
  /// JSON Lines are cut into pieces of about this many bytes.
  private let chunkByteCount: Int
  private let archiveLimits: ArchiveLimits

  package init(
    parameters: CurationParameters, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount, chunkByteCount: Int = 4 << 20,
    archiveLimits: ArchiveLimits = .standard
  ) {
    self.parameters = parameters
    self.route = Route(parameters)
    self.concurrency = max(1, concurrency)
    self.chunkByteCount = max(1, chunkByteCount)
    self.archiveLimits = archiveLimits
  }

  /// `load` gives the bytes of one file when its turn comes; they are let go when they have been read.
  package func curate(_ snapshot: Snapshot, load: Load) async throws -> Curation {
    let found = try Listing(snapshot, patterns: parameters.files)
    var (outcomes, listing) = try await read(found, load: load)
    guard listing.hasReadFiles else { throw CurationError.noReadableFile(kinds: listing.kinds, patterns: parameters.files ?? []) }
    guard !outcomes.isEmpty else { throw CurationError.noRecords(files: listing.readFileCount) }
    for leg in route.legs.dropFirst() {
      outcomes = try await run(leg, over: Deduplication.merge(outcomes))
    }
    return try await finish(outcomes, listing)
  }

  // MARK: - The way of a record

  /// Reads every file and runs the first leg, in the order of the sources.
  private func read(_ listing: Listing, load: Load) async throws -> ([Outcome], Listing) {
    let reading = SourceReading(
      listing, leg: route.legs[0], isMergeNext: route.legs.count > 1, concurrency: concurrency, chunkByteCount: chunkByteCount,
      limits: archiveLimits)
    return try await SourceReading.run(reading, load: load)
  }

  private func run(_ leg: [any RecordStage], over outcomes: [Outcome]) async throws -> [Outcome] {
    guard !leg.isEmpty else { return outcomes }
    return try await inParallel(outcomes) { $0.passing(leg, fixingID: false) }
  }

  /// Closes the ledger, and holds it against what the readers counted and the dataset holds.
  private func finish(_ outcomes: [Outcome], _ listing: Listing) async throws -> Curation {
    let lines = try await inParallel(outcomes) { outcome -> CuratedDataset.Line? in
      guard case .alive(let draft) = outcome else { return nil }
      return CuratedDataset.Line(draft)
    }
    let entries = zip(outcomes, lines).map { outcome, line in
      switch outcome {
      case .ended(let entry): entry
      case .alive(let draft): LedgerEntry(source: draft.source, id: line?.id, fate: .kept, passages: draft.passages)
      }
    }
    let dataset = CuratedDataset(lines.compactMap { $0 })
    let summary = try LedgerSummary(entries: entries, recordsRead: listing.recordsRead, recordsKept: dataset.count)
    guard dataset.count > 0 else { throw CurationError.everythingDropped(summary.dropped) }
    let ledger = Ledger(files: listing.files, parameters: parameters, summary: summary, entries: entries)
    return Curation(dataset: dataset, ledger: ledger)
  }

  // MARK: - Threads

  /// `map`, by slices, on all cores.
  private func inParallel<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @escaping @Sendable (Element) -> Result
  ) async throws -> [Result] {
    let width = max(1, min(4_096, elements.count / concurrency))
    return try await withThrowingTaskGroup(of: (Int, [Result]).self) { group in
      var gathered = Gathered<[Result]>()
      for (number, start) in stride(from: 0, to: elements.count, by: width).enumerated() {
        if gathered.pending(of: number) >= concurrency, let done = try await group.next() { gathered.take(done) }
        let slice = elements[start..<min(start + width, elements.count)]
        group.addTask { (number, slice.map(transform)) }
      }
      while let done = try await group.next() { gathered.take(done) }
      return gathered.inOrder.flatMap { $0 }
    }
  }
}

/// Results that arrive in any order.
struct Gathered<Value> {
  private var results: [Int: Value] = [:]

  func pending(of started: Int) -> Int { started - results.count }

  mutating func take(_ result: (Int, Value)) { results[result.0] = result.1 }

  var inOrder: [Value] { results.sorted { $0.key < $1.key }.map(\.value) }
}
