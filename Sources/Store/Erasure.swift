package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc

/// Bytes that must be nowhere: what `erase` looks for, before and after.
package struct ErasedBytes: Sendable {
  private let needles: [Needle]

  package init(_ needles: [Data]) { self.needles = needles.filter { !$0.isEmpty }.map(Needle.init) }

  /// Whether any of them stands in these bytes.
  package func areIn(_ bytes: Data) -> Bool { bytes.withUnsafeBytes { hay in needles.contains { $0.isIn(hay) } } }

  /// Some bytes, and how far a search may leap where the last of a window is not theirs (Horspool 1980, *Practical fast searching in strings*): lines are
  /// long, and a store is read from end to end.
  private struct Needle: Sendable {
    let bytes: [UInt8]
    private let leaps: [Int]

    init(_ data: Data) {
      bytes = Array(data)
      var leaps = [Int](repeating: bytes.count, count: 256)
      for (index, byte) in bytes.dropLast().enumerated() { leaps[Int(byte)] = bytes.count - 1 - index }
      self.leaps = leaps
    }

    func isIn(_ hay: UnsafeRawBufferPointer) -> Bool {
      guard let start = hay.baseAddress else { return false }
      let last = bytes.count - 1
      return bytes.withUnsafeBytes { needle in
        leaps.withUnsafeBufferPointer { leaps in
          guard let first = needle.baseAddress else { return false }
          var place = 0
          while place + last < hay.count {
            let byte = hay[place + last]
            if byte == needle[last], memcmp(start + place, first, last) == 0 { return true }
            place += leaps[Int(byte)]
          }
          return false
        }
      }
    }
  }
}

extension ObjectStore {
  /// Every object in which any of the bytes stands, whatever it is. Reads the whole store, one object at a time. What is missing or damaged holds nothing.
  package func holding(_ bytes: ErasedBytes, progress: (StepProgress) -> Void = { _ in }) throws -> [Digest] {
    let all = try digests()
    var found: [Digest] = []
    for (index, digest) in all.enumerated() {
      try Task.checkCancellation()
      progress(StepProgress(done: Int64(index), total: Int64(all.count), unit: "objects"))
      do {
        if bytes.areIn(try get(digest)) { found.append(digest) }
      } catch StoreError.objectMissing, StoreError.objectChanged {
        continue  // `fsck` tells of it; a loose file with other bytes is met again among the store's own files.
      }
    }
    return found
  }
}

extension OpenStore {
  /// The store's own files, of whatever use, in which any of the bytes stands as it is: the proof after an erasure.
  package func files(holding bytes: ErasedBytes) throws -> [String] {
    guard let names = FileManager.default.enumerator(atPath: layout.path) else { return [] }
    var found: [String] = []
    for case let name as String in names {
      let path = layout.path + "/" + name
      guard FileStatus(at: path, followingLinks: false)?.kind == .regular else { continue }
      let contents: Data
      do {
        contents = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
      } catch {
        throw StoreError.system(operation: "read", path: path, code: posixCode(error))
      }
      if bytes.areIn(contents) { found.append(name) }
    }
    return found.sorted()
  }

  /// Where files with these contents were seen, by their absolute paths: in every state of a folder that was taken in.
  package func paths(ofFiles digests: some Sequence<Digest>) throws -> [String] {
    let wanted = Set(digests)
    let versions = try database.read { database in
      try Row.fetchAll(database, sql: "SELECT DISTINCT folder, digest FROM version").map { ($0["folder"] as String, try Digest(column: $0["digest"])) }
    }
    var paths: Set<String> = []
    for (folder, listing) in versions where try objects.contains(listing) {
      for entry in try objects.snapshot(listing).entries where wanted.contains(entry.digest) {
        // A source that is one file is listed by its name, and may stand for the folder itself.
        let isFile = FileStatus(at: folder, followingLinks: true)?.kind == .regular
        paths.insert(isFile ? folder : folder + "/" + entry.path)
      }
    }
    return paths.sorted()
  }
}

extension OpenStore where Access == Writing {
  /// Takes objects out for good: their rows, their files, and the pages of the database in which they stood. The digests stay as tombstones, by which
  /// `fsck` knows that nobody lost them. Checkpoints of trainings go too: what they would go on from may be learnt from what is erased.
  package func erase(_ digests: [Digest]) throws {
    try objects.remove(digests)
    // What steps remember of records may hold words of theirs.
    try memo.removeAll()
    let checkpoints = layout.path + "/checkpoints"
    if FileStatus(at: checkpoints, followingLinks: false) != nil { try removeTree(checkpoints) }
    // No page holds what was deleted (https://www.sqlite.org/lang_vacuum.html: "to ensure that deleted content is gone").
    try database.shrink()
    try objects.emptyLog()
  }
}
