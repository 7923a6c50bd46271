internal import Artifacts

/// The files of a snapshot, and what is done with each.
struct Listing: Sendable {
  struct Readable: Sendable {
    let entry: Snapshot.Entry
    let kind: FileKind
  }

  private(set) var files: [Ledger.File]
  /// With their places in `files`.
  let readable: [(Int, Readable)]

  /// `patterns` nil: every file is selected.
  init(_ snapshot: Snapshot, patterns: [String]?) throws(CurationError) {
    let globs = patterns?.map(Glob.init)
    var files: [Ledger.File] = []
    var readable: [(Int, Readable)] = []
    for entry in snapshot.entries {
      if let last = files.last, last.path.utf8.elementsEqual(entry.path.utf8) { throw .repeatedPath(entry.path) }
      let isSelected = globs?.contains { $0.matches(entry.path) } ?? true
      var fate = isSelected ? Ledger.FileFate.unknownKind : .notSelected
      if isSelected, let kind = FileKind(path: entry.path) {
        readable.append((files.count, Readable(entry: entry, kind: kind)))
        fate = .read(kind, records: 0)
      }
      files.append(Ledger.File(path: entry.path, byteCount: entry.byteCount, digest: entry.digest, fate: fate))
    }
    self.files = files
    self.readable = readable
  }

  /// How many files there are of each suffix.
  var kinds: [String: Int] { Dictionary(files.map { (FileKind.suffix(of: $0.path), 1) }, uniquingKeysWith: +) }

  var recordsRead: Int {
    files.reduce(0) { sum, file in
      guard case .read(_, let records) = file.fate else { return sum }
      return sum + records
    }
  }

  /// Adds records that were read from a part of a file.
  mutating func count(_ records: Int, of index: Int) {
    let file = files[index]
    guard case .read(let kind, let before) = file.fate else { return }
    files[index] = Ledger.File(path: file.path, byteCount: file.byteCount, digest: file.digest, fate: .read(kind, records: before + records))
  }
}
