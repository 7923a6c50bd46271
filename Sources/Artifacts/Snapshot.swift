/// The listing of a folder at one moment: what a source held, or what a step wrote.
///
/// Its canonical JSON is an object of the store, and the digest of that object names the snapshot. Times, owners and the folder's own
/// place are not in it; nor is the executable bit, which nothing here uses.
package struct Snapshot: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    /// Relative, with `/` between parts; never empty, absolute, or with `.` or `..` in it.
    package let path: String
    package let byteCount: Int64
    package let digest: Digest

    package init(path: String, byteCount: Int64, digest: Digest) {
      self.path = path
      self.byteCount = byteCount
      self.digest = digest
    }
  }

  /// Sorted by the bytes of `path`, each path once.
  package let entries: [Entry]

  package init(entries: [Entry]) {
    // Mostly they come sorted: a scan's do, and those of a listing.
    let isSorted = zip(entries, entries.dropFirst()).allSatisfy { !$1.path.utf8.lexicographicallyPrecedes($0.path.utf8) }
    self.entries = isSorted ? entries : entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  package subscript(path: String) -> Entry? { entries.first { $0.path == path } }

  package var byteCount: Int64 { entries.reduce(0) { $0 + $1.byteCount } }
}

extension Snapshot {
  package var canonical: JSONValue {
    [
      "schema": "soulpack.snapshot/1",
      "entries": .array(
        entries.map { ["path": .string($0.path), "bytes": .integer($0.byteCount), "digest": .digest($0.digest)] }),
    ]
  }

  /// Nil where the document is not a snapshot of this schema, or holds a path that could leave its folder.
  package init?(canonical value: JSONValue) {
    guard value["schema"]?.string == "soulpack.snapshot/1", let values = value["entries"]?.array else { return nil }
    let entries = values.compactMap { value -> Entry? in
      guard let path = value["path"]?.string, Snapshot.isContained(path), let bytes = value["bytes"]?.integer, let digest = value["digest"]?.digest
      else { return nil }
      return Entry(path: path, byteCount: bytes, digest: digest)
    }
    guard entries.count == values.count else { return nil }
    self.init(entries: entries)
    guard zip(self.entries, self.entries.dropFirst()).allSatisfy({ $0.path != $1.path }) else { return nil }
  }

  /// True for a relative path that stays inside the folder it is resolved against. By bytes, as a file system reads it.
  package static func isContained(_ path: String) -> Bool {
    var path = path
    return path.withUTF8 { bytes in
      var start = 0
      for index in 0...bytes.count {
        guard index == bytes.count || bytes[index] == UInt8(ascii: "/") else {
          if bytes[index] == 0 { return false }
          continue
        }
        let part = bytes[start..<index]
        if part.isEmpty || part.count <= 2 && part.allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
        start = index + 1
      }
      return true
    }
  }
}
