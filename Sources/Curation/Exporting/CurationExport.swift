package import Artifacts
internal import Foundation

/// A curation written out for other tools: what was kept, and what became of every record; one canonical line (RFC 8785) each. Lines are handed
/// on as they are made, so that nothing is held but what came in. Their members are copied as they are written and not understood: an export
/// costs little more than its bytes.
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

  /// The dataset's lines, in its order, each with `source`: `file` and `line`, where it stands in the folder.
  ///
  /// Without deduplication one content can be kept several times. Its lines then name the sources in their order: the ledger does not say
  /// which of them had which conversation key.
  private func records(_ write: Write) throws {
    let places = try keptPlaces()
    var last: (id: RecordID, copies: Int)?
    var number = 0
    for shard in dataset.shards {
      try dataset.bytes(of: shard).withUnsafeBytes { raw in
        let bytes = raw.bindMemory(to: UInt8.self)
        var start = 0
        while start < bytes.count {
          let range = start..<bytes.endOfLine(from: start)
          number += 1
          guard let id = RecordLine.identity(of: UnsafeRawBufferPointer(rebasing: raw[range]))?.id else {
            throw CurationError.malformedDataset(line: number, problem: "is not a record")
          }
          // Equal ids stand next to each other.
          let copies = last?.id == id ? last?.copies ?? 0 : 0
          last = (id, copies + 1)
          guard let place = places.place(of: id, copy: copies) else { throw UnknownSource(record: id) }
          guard let line = SourcedLine(bytes, range, place) else {
            throw CurationError.malformedDataset(line: number, problem: "is not in canonical form (RFC 8785)")
          }
          try write(line.bytes)
          start = range.upperBound + 1
        }
      }
    }
  }

  /// Where each record that was kept comes from, in the order of the sources.
  private func keptPlaces() throws -> KeptPlaces {
    var places = KeptPlaces()
    try ledger.forEachSpelledLine { number, bytes, range in
      guard places.take(bytes, range) else { throw CurationError.malformedLedger(line: number) }
      return true
    }
    return places
  }

  /// What became of every record that was read, in the order of the sources.
  private func fates(_ write: Write) throws {
    // Where the bytes lie in the file is for whoever reads the store.
    let left: [StaticString] = ["file", "line", "offset", "bytes"]
    try ledger.forEachSpelledLine { number, bytes, range in
      guard let place = SpelledPlace(bytes, range), let line = SourcedLine(bytes, range, place, without: left) else {
        throw CurationError.malformedLedger(line: number)
      }
      try write(line.bytes)
      return true
    }
  }
}

/// A dataset holds a record that its ledger did not keep: they are not of one curation.
package struct UnknownSource: ExplainedError, Hashable {
  package let record: RecordID

  package var message: String { "record \(record.digest.short) is in the dataset, and the ledger does not know from where" }
  package var hint: String? { "this is a defect of soulpack; please report it" }
}
