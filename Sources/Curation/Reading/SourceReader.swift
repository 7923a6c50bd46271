internal import Archiving
internal import Artifacts
internal import Foundation
internal import Hashing
internal import Synchronization

/// Hands out what a listing has to read, a few hundred kilobytes at a time, members of archives among it.
///
/// It is asked by several threads in turn: what takes long is done by them, with what they were given.
struct SourceReader: ~Copyable {
  /// Parts of files that are worked on together, so that a hundred thousand small files are not as many errands.
  struct Errand: Sendable {
    /// In its lower half from 0, in the order in which those of a stretch are handed out; in its upper half the stretch's.
    let number: Int
    let parts: [FilePart]
  }

  private(set) var listing: Listing
  private let load: Curator.Load
  /// Files are cut into parts of about this many bytes.
  private let partByteCount: Int
  private let limits: ArchiveLimits
  /// Not begun yet, with their numbers.
  private var waiting: ArraySlice<(number: Int, stretch: Stretch)>
  private var stretch = 0
  /// Of the files of the stretch that is being read, those that were not opened yet, by their places among all that are to be read.
  private var closed = 0..<0
  private var ready: ArraySlice<FilePart> = []
  private var lines: (cutter: LineCutter, file: Int)?
  private var archive: ForeignArchive?
  private var archiveIndex = 0
  private var errandCount = 0
  private var hasFailed = false

  private static let errandByteCount = 1 << 19
  private static let errandPartCount = 512

  /// Reads some stretches of a listing.
  init(
    _ listing: Listing, stretches: [(number: Int, stretch: Stretch)], partByteCount: Int, limits: ArchiveLimits, load: @escaping Curator.Load
  ) {
    waiting = stretches[...]
    (self.listing, self.partByteCount, self.limits, self.load) = (listing, partByteCount, limits, load)
  }

  /// Nil when everything was handed out, and after an error: a reader that met one is not asked to go on.
  mutating func next() throws -> Errand? {
    guard !hasFailed else { return nil }
    hasFailed = true
    let errand = try nextErrand()
    hasFailed = false
    return errand
  }

  private mutating func nextErrand() throws -> Errand? {
    while true {
      if let parts = try nextParts() {
        defer { errandCount += 1 }
        return Errand(number: stretch << 32 | errandCount, parts: parts)
      }
      guard let next = waiting.popFirst() else { return nil }
      (stretch, closed, errandCount) = (next.number, next.stretch.files, 0)
    }
  }

  /// All of one stretch; nil at its end.
  private mutating func nextParts() throws -> [FilePart]? {
    var parts: [FilePart] = []
    var byteCount = 0
    while byteCount < Self.errandByteCount, parts.count < Self.errandPartCount, let part = try nextPart() {
      parts.append(part)
      byteCount += part.byteCount
    }
    return parts.isEmpty ? nil : parts
  }

  /// What was found, once everything was read: how many records in which file.
  func listing(counting records: [Int: Int]) -> Listing {
    var listing = listing
    for (file, count) in records { listing.count(count, of: file) }
    return listing
  }

  private mutating func nextPart() throws -> FilePart? {
    while true {
      if let part = ready.popFirst() { return part }
      if let part = try nextLines() { return part }
      if try openMember() { continue }
      guard let place = closed.first else { return nil }
      closed = closed.dropFirst()
      let (index, file) = listing.readable[place]
      try open(file, at: index)
    }
  }

  private mutating func nextLines() throws -> FilePart? {
    guard var cutter = lines?.cutter, let file = lines?.file else { return nil }
    let path = listing.files[file].path
    guard let part = try naming(path, { try cutter.next() }) else {
      lines = nil
      return nil
    }
    lines = (cutter, file)
    return FilePart(part, file: file, path: path, listing.rules)
  }

  private mutating func open(_ file: Listing.Readable, at index: Int) throws {
    let path = file.entry.path
    let source = try naming(path) { try load(file.entry) }
    switch file.content {
    case .plain(.jsonLines): try cut(source, at: index)
    case .plain(let kind): try cut(try naming(path) { try source.contents() }, kind, at: index)
    case .packed(let kind, let form):
      let packed = try naming(path) { try source.contents() }
      try cut(
        try explained { () throws(ForeignArchiveError) in
          var archive = try ForeignArchive(packed, path: path, form: form, limits: limits)
          return try archive.onlyContents()
        }, kind, at: index)
    case .archive(let form):
      let packed = try naming(path) { try source.contents() }
      archive = try explained { () throws(ForeignArchiveError) in try ForeignArchive(packed, path: path, form: form, limits: limits) }
      archiveIndex = index
    }
  }

  /// Opens the next member that is to be read; false where there is none.
  private mutating func openMember() throws -> Bool {
    do {
      while let member = try archive?.next() {
        guard let (place, kind) = try listing.admit(member, ofArchiveAt: archiveIndex), let contents = try archive?.contents() else { continue }
        listing.note(byteCount: contents.count, digest: Digest(hashing: contents), of: place)
        try cut(contents, kind, at: place)
        return true
      }
    } catch let error as ForeignArchiveError {
      throw CurationError.unusableArchive(error)
    }
    archive = nil
    return false
  }

  private mutating func cut(_ contents: Data, _ kind: FileKind, at index: Int) throws {
    let kind = listing.settle(kind, of: index, contents)
    if let parts = FilePart.parts(of: contents, file: index, path: listing.files[index].path, kind, size: partByteCount, listing.rules) {
      ready = parts[...]
    } else {
      try cut(SourceFile(contents), at: index)
    }
  }

  private mutating func cut(_ lines: SourceFile, at index: Int) throws {
    let cutter = try naming(listing.files[index].path) { try LineCutter(lines, sizes: LineCutter.Sizes(around: partByteCount)) }
    self.lines = (cutter, index)
  }

  /// Says which file it was whose bytes could not be had.
  private func naming<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      throw CurationError.unreadable(path: path, reason: (error as? any ExplainedError)?.message ?? error.localizedDescription)
    }
  }

  private func explained<Value: ~Copyable>(_ body: () throws(ForeignArchiveError) -> Value) throws(CurationError) -> Value {
    do throws(ForeignArchiveError) {
      return try body()
    } catch {
      throw .unusableArchive(error)
    }
  }
}

/// One reader for several threads, which ask it in turn.
final class SharedReader: Sendable {
  private let reader: Mutex<SourceReader>

  init(_ reader: consuming sending SourceReader) { self.reader = Mutex(reader) }

  func next() throws -> SourceReader.Errand? { try reader.withLock { try $0.next() } }

  func listing(counting records: [Int: Int]) -> Listing { reader.withLock { $0.listing(counting: records) } }
}
