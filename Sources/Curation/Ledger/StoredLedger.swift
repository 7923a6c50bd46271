package import Artifacts
package import Foundation

/// A ledger as a store keeps it: an index with the files, the parameters, the summary and a list of chunks, each an object of some thousand lines.
/// Strung together after a first line, the chunks are the ledger (docs/curation.md, "Ledger").
package struct StoredLedger: Sendable {
  package struct Chunk: Hashable, Sendable {
    /// The source of its first record.
    package let first: RecordPlace
    package let recordCount: Int
    package let byteCount: Int
    package let digest: Digest
  }

  package typealias Load = @Sendable (Digest) throws -> Data

  package let files: [Ledger.File]
  package let parameters: CurationParameters
  package let summary: LedgerSummary
  /// In the order of the sources.
  package let chunks: [Chunk]
  let load: Load

  init(files: [Ledger.File], parameters: CurationParameters, summary: LedgerSummary, chunks: [Chunk], load: @escaping Load) {
    (self.files, self.parameters, self.summary, self.chunks, self.load) = (files, parameters, summary, chunks, load)
  }

  /// The lines of one chunk.
  package func bytes(of chunk: Chunk) throws -> Data {
    let bytes = try load(chunk.digest)
    guard bytes.count == chunk.byteCount else { throw CurationError.malformedLedger(line: 1) }
    return bytes
  }

  /// The whole of it in memory.
  package func whole() throws -> Ledger {
    var data = Ledger(files: files, parameters: parameters, summary: summary, entries: []).bytes
    for chunk in chunks { data.append(try bytes(of: chunk)) }
    return try Ledger(parsing: data)
  }
}

// MARK: - The index

extension StoredLedger {
  static let schema = "soulpack.ledger-index/1"

  package var canonical: JSONValue {
    let header = Ledger(files: files, parameters: parameters, summary: summary, entries: []).header
    guard var members = header.object else { preconditionFailure("a header is an object") }
    members["schema"] = .string(Self.schema)
    members["chunks"] = .array(
      chunks.map { chunk in
        [
          "file": .string(chunk.first.file), "line": .integer(Int64(chunk.first.line)), "records": .integer(Int64(chunk.recordCount)),
          "bytes": .integer(Int64(chunk.byteCount)), "digest": .digest(chunk.digest),
        ]
      })
    return .object(members)
  }

  /// Reads the index of this digest, which `load` gives as it gives the chunks.
  package init(_ index: Digest, load: @escaping Load) throws { try self.init(parsing: try load(index), load: load) }

  /// Reads an index; `load` gives a chunk by its digest.
  package init(parsing index: Data, load: @escaping Load) throws(CurationError) {
    guard let value = try? JSONValue(parsingCanonical: index), let header = LedgerHeader(value, schema: Self.schema), let values = value["chunks"]?.array
    else { throw .malformedLedger(line: 1) }  // Why it does not parse says no more than that it is none.
    let chunks = values.compactMap { value -> Chunk? in
      guard let first = RecordPlace(canonical: value), let records = value.natural("records"), let bytes = value.natural("bytes"),
        let digest = value["digest"]?.digest
      else { return nil }
      return Chunk(first: first, recordCount: records, byteCount: bytes, digest: digest)
    }
    self.init(files: header.files, parameters: header.parameters, summary: header.summary, chunks: chunks, load: load)
    guard chunks.count == values.count, chunks.reduce(0, { $0 + $1.recordCount }) == summary.recordsRead else { throw .malformedLedger(line: 1) }
  }
}
