package import Artifacts

/// A curation written out for other tools: what was kept, and what became of every record; one canonical line (RFC 8785) each. Lines are handed
/// on as they are made, so that nothing is held but what came in.
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
  func records(_ write: Write) throws {
    let places = try keptPlaces()
    var last: (id: RecordID, copies: Int)?
    try dataset.forEachRecord { row, record in
      // Equal ids stand next to each other.
      let copies = last?.id == row.id ? last?.copies ?? 0 : 0
      last = (row.id, copies + 1)
      guard let known = places[row.id], copies < known.count else { throw UnknownSource(record: row.id) }
      var writer = CanonicalWriter()
      writer.line(of: record, source: known[copies])
      writer.raw("\n")
      try write(writer.bytes)
    }
  }

  /// Where each record that was kept comes from, in the order of the sources.
  private func keptPlaces() throws -> [RecordID: [RecordPlace]] {
    var places: [RecordID: [RecordPlace]] = [:]
    try ledger.forEachLine(holding: #""fate":"kept""#) { number, line in
      guard let id = line["id"]?.digest, let place = RecordPlace(canonical: line) else { throw CurationError.malformedLedger(line: number) }
      places[RecordID(id), default: []].append(place)
      return true
    }
    return places
  }

  /// What became of every record that was read, in the order of the sources.
  func fates(_ write: Write) throws {
    try ledger.forEachLine(holding: nil) { number, line in
      guard var members = line.object, let place = RecordPlace(canonical: line) else { throw CurationError.malformedLedger(line: number) }
      // Where the bytes lie in the file is for whoever reads the store.
      for name in ["file", "line", "offset", "bytes"] { members[name] = nil }
      members["source"] = place.canonical
      try write(Array(JSONValue.object(members).canonical) + [UInt8(ascii: "\n")])
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
