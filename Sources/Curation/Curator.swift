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

  package init(parameters: CurationParameters, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount, chunkByteCount: Int = 4 << 20) {
    self.parameters = parameters
    self.route = Route(parameters)
    workers = Workers(concurrency: concurrency)
    self.chunkByteCount = max(1, chunkByteCount)
  }

  /// `load` gives the bytes of one file when its turn comes; they are let go when they have been read.
  package func curate(_ snapshot: Snapshot, load: Load) async throws -> Curation {
    var listing = try Listing(snapshot, patterns: parameters.files)
    guard !listing.readable.isEmpty else { throw CurationError.noReadableFile(kinds: listing.kinds, patterns: parameters.files ?? []) }
    var outcomes = try await read(&listing, load: load)
    guard !outcomes.isEmpty else { throw CurationError.noRecords(files: listing.readable.count) }
    if let rule = route.deduplication, let leg = route.legs.last {
      if rule.exact { outcomes = ExactDuplicates.merge(outcomes) }
      if let near = rule.near { outcomes = try await NearDuplicates(near, workers: workers).merge(outcomes) }
      outcomes = try await run(leg, over: outcomes)
    }
    return try await finish(outcomes, listing)
  }

  // MARK: - The way of a record

  /// Reads every file and runs the first leg, in the order of the sources.
  private func read(_ listing: inout Listing, load: Load) async throws -> [Outcome] {
    let leg = route.legs[0]
    let isMergeNext = route.deduplication != nil
    var owners: [Int] = []
    let parts = try await withThrowingTaskGroup(of: (Int, [Outcome]).self) { group in
      var gathered = Gathered<[Outcome]>()
      for (index, file) in listing.readable {
        try Task.checkCancellation()
        let data = try loaded(file, load)
        for chunk in chunks(of: data, file.kind) {
          if gathered.pending(of: owners.count) >= workers.concurrency, let done = try await group.next() { gathered.take(done) }
          let number = owners.count
          owners.append(index)
          group.addTask {
            let read = try Curator.read(chunk, of: data, file)
            return (number, read.map { Curator.pass($0, leg, fixingID: isMergeNext) })
          }
        }
      }
      while let done = try await group.next() { gathered.take(done) }
      return gathered.inOrder
    }
    for (owner, part) in zip(owners, parts) { listing.count(part.count, of: owner) }
    return parts.flatMap { $0 }
  }

  private func run(_ leg: [any RecordStage], over outcomes: [Outcome]) async throws -> [Outcome] {
    guard !leg.isEmpty else { return outcomes }
    return try await workers.map(outcomes) { Curator.pass($0, leg, fixingID: false) }
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

  private static func pass(_ outcome: Outcome, _ leg: [any RecordStage], fixingID: Bool) -> Outcome {
    guard case .alive(let draft) = outcome else { return outcome }
    let passed = draft.passing(leg)
    guard fixingID, case .alive(var next) = passed else { return passed }
    next.fixID()
    return .alive(next)
  }

  // MARK: - Files and threads

  private func loaded(_ file: Listing.Readable, _ load: Load) throws -> Data {
    do {
      return try load(file.entry)
    } catch {
      let reason = (error as? any ExplainedError)?.message ?? error.localizedDescription
      throw CurationError.unreadable(path: file.entry.path, reason: reason)
    }
  }

  /// Prose is read whole; it is small, and where it is cut depends on all of it.
  private func chunks(of data: Data, _ kind: FileKind) -> [JSONLinesReader.Chunk] {
    switch kind {
    case .markdown: [JSONLinesReader.Chunk(byteRange: 0..<data.count, firstLine: 1)]
    case .jsonLines: JSONLinesReader.chunks(of: data, size: chunkByteCount)
    }
  }

  private static func read(_ chunk: JSONLinesReader.Chunk, of data: Data, _ file: Listing.Readable) throws -> [Outcome] {
    switch file.kind {
    case .markdown: MarkdownReader.read(data, file: file.entry.path)
    case .jsonLines: try JSONLinesReader.read(chunk, of: data, file: file.entry.path)
    }
  }
}
