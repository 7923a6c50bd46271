package import Artifacts
internal import Dispatch
internal import Synchronization

/// How many records are in which language: of all, where the `language` stage noted it, or of a sample.
package struct LanguageDistribution: Hashable, Sendable {
  package struct Count: Hashable, Sendable {
    /// As in `LanguageReading`; what is not reliable counts as undetermined.
    package let code: String
    package let records: Int
  }

  /// The most frequent first, then by code.
  package let counts: [Count]
  /// Records that were looked at.
  package let records: Int
  /// Only some of the records that were kept were looked at.
  package let isSample: Bool

  package init(_ readings: some Sequence<LanguageReading>, isSample: Bool = false) {
    var counts: [String: Int] = [:]
    for reading in readings { counts[reading.certainCode, default: 0] += 1 }
    self.init(counts: counts, isSample: isSample)
  }

  private init(counts: [String: Int], isSample: Bool) {
    self.counts = counts.map { Count(code: $0.key, records: $0.value) }.sorted { ($1.records, $0.code) < ($0.records, $1.code) }
    records = counts.values.reduce(0, +)
    self.isSample = isSample
  }

  /// So many are enough for a table: a share of a half is then known to about three in a hundred.
  package static let sampleSize = 1_000

  /// Of what a curation kept: by what its ledger says, where the `language` stage ran, else of the first records of the dataset. They stand in the
  /// order of their ids, which are digests, and so are a sample that knows nothing of sources; and the same one every time.
  package init(_ summary: LedgerSummary, _ dataset: StoredDataset) throws {
    guard summary.languages.isEmpty else {
      self.init(counts: summary.languages, isSample: false)
      return
    }
    let sample = try dataset.first(Self.sampleSize)
    self.init(Self.readings(of: sample), isSample: sample.count < dataset.count)
  }

  /// In no order, on all cores: somebody waits for the table.
  private static func readings(of sample: [DatasetRecord]) -> [LanguageReading] {
    let readings = Mutex<[LanguageReading]>([])
    let width = 64
    DispatchQueue.concurrentPerform(iterations: (sample.count + width - 1) / width) { slice in
      let own = sample[slice * width..<min(sample.count, (slice + 1) * width)].map { LanguageDetector.languages(of: $0.content).reading }
      readings.withLock { $0 += own }
    }
    return readings.withLock { $0 }
  }

  /// For `--json`.
  package var canonical: JSONValue {
    [
      "records": .integer(Int64(records)), "sample": .bool(isSample),
      "languages": .array(counts.map { ["code": .string($0.code), "records": .integer(Int64($0.records))] }),
    ]
  }
}
