internal import Artifacts
package import Curation
package import Foundation
internal import Hashing

/// What must hold of whatever is read, however broken it is. The fuzzer asks it of millions of inputs, the tests of the kept ones.
package struct CurationInvariants {
  /// Something that must never be.
  package struct Violation: Error, CustomStringConvertible {
    package let description: String
  }

  private let name: String
  private let data: Data
  private let reading: ReadingRules

  /// `name` tells the format by its end, as that of a file does.
  package init(name: String, data: Data, reading: ReadingRules) {
    (self.name, self.data, self.reading) = (name, data, reading)
  }

  /// Reads the file whole and cut into pieces, and holds both against each other and against the rules. Gives the number of records.
  package func check(partByteCount: Int) async throws -> Int {
    let whole = try await curate(partByteCount: data.count + 1)
    let cut = try await curate(partByteCount: partByteCount)
    switch (whole, cut) {
    case (.failure(let first), .failure(let second)):
      guard first.message == second.message else { throw Violation(description: "whole: \(first.message); in pieces: \(second.message)") }
      return 0
    case (.success(let first), .success(let second)):
      guard first.ledger.bytes == second.ledger.bytes, first.dataset.bytes == second.dataset.bytes else {
        throw Violation(description: "pieces of \(partByteCount) bytes give another result")
      }
      try check(first)
      return first.ledger.entries.count
    default: throw Violation(description: "pieces of \(partByteCount) bytes end otherwise")
    }
  }

  /// Refusals are a result as good as any; a defect that names itself is none.
  private func curate(partByteCount: Int) async throws -> Result<Curation, CurationError> {
    let good = Data("{\"text\":\"something to keep\"}".utf8)
    let files = [name: data, "~keep.jsonl": good]
    let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    let parameters = CurationParameters(stages: [], reading: reading)
    do {
      return .success(try await Curator(parameters: parameters, concurrency: 1, partByteCount: partByteCount).curate(snapshot) { entry in files[entry.path] ?? Data() })
    } catch let error as CurationError {
      switch error {
      case .recordsUnaccounted, .repeatedPath, .malformedDataset, .malformedLedger, .outOfMemory, .unreadable: throw Violation(description: error.message)
      default: return .failure(error)
      }
    }
  }

  private func check(_ curation: Curation) throws {
    let isArchive = name.hasSuffix(".zip") || name.contains(".tar") || name.hasSuffix(".tgz")
    let isPacked = isArchive || [".gz", ".zst", ".xz", ".bz2"].contains { name.hasSuffix($0) }
    let entries = curation.ledger.entries.filter { $0.source.place.file == name || $0.source.place.file.hasPrefix(name + "!/") }
    var ends: [String: (byte: Int, line: Int)] = [:]
    for entry in entries {
      let source = entry.source
      let last = ends[source.place.file] ?? (0, 0)
      guard source.byteRange.lowerBound >= last.byte, source.place.line > last.line else {
        throw Violation(description: "records overlap at \(source.place)")
      }
      guard isPacked || source.byteRange.upperBound <= data.count else { throw Violation(description: "\(source.place) is beyond the file's end") }
      ends[source.place.file] = (source.byteRange.upperBound, source.place.line)
    }
    _ = try Ledger(parsing: curation.ledger.bytes)
    let again = try CuratedDataset(parsing: curation.dataset.bytes)
    guard again.root == curation.dataset.root else { throw Violation(description: "the dataset reads back as another") }
    if name.hasSuffix(".jsonl"), reading == .standard { try checkLines(entries, try curation.texts()) }
  }

  /// Every line is judged by another parser too.
  private func checkLines(_ entries: [LedgerEntry], _ texts: [RecordID: [UInt8]]) throws {
    for entry in entries {
      let line = [UInt8](data[data.startIndex + entry.source.byteRange.lowerBound..<data.startIndex + entry.source.byteRange.upperBound])
      let verdict = ReferenceJSON.parse(line)
      var reason: DropReason?
      if case .dropped(let drop) = entry.fate { reason = drop.reason }
      let isRefused = reason == .invalidJSON || reason == .invalidUTF8 || reason == .nestedTooDeeply || reason == .lineTooLong
      switch verdict {
      case .value(let value):
        guard !isRefused else { throw Violation(description: "\(entry.source.place) is JSON and was dropped for \(reason?.rawValue ?? "")") }
        if entry.fate == .kept, let text = value.onlyText, let id = entry.id, texts[id] != text {
          throw Violation(description: "\(entry.source.place) was read as another text")
        }
      case .invalid:
        guard isRefused else { throw Violation(description: "\(entry.source.place) is no JSON and was taken") }
      case .unsure: break
      }
    }
  }
}

extension Curation {
  fileprivate func texts() throws -> [RecordID: [UInt8]] {
    var texts: [RecordID: [UInt8]] = [:]
    try dataset.forEachRecord { row, record in
      if case .text(let text) = record.content { texts[row.id] = Array(text.utf8) }
    }
    return texts
  }
}
