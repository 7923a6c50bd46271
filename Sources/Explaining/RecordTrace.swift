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

  /// Places of one file of the store, or of what lies in it, as one curation read it.
  private struct Held {
    let curation: StoredCuration
    let holder: Snapshot.Entry
    var places: Set<RecordPlace>
  }

  private struct HeldPath: Hashable {
    let key: Digest
    let path: [UInt8]
  }

  /// Begins with some ids and goes on until nothing more is found.
  package init(of ids: Set<RecordID>, in store: ReadableStore) async throws {
    self.ids = ids
    try await follow(in: store)
  }

  private mutating func follow(in store: ReadableStore) async throws {
    let curations = try StoredCuration.all(in: store)
    var rereadCount = 0
    var isGrowing = true
    while isGrowing {
      try Task.checkCancellation()
      let before = (ids.count, sightings.count)
      for curation in curations {
        let new = ids.subtracting(asked[curation.key, default: []])
        asked[curation.key, default: []].formUnion(new)
        note(try curation.entries(of: new), curation)
        // All at once: each question goes through the whole ledger.
        note(try curation.entries(onLines: unsoughtLines(in: curation)), curation)
      }
      try await read(sightings[rereadCount...], in: store)
      rereadCount = sightings.count
      isGrowing = before != (ids.count, sightings.count)
    }
  }

  /// Lines on which the record was seen, by their files, and for which this curation was not asked before.
  private mutating func unsoughtLines(in curation: StoredCuration) -> [Digest: Set<Int>] {
    var lines: [Digest: Set<Int>] = [:]
    for sighting in sightings {
      let line = sighting.entry.source.place.line
      guard let file = sighting.file, sought.insert(Line(key: curation.key, file: file, line: line)).inserted else { continue }
      lines[file, default: []].insert(line)
    }
    return lines
  }

  private mutating func note(_ found: [RecordExplanation], _ curation: StoredCuration) {
    let files = curation.fileDigests(at: Set(found.map { Array($0.entry.source.place.file.utf8) }))
    for found in found { note(found, curation, of: files[Array(found.entry.source.place.file.utf8)]) }
  }

  private mutating func note(_ found: RecordExplanation, _ curation: StoredCuration, of file: Digest?) {
    guard seen.insert(Place(key: curation.key, place: found.entry.source.place)).inserted else { return }
    sightings.append(Sighting(curation: curation, entry: found.entry, file: file))
    if let id = found.entry.id { ids.insert(id) }
    for member in found.members {
      guard case .merged(_, _, _?) = member.fate, let id = member.id else { continue }
      nearDuplicates.insert(id)
    }
    if case .merged(let keeper, _, _?) = found.entry.fate { keepers.insert(keeper) }
  }

  /// The ids that the record has as it is read and as it is normalised, from the bytes of its file, where the store still has them. A file is curated
  /// once for all of its lines.
  private mutating func read(_ sightings: ArraySlice<Sighting>, in store: ReadableStore) async throws {
    for held in try unread(sightings, in: store) where try store.objects.contains(held.holder.digest) {
      for stages: JSONValue in [[], [["normalize": [:]]]] {
        guard let parameters = try held.curation.parameters(stages: stages, in: store) else { continue }
        for record in try await Self.records(at: held.places, of: held.holder, parameters, in: store) {
          ids.insert(record.id)
          if !records.contains(record) { records.append(record) }
        }
      }
    }
  }

  /// The places that were not read before, by their files.
  private mutating func unread(_ sightings: ArraySlice<Sighting>, in store: ReadableStore) throws -> [Held] {
    var listings: [Digest: Snapshot?] = [:]
    var held: [Held] = []
    var numbers: [HeldPath: Int] = [:]
    for sighting in sightings {
      let (curation, place) = (sighting.curation, sighting.entry.source.place)
      let listing = try listings[curation.key] ?? curation.listing(in: store)
      listings.updateValue(listing, forKey: curation.key)
      guard let holder = listing?.holder(of: place.file), reread.insert(ReadPlace(file: holder.digest, place: place)).inserted else { continue }
      let path = HeldPath(key: curation.key, path: Array(holder.path.utf8))
      if let number = numbers[path] {
        held[number].places.insert(place)
      } else {
        numbers[path] = held.count
        held.append(Held(curation: curation, holder: holder, places: [place]))
      }
    }
    return held
  }

  /// The records that begin at these places of a file, each content once. Fewer where the file has no such record any more, or the stages drop it.
  private static func records(at places: Set<RecordPlace>, of file: Snapshot.Entry, _ parameters: CurationParameters, in store: ReadableStore)
    async throws -> [DatasetRecord]
  {
    let objects = store.objects
    let curation: Curation
    do {
      curation = try await Curator(parameters: parameters).curate(Snapshot(entries: [file])) { try objects.get($0.digest) }
    } catch CurationError.everythingDropped {
      return []
    }
    var ids = Set(curation.ledger.entries.lazy.filter { places.contains($0.source.place) }.compactMap(\.id))
    guard !ids.isEmpty else { return [] }
    return try curation.dataset.records().filter { ids.remove($0.id) != nil }
  }
}

// MARK: - Beginning

extension RecordTrace {
  /// What any curation of the store read from a line of a file with these very bytes.
  package static func ids(inFileOf digest: Digest, line: Int, in store: ReadableStore) throws -> Set<RecordID> {
    Set(try StoredCuration.all(in: store).flatMap { try $0.entries(onLines: [digest: [line]]).compactMap(\.entry.id) })
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
