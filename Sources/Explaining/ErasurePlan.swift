package import Artifacts
internal import Curation
internal import Foundation
internal import Hashing
package import Store

/// Where a store holds the text of a record: found by lineage, which knows what came of the file, and by looking for the bytes themselves in every object.
package struct ErasurePlan: Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A file of a source, or an archive that packs it.
    case file
    case dataset
    /// Some hundred records of a dataset or of a part, which hold the text.
    case shard
    /// Of a dataset: train, validation or holdout.
    case part
    /// What a command wrote, or whatever else the bytes were found in.
    case other
  }

  package let objects: [Digest: Kind]
  /// What must be nowhere afterwards.
  package let bytes: ErasedBytes

  /// As many bytes as no file holds by chance. A line of prose that is shorter is only looked for where lineage says it is.
  private static let shortestLineInBytes = 24

  package init(_ trace: RecordTrace, _ downstream: Downstream, in store: ReadableStore, progress: (StepProgress) -> Void) throws {
    var objects: [Digest: Kind] = [:]
    var needles: Set<Data> = []
    for record in try trace.records + ErasurePlan.keptForms(of: trace, in: store) { needles.insert(record.canonicalMember) }
    var listings: [Digest: Snapshot?] = [:]
    // What one curation read stands together, in the order of the places: a file is read once for all of its lines.
    var last: (digest: Digest, bytes: Data)?
    for sighting in trace.sightings {
      try Task.checkCancellation()
      let (curation, place) = (sighting.curation, sighting.entry.source)
      let listing = try listings[curation.key] ?? curation.listing(in: store)
      listings.updateValue(listing, forKey: curation.key)
      guard let holder = listing?.holder(of: place.place.file) else { continue }
      objects[holder.digest] = .file
      guard holder.path.utf8.elementsEqual(place.place.file.utf8) else { continue }
      if last?.digest != holder.digest {
        guard try store.objects.contains(holder.digest) else { continue }
        last = (holder.digest, try store.objects.get(holder.digest))
      }
      if let line = last?.bytes.line(place.byteRange), line.count >= ErasurePlan.shortestLineInBytes { needles.insert(line) }
    }
    // The lists of their shards go with the shards: what they would give can no longer be had.
    for (digest, kind) in downstream.datasets.map({ ($0.digest, Kind.dataset) }) + downstream.parts.map({ ($0, .part) }) {
      objects[digest] = kind
      for found in try store.dataset(digest)?.records(of: trace.ids) ?? [] { objects[found.shard.digest] = .shard }
    }
    bytes = ErasedBytes(Array(needles))
    for digest in try store.objects.holding(bytes, progress: progress) where objects[digest] == nil { objects[digest] = .other }
    // What is gone already needs no erasing, and its tombstone is there.
    self.objects = try objects.filter { try store.objects.contains($0.key) }
  }

  /// The files outside of the store that were last seen with these contents and still hold the text. They are their owner's.
  package func filesOutside(_ store: ReadableStore) throws -> [String] {
    let files = objects.filter { $0.value == .file }.keys.sorted()
    return try store.paths(ofFiles: files).filter { path in
      guard let contents = FileManager.default.contents(atPath: path) else { return false }
      return files.contains(Digest(hashing: contents)) || bytes.areIn(contents)
    }
  }

  /// The record as each dataset holds it: redacted, where a stage did that.
  private static func keptForms(of trace: RecordTrace, in store: ReadableStore) throws -> [DatasetRecord] {
    var forms: [DatasetRecord] = []
    for digest in Set(trace.sightings.filter(\.isKept).compactMap(\.curation.dataset)).sorted() {
      forms += try store.dataset(digest)?.records(of: trace.ids).map(\.record) ?? []
    }
    return forms
  }
}

extension DatasetRecord {
  /// `"messages":[…]` or `"text":"…"` as canonical JSON, without the conversation: what every form of the record that we write has in it.
  fileprivate var canonicalMember: Data {
    switch content {
    case .text(let text): Data("\"text\":\(JSONValue.string(text).canonicalText)".utf8)
    case .messages(let messages): Data("\"messages\":\(JSONValue.array(messages.map(\.canonical)).canonicalText)".utf8)
    case .toolUse: member("messages")
    case .preference: member("chosen")
    case .judged: member("completion")
    }
  }
}

extension DatasetRecord {
  fileprivate func member(_ name: String) -> Data { Data("\"\(name)\":\((canonicalLine[name] ?? .null).canonicalText)".utf8) }
}

extension Data {
  /// Without white space around it. Nil where the range is not within the bytes.
  fileprivate func line(_ range: Range<Int>) -> Data? {
    guard range.upperBound <= count else { return nil }
    let slice = self[index(startIndex, offsetBy: range.lowerBound)..<index(startIndex, offsetBy: range.upperBound)]
    let isSpace = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
    let head = slice.drop(while: isSpace)
    return Data(head.prefix(head.count - head.reversed().prefix(while: isSpace).count))
  }
}
