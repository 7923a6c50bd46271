internal import Archiving
internal import Artifacts
internal import Foundation

/// Reads again what was recalled, where a text of it is wanted after all.
struct TextRestorer: Sendable {
  let parameters: CurationParameters
  let assessor: Assessor
  let memory: StretchMemory
  let partByteCount: Int
  let limits: ArchiveLimits
  let workers: Workers
  let desk: RecallDesk
  let load: Curator.Load

  /// Lays the texts of some records aside, with those of all that are remembered together with them.
  func restore(_ wanted: some Sequence<Int>, in records: inout AssessedRecords) async throws {
    var blocks: Set<Int> = []
    for record in wanted {
      let index = records.assessmentIndex(of: record)
      if records.assessments[index].isRecalled { blocks.insert(index) }
    }
    guard !blocks.isEmpty else { return }
    // From half of them on, it is as well to read all.
    guard blocks.count * 2 <= records.assessments.count + 8 else { throw RecallMiss() }
    let stretches = Dictionary(grouping: blocks.sorted()) { records.assessments[$0].number >> 32 }.sorted { $0.key < $1.key }
    let assessments = records.assessments
    let fresh = try await workers.map(stretches) { stretch, blocks in
      let errands = Set(blocks.map { assessments[$0].number & 0xFFFF_FFFF })
      return (blocks, try assess(memory.entries(of: stretch)) { errands.contains($0) })
    }
    for (blocks, found) in fresh {
      guard found.count == blocks.count else { throw RecallMiss() }
      for (block, assessment) in zip(blocks, found) { try records.restore(block, from: assessment) }
    }
  }

  /// Stretches that were there in an earlier run, with their texts.
  func assess(goneStretches keys: [Digest]) async throws -> [Assessment] {
    let records = try desk.values(keys).map { value in
      guard let value else { throw RecallMiss() }
      return try StretchRecord(value)
    }
    return try await workers.map(records) { try assess($0.entries) { _ in true } }.flatMap { $0 }
  }

  private func assess(_ entries: [Snapshot.Entry], where isWanted: (Int) -> Bool) throws -> [Assessment] {
    do {
      let listing = try Listing(Snapshot(entries: entries), patterns: parameters.files, parameters.reading)
      let all = Stretch(files: 0..<listing.readable.count, isArchive: false)
      var reader = SourceReader(listing, stretches: [(0, all)], partByteCount: partByteCount, limits: limits, load: load)
      var bench = assessor.bench(counting: false)
      var assessments: [Assessment] = []
      while let errand = try reader.next() {
        if isWanted(errand.number) { assessments.append(try assessor.assess(errand, &bench)) }
      }
      return assessments
    } catch is CurationError {
      // What was there once may be gone from the store.
      throw RecallMiss()
    }
  }
}
