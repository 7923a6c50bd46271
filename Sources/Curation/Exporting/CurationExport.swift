package import Artifacts
internal import Foundation

/// A curation written out for other tools: what was kept, and what became of every record; one canonical line (RFC 8785) each. Lines are handed
/// on some hundred at a time, while the next are made, so that little is held but what came in. Their members are copied as they are written and
/// not understood: an export costs little more than its bytes.
package struct CurationExport {
  package typealias Write = ([UInt8]) throws -> Void

  package enum Part: Sendable { case records, fates }

  private let dataset: StoredDataset
  private let ledger: LedgerQuery

  package init(_ dataset: StoredDataset, _ ledger: LedgerQuery) {
    self.dataset = dataset
    self.ledger = ledger
  }

  package func write(_ part: Part, _ write: Write) throws {
    switch part {
    case .records: try records(write)
    case .fates: try fates(write)
    }
  }

  // MARK: - Records

  /// The dataset's lines, in its order, each with `source`: `file` and `line`, where it stands in the folder.
  ///
  /// Without deduplication one content can be kept several times. Its lines then name the sources in their order: the ledger does not say
  /// which of them had which conversation key.
  private func records(_ write: Write) throws {
    let (places, dataset) = (try KeptPlaces(ledger), dataset)
    let numbers = dataset.shards.reduce(into: [1]) { $0.append($0[$0.count - 1] + $1.recordCount) }
    try concurrentForEach(dataset.shards.count, { try Self.records(dataset, dataset.shards[$0], firstLine: numbers[$0], places) }, write)
  }

  /// Of one shard; copies of one content are never parted.
  private static func records(_ dataset: StoredDataset, _ shard: StoredDataset.Shard, firstLine: Int, _ places: KeptPlaces) throws -> [UInt8] {
    try dataset.bytes(of: shard).withUnsafeBytes { raw in
      let bytes = raw.bindMemory(to: UInt8.self)
      var lines: [UInt8] = []
      lines.reserveCapacity(bytes.count + shard.recordCount * SourcedLine.usualAdditionInBytes)
      var last: (id: RecordID, copies: Int)?
      var (start, number) = (0, firstLine)
      while start < bytes.count {
        let range = start..<bytes.endOfLine(from: start)
        guard let id = RecordLine.identity(of: UnsafeRawBufferPointer(rebasing: raw[range]))?.id else {
          throw CurationError.malformedDataset(line: number, problem: "is not a record")
        }
        // Equal ids stand next to each other.
        let copies = last?.id == id ? last?.copies ?? 0 : 0
        last = (id, copies + 1)
        guard let place = places.place(of: id, copy: copies) else { throw UnknownSource(record: id) }
        guard SourcedLine.append(bytes, range, place, to: &lines) else {
          throw CurationError.malformedDataset(line: number, problem: "is not in canonical form (RFC 8785)")
        }
        (start, number) = (range.upperBound + 1, number + 1)
      }
      return lines
    }
  }

  // MARK: - Fates

  /// Where the bytes lie in the file is for whoever reads the store.
  private static let left: [StaticString] = ["file", "line", "offset", "bytes"]

  /// What became of every record that was read, in the order of the sources.
  private func fates(_ write: Write) throws {
    let ledger = ledger
    try concurrentForEach(ledger.ledger.chunks.count, { try Self.fates(ledger, $0) }, write)
  }

  private static func fates(_ ledger: LedgerQuery, _ chunk: Int) throws -> [UInt8] {
    var lines: [UInt8] = []
    try ledger.forEachSpelledLine(in: ledger.ledger.chunks[chunk...chunk]) { number, bytes, range in
      guard let place = SpelledPlace(bytes, range), SourcedLine.append(bytes, range, place, without: left, to: &lines) else {
        throw CurationError.malformedLedger(line: number)
      }
      return true
    }
    return lines
  }
}

/// A dataset holds a record that its ledger did not keep: they are not of one curation.
package struct UnknownSource: ExplainedError, Hashable {
  package let record: RecordID

  package var message: String { "record \(record.digest.short) is in the dataset, and the ledger does not know from where" }
  package var hint: String? { "this is a defect of soulpack; please report it" }
}
