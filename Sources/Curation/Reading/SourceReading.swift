internal import Archiving
internal import Artifacts
internal import Foundation
internal import Hashing

/// Reads every file of a listing, members of archives among them, and runs the first stages over what comes out, on many cores.
///
/// Archives are unpacked here, one member at a time, while the tasks read and judge what was unpacked before.
struct SourceReading {
  private typealias Group = ThrowingTaskGroup<(Int, [Outcome]), any Error>

  private let leg: [any RecordStage]
  private let isMergeNext: Bool
  private let concurrency: Int
  private let chunkByteCount: Int
  private let limits: ArchiveLimits
  private var listing: Listing
  private var gathered = Gathered<[Outcome]>()
  /// Of each task that was started: the file that it reads, by its place in the listing.
  private var owners: [Int] = []

  init(_ listing: Listing, leg: [any RecordStage], isMergeNext: Bool, concurrency: Int, chunkByteCount: Int, limits: ArchiveLimits) {
    self.listing = listing
    self.leg = leg
    self.isMergeNext = isMergeNext
    self.concurrency = concurrency
    self.chunkByteCount = chunkByteCount
    self.limits = limits
  }

  /// Records in the order of their sources, and the listing with what was found.
  static func run(_ reading: consuming SourceReading, load: Curator.Load) async throws -> ([Outcome], Listing) {
    var reading = reading
    try await withThrowingTaskGroup(of: (Int, [Outcome]).self) { group in
      for (index, file) in reading.listing.readable {
        try Task.checkCancellation()
        try await reading.read(file, at: index, load, &group)
      }
      while let done = try await group.next() { reading.gathered.take(done) }
    }
    return reading.finished()
  }

  private mutating func read(_ file: Listing.Readable, at index: Int, _ load: Curator.Load, _ group: inout Group) async throws {
    let data = try loaded(file, load)
    let path = file.entry.path
    switch file.content {
    case .plain(let kind):
      try await start(data, kind, of: index, &group)
    case .packed(let kind, let form):
      let unpacked = try explained { () throws(ForeignArchiveError) in
        var archive = try ForeignArchive(data, path: path, form: form, limits: limits)
        return try archive.onlyContents()
      }
      try await start(unpacked, kind, of: index, &group)
    case .archive(let form):
      try await read(archive: data, path: path, form, at: index, &group)
    }
  }

  private mutating func read(archive data: Data, path: String, _ form: ArchiveForm, at index: Int, _ group: inout Group) async throws {
    do {
      var archive = try ForeignArchive(data, path: path, form: form, limits: limits)
      while let member = try archive.next() {
        guard let (place, kind) = try listing.admit(member, ofArchiveAt: index) else { continue }
        try Task.checkCancellation()
        let unpacked = try archive.contents()
        listing.note(byteCount: unpacked.count, digest: Digest(hashing: unpacked), of: place)
        try await start(unpacked, kind, of: place, &group)
      }
    } catch let error as ForeignArchiveError {
      throw CurationError.unusableArchive(error)
    }
  }

  private mutating func start(_ data: Data, _ kind: FileKind, of index: Int, _ group: inout Group) async throws {
    let kind = listing.settle(kind, of: index, data)
    let parts = FilePart.parts(of: data, path: listing.files[index].path, kind, size: chunkByteCount, listing.rules)
    let (leg, isMergeNext) = (leg, isMergeNext)
    for part in parts {
      if gathered.pending(of: owners.count) >= concurrency, let done = try await group.next() { gathered.take(done) }
      let number = owners.count
      owners.append(index)
      group.addTask { (number, try part.read().map { $0.passing(leg, fixingID: isMergeNext) }) }
    }
  }

  private consuming func finished() -> ([Outcome], Listing) {
    let parts = gathered.inOrder
    for (owner, part) in zip(owners, parts) { listing.count(part.count, of: owner) }
    // The members of an archive come in its own order, and a file may sort between two of them.
    let order = owners.indices.sorted { left, right in
      owners[left] == owners[right] ? left < right : listing.precedes(owners[left], owners[right])
    }
    listing.sort()
    return (order.flatMap { parts[$0] }, listing)
  }

  private func loaded(_ file: Listing.Readable, _ load: Curator.Load) throws -> Data {
    do {
      return try load(file.entry)
    } catch {
      let reason = (error as? any ExplainedError)?.message ?? error.localizedDescription
      throw CurationError.unreadable(path: file.entry.path, reason: reason)
    }
  }

  private func explained<Value>(_ body: () throws(ForeignArchiveError) -> Value) throws(CurationError) -> Value {
    do throws(ForeignArchiveError) {
      return try body()
    } catch {
      throw .unusableArchive(error)
    }
  }
}

extension Outcome {
  /// Runs the stages, and takes the digest where the next thing to come asks for it: here many threads work.
  func passing(_ leg: [any RecordStage], fixingID: Bool) -> Outcome {
    guard case .alive(let draft) = self else { return self }
    let passed = draft.passing(leg)
    guard fixingID, case .alive(var next) = passed else { return passed }
    next.fixID()
    return .alive(next)
  }
}
