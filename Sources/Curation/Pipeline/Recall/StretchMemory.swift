internal import Artifacts
internal import Foundation

/// Finds what earlier runs remembered of the stretches of a listing, and remembers those that were read.
struct StretchMemory: Sendable {
  struct Recalled: Sendable {
    let record: StretchRecord
    let assessments: [Assessment]
  }

  let stretches: [Stretch]
  /// Of each stretch; nil for archives.
  let keys: [Digest?]
  private let readable: [(Int, Listing.Readable)]
  private let desk: RecallDesk

  init(_ listing: Listing, around byteCount: Int, _ desk: RecallDesk) {
    (readable, self.desk) = (listing.readable, desk)
    stretches = Stretch.all(of: listing, around: byteCount)
    keys = stretches.map { stretch in
      guard !stretch.isArchive, desk.remembers else { return nil }
      return desk.key("stretch") { writer in
        writer.number(byteCount)
        for (_, file) in listing.readable[stretch.files] {
          writer.text(file.entry.path)
          writer.digest(file.entry.digest)
        }
      }
    }
  }

  func entries(of stretch: Int) -> [Snapshot.Entry] { readable[stretches[stretch].files].map(\.1.entry) }

  /// What is remembered of each stretch, if all of it is.
  func recall(_ workers: Workers) async throws -> [Recalled?] {
    guard desk.recalls else { return Array(repeating: nil, count: stretches.count) }
    return try await workers.slices(of: stretches.count, widestAt: 64) { recall($0) }.flatMap { $0 }
  }

  /// What is damaged is not remembered, here and below, and is read again.
  private func recall(_ range: Range<Int>) -> [Recalled?] {
    let known = range.filter { keys[$0] != nil }
    let records = zip(known, desk.values(known.compactMap { keys[$0] })).compactMap { stretch, value in
      value.flatMap { value in (try? StretchRecord(value)).map { (stretch: stretch, record: $0) } }
    }
    var blocks = desk.values(records.flatMap { $0.record.blocks.map(\.key) })[...]
    var recalled = [Recalled?](repeating: nil, count: range.count)
    for (stretch, record) in records {
      let values = blocks.prefix(record.blocks.count)
      blocks = blocks.dropFirst(record.blocks.count)
      recalled[stretch - range.lowerBound] = try? self.recalled(record, Array(values), stretch)
    }
    return recalled
  }

  private func recalled(_ record: StretchRecord, _ values: [Data?], _ stretch: Int) throws(RecallMiss) -> Recalled {
    let files = stretches[stretch].files
    guard record.entries.count == files.count else { throw RecallMiss() }
    var assessments: [Assessment] = []
    for (errand, (block, value)) in zip(record.blocks, values).enumerated() {
      guard let value else { throw RecallMiss() }
      let parts = try block.parts.map { part throws(RecallMiss) in
        guard files.indices.contains(files.lowerBound + part.file) else { throw RecallMiss() }
        return Assessment.Part(file: readable[files.lowerBound + part.file].0, offset: part.offset, line: part.line)
      }
      assessments.append(try Assessment(number: stretch << 32 | errand, key: block.key, parts: parts, remembered: value))
    }
    return Recalled(record: record, assessments: assessments)
  }

  /// What is remembered of an errand is known by what its lines say, or by its stretch where what it says depends on more than its bytes.
  func blockKey(of errand: SourceReader.Errand) -> Digest? {
    guard desk.remembers else { return nil }
    let lines = errand.parts.compactMap(\.lines)
    if lines.count == errand.parts.count {
      return desk.key("lines") { writer in
        for (part, bytes) in zip(errand.parts, lines) {
          writer.text(part.path)
          writer.raw(bytes)
        }
      }
    }
    guard let stretch = keys[errand.number >> 32] else { return nil }
    return desk.key("block") { writer in
      writer.digest(stretch)
      writer.number(errand.number & 0xFFFF_FFFF)
    }
  }

  /// The block of an errand that some run knew already.
  func recall(_ errand: SourceReader.Errand, _ key: Digest?) -> Assessment? {
    guard let key, desk.recalls, let value = desk.values([key])[0] else { return nil }
    let parts = errand.parts.map { Assessment.Part(file: $0.file, offset: $0.offset, line: $0.line) }
    return try? Assessment(number: errand.number, key: key, parts: parts, remembered: value)
  }

  func keep(_ assessment: Assessment) {
    if let key = assessment.key { desk.keep(key, assessment.rememberedBytes) }
  }

  /// Remembers a stretch that was read to its end; `assessments` are all of its own, in their order.
  func keep(_ stretch: Int, _ assessments: [Assessment], _ listing: Listing) {
    let files = readable[stretches[stretch].files]
    let places = Dictionary(uniqueKeysWithValues: files.enumerated().map { ($1.0, $0) })
    let blocks = assessments.compactMap { assessment in
      assessment.key.map { key in
        StretchRecord.Block(
          key: key,
          parts: assessment.parts.compactMap { part in places[part.file].map { Assessment.Part(file: $0, offset: part.offset, line: part.line) } })
      }
    }
    guard blocks.count == assessments.count else { return }
    keep(stretch, blocks, listing)
  }

  /// By the keys of what was found in it.
  func keep(_ stretch: Int, _ blocks: [StretchRecord.Block], _ listing: Listing) {
    guard let key = keys[stretch] else { return }
    let files = readable[stretches[stretch].files]
    let kinds = files.compactMap { listing.kind(of: $0.0) }
    guard kinds.count == files.count else { return }
    desk.keep(key, StretchRecord(entries: files.map(\.1.entry), kinds: kinds, blocks: blocks).bytes)
  }
}
