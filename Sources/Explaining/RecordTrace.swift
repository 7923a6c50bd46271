package import Artifacts
package import Curation
internal import Foundation
internal import Hashing
package import Store

/// One record, wherever a store has met it: under every id that its content has had, in every curation, whichever build made it.
///
/// A record's id is that of its content when its story ended, so one line has as many ids as there are ways to curate it. What joins them is the
/// place: the same line of a file with the same bytes; and the bytes themselves, which are read again.
package struct RecordTrace: Sendable {
  package struct Sighting: Sendable {
    package let curation: StoredCuration
    package let entry: LedgerEntry
    /// Of the file that it was read from; nil where the ledger does not say.
    package let file: Digest?

    package var isKept: Bool { entry.fate == .kept }
  }

  /// Of the content as it was read, as it is normalised, and as each story ended.
  package private(set) var ids: Set<RecordID>
  package private(set) var sightings: [Sighting] = []
  /// The ids of what was merged into it because it was nearly the same: these would stand in its place.
  package private(set) var nearDuplicates: Set<RecordID> = []
  /// The records that stood for it, where it was merged because it was nearly the same: these stay.
  package private(set) var keepers: Set<RecordID> = []
  /// The content in each form that is known, for those who must find the bytes.
  package private(set) var records: [DatasetRecord] = []

  private var seen: Set<Place> = []
  /// By the key of each curation, the ids that its ledger was asked for: what it knows it said then.
  private var asked: [Digest: Set<RecordID>] = [:]
  private var sought: Set<Line> = []
  private var reread: Set<ReadPlace> = []

  private struct Place: Hashable {
    let key: Digest
    let place: RecordPlace
  }

  /// A line of a file with these bytes, in one curation.
  private struct Line: Hashable {
    let key: Digest
    let file: Digest
    let line: Int
  }

  private struct ReadPlace: Hashable {
    let file: Digest
    let place: RecordPlace
  }

  /// Begins with some ids and goes on until nothing more is found.
  package init(of ids: Set<RecordID>, in store: ReadableStore) async throws {
    self.ids = ids
    try await follow(in: store)
  }

  private mutating func follow(in store: ReadableStore) async throws {
    let curations = try StoredCuration.all(in: store)
    var isGrowing = true
    while isGrowing {
      try Task.checkCancellation()
      let before = (ids.count, sightings.count)
      for curation in curations {
        let new = ids.subtracting(asked[curation.key, default: []])
        asked[curation.key, default: []].formUnion(new)
        for found in try curation.entries(of: new) { note(found, curation) }
        for sighting in sightings {
          guard let file = sighting.file, sought.insert(Line(key: curation.key, file: file, line: sighting.entry.source.place.line)).inserted,
            let found = try curation.entry(inFileOf: file, line: sighting.entry.source.place.line)
          else { continue }
          note(found, curation)
        }
      }
      for sighting in sightings { try await read(sighting, in: store) }
      isGrowing = before != (ids.count, sightings.count)
    }
  }

  private mutating func note(_ found: RecordExplanation, _ curation: StoredCuration) {
    guard seen.insert(Place(key: curation.key, place: found.entry.source.place)).inserted else { return }
    let file = curation.fileDigest(at: found.entry.source.place.file)
    sightings.append(Sighting(curation: curation, entry: found.entry, file: file))
    if let id = found.entry.id { ids.insert(id) }
    for member in found.members {
      guard case .merged(_, _, _?) = member.fate, let id = member.id else { continue }
      nearDuplicates.insert(id)
    }
    if case .merged(let keeper, _, _?) = found.entry.fate { keepers.insert(keeper) }
  }

  /// The ids that the record has as it is read and as it is normalised, from the bytes of its file, where the store still has them.
  private mutating func read(_ sighting: Sighting, in store: ReadableStore) async throws {
    let place = sighting.entry.source.place
    guard let holder = try sighting.curation.holder(of: place.file, in: store), reread.insert(ReadPlace(file: holder.digest, place: place)).inserted,
      try store.objects.contains(holder.digest)
    else { return }
    for stages: JSONValue in [[], [["normalize": [:]]]] {
      guard let parameters = try sighting.curation.parameters(stages: stages, in: store) else { continue }
      guard let record = try await Self.record(at: place, of: holder, parameters, in: store) else { continue }
      ids.insert(record.id)
      if !records.contains(record) { records.append(record) }
    }
  }

  /// Nil where the file has no such record any more, or the stages drop it.
  private static func record(at place: RecordPlace, of file: Snapshot.Entry, _ parameters: CurationParameters, in store: ReadableStore) async throws
    -> DatasetRecord?
  {
    let objects = store.objects
    let curation: Curation
    do {
      curation = try await Curator(parameters: parameters).curate(Snapshot(entries: [file])) { try objects.get($0.digest) }
    } catch CurationError.everythingDropped {
      return nil
    }
    guard let id = curation.ledger.entries.first(where: { $0.source.place == place })?.id else { return nil }
    return try curation.dataset.records().first { $0.id == id }
  }
}

// MARK: - Beginning

extension RecordTrace {
  /// What any curation of the store read from a line of a file with these very bytes.
  package static func ids(inFileOf digest: Digest, line: Int, in store: ReadableStore) throws -> Set<RecordID> {
    Set(try StoredCuration.all(in: store).compactMap { try $0.entry(inFileOf: digest, line: line)?.entry.id })
  }

  /// Where any curation of the store read a record under this id, in the order of the places.
  package static func places(of id: RecordID, in store: ReadableStore) throws -> [RecordPlace] {
    Set(try StoredCuration.all(in: store).flatMap { try $0.entries(of: [id]).map(\.entry.source.place) }).sorted()
  }

  /// The ids that any curation of the store knows and that begin so. Throws where the text cannot be the beginning of one.
  package static func ids(startingWith prefix: String, in store: ReadableStore) throws -> Set<RecordID> {
    var ids: Set<RecordID> = []
    for curation in try StoredCuration.all(in: store) {
      do {
        ids.formUnion(try curation.ledger.why(record: prefix).compactMap(\.entry.id))
      } catch LedgerQueryError.unknownRecord {
        continue
      } catch LedgerQueryError.ambiguous(_, let found) {
        ids.formUnion(found)
      }
    }
    return ids
  }
}
