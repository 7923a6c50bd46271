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
  private let workers: Workers
  /// JSON Lines are cut into pieces of about this many bytes.
  private let chunkByteCount: Int
  private let archiveLimits: ArchiveLimits

  package init(
    parameters: CurationParameters, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount, chunkByteCount: Int = 4 << 20,
    archiveLimits: ArchiveLimits = .standard
  ) {
    self.parameters = parameters
    self.route = Route(parameters)
    workers = Workers(concurrency: concurrency)
    self.chunkByteCount = max(1, chunkByteCount)
    self.archiveLimits = archiveLimits
  }

  /// `load` gives the bytes of one file when its turn comes; they are let go when they have been read.
  package func curate(_ snapshot: Snapshot, load: Load) async throws -> Curation {
    let found = try Listing(snapshot, patterns: parameters.files)
    var (outcomes, listing) = try await read(found, load: load)
    guard listing.hasReadFiles else { throw CurationError.noReadableFile(kinds: listing.kinds, patterns: parameters.files ?? []) }
    guard !outcomes.isEmpty else { throw CurationError.noRecords(files: listing.readFileCount) }
    if let rule = route.deduplication, let leg = route.legs.last {
      if rule.exact { outcomes = ExactDuplicates.merge(outcomes, parameters.terms) }
      if let near = rule.near { outcomes = try await NearDuplicates(near, workers: workers, terms: parameters.terms).merge(outcomes) }
      outcomes = try await run(leg, over: outcomes)
    }
    return try await finish(outcomes, listing)
  }

  // MARK: - The way of a record

  /// Reads every file and runs the first leg, in the order of the sources.
  private func read(_ listing: Listing, load: Load) async throws -> ([Outcome], Listing) {
    let reading = SourceReading(
      listing, leg: route.legs[0], isMergeNext: route.deduplication != nil, concurrency: workers.concurrency, chunkByteCount: chunkByteCount,
      limits: archiveLimits)
    return try await SourceReading.run(reading, load: load)
  }

  private func run(_ leg: [any RecordStage], over outcomes: [Outcome]) async throws -> [Outcome] {
    guard !leg.isEmpty else { return outcomes }
    return try await workers.map(outcomes) { $0.passing(leg, fixingID: false) }
  }

  /// Closes the ledger, and holds it against what the readers counted and the dataset holds.
  private func finish(_ outcomes: [Outcome], _ listing: Listing) async throws -> Curation {
    let lines = try await workers.map(outcomes) { outcome -> CuratedDataset.Line? in
      guard case .alive(let draft) = outcome else { return nil }
      return CuratedDataset.Line(draft)
    }
    let entries = zip(outcomes, lines).map { outcome, line in
      switch outcome {
      case .ended(let entry): entry
      case .alive(let draft): LedgerEntry(source: draft.source, id: line?.id, fate: .kept, passages: draft.passages, characters: line?.characters)
      }
    }
    let dataset = CuratedDataset(lines.compactMap { $0 })
    let summary = try LedgerSummary(entries: entries, recordsRead: listing.recordsRead, recordsKept: dataset.count)
    guard dataset.count > 0 else { throw CurationError.everythingDropped(summary.dropped) }
    let ledger = Ledger(files: listing.files, parameters: parameters, summary: summary, entries: entries)
    return Curation(dataset: dataset, ledger: ledger)
  }
}
