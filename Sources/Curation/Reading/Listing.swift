internal import Archiving
internal import Artifacts
internal import Foundation

/// The files of a snapshot and the members of its archives, and what is done with each.
struct Listing: Sendable {
  /// A file whose bytes are wanted.
  struct Readable: Sendable {
    enum Content: Sendable {
      case plain(FileKind)
      /// One file, packed by itself.
      case packed(FileKind, ArchiveForm)
      case archive(ArchiveForm)
    }

    let entry: Snapshot.Entry
    let content: Content
  }

  private(set) var files: [Ledger.File]
  /// With their places in `files`.
  let readable: [(Int, Readable)]
  let rules: ReadingRules
  private let selection: FileSelection
  /// Of the snapshot, where it has archives; a member's must be none of them.
  private let paths: Set<[UInt8]>

  /// `patterns` nil: every file is selected.
  init(_ snapshot: Snapshot, patterns: [String]?, _ rules: ReadingRules = .standard) throws(CurationError) {
    self.rules = rules
    selection = FileSelection(patterns)
    var files: [Ledger.File] = []
    var readable: [(Int, Readable)] = []
    for entry in snapshot.entries {
      if let last = files.last, last.path.utf8.elementsEqual(entry.path.utf8) { throw .repeatedPath(entry.path) }
      let (fate, content) = Listing.plan(for: entry.path, selection, rules)
      if let content { readable.append((files.count, Readable(entry: entry, content: content))) }
      files.append(Ledger.File(path: entry.path, byteCount: entry.byteCount, digest: entry.digest, fate: fate))
    }
    self.files = files
    self.readable = readable
    let hasArchives = readable.contains { if case .archive = $0.1.content { true } else { false } }
    paths = hasArchives ? Set(files.map { Array($0.path.utf8) }) : []
  }

  private static func plan(for path: String, _ selection: FileSelection, _ rules: ReadingRules) -> (Ledger.FileFate, Readable.Content?) {
    guard let form = ArchiveForm(path: path) else {
      guard selection.names(path) else { return (.notSelected, nil) }
      return (rules.kind(of: path) ?? FileKind(path: path)).map { (.read($0, records: 0), .plain($0)) } ?? (.unknownKind, nil)
    }
    guard form.layout == .single else {
      return selection.opens(archive: path) ? (.opened(members: 0), .archive(form)) : (.notSelected, nil)
    }
    guard selection.names(path) else { return (.notSelected, nil) }
    if ArchiveForm(path: form.innerName) != nil { return (.refused(.nestedArchive), nil) }
    return (rules.kind(of: path) ?? FileKind(path: form.innerName)).map { (.read($0, records: 0), .packed($0, form)) } ?? (.unknownKind, nil)
  }

  /// How many files there are of each suffix.
  var kinds: [String: Int] { Dictionary(files.map { (FileKind.suffix(of: $0.path), 1) }, uniquingKeysWith: +) }

  var hasReadFiles: Bool { readFileCount > 0 }

  var readFileCount: Int { files.count { if case .read = $0.fate { true } else { false } } }

  var recordsRead: Int {
    files.reduce(0) { sum, file in
      guard case .read(_, let records) = file.fate else { return sum }
      return sum + records
    }
  }

  /// Lists a member of the archive at `index`. Gives the place in `files` and the kind where its bytes are wanted.
  mutating func admit(_ member: ForeignArchive.Member, ofArchiveAt index: Int) throws(CurationError) -> (Int, FileKind)? {
    let archive = files[index]
    if case .opened(let members) = archive.fate { files[index] = archive.with(fate: .opened(members: members + 1)) }
    let path = archive.path + FileSelection.mark + member.name
    // A folder may be called like an archive with its mark. Then a place would name two things.
    guard !paths.contains(Array(path.utf8)) else { throw .repeatedPath(path) }
    var fate = Ledger.FileFate.unknownKind
    var kind: FileKind?
    if let fault = member.fault {
      fate = .refused(fault)
    } else if !selection.names(member: path, of: archive.path) {
      fate = .notSelected
    } else if let known = rules.kind(of: path) ?? FileKind(path: member.name) {
      fate = .read(known, records: 0)
      kind = known
    }
    files.append(Ledger.File(path: path, byteCount: member.declaredByteCount, digest: nil, fate: fate))
    return kind.map { (files.count - 1, $0) }
  }

  /// Notes what a member turned out to be.
  mutating func note(byteCount: Int, digest: Digest, of index: Int) {
    let file = files[index]
    files[index] = Ledger.File(path: file.path, byteCount: Int64(byteCount), digest: digest, fate: file.fate)
  }

  /// Notes what a file turned out to be when its bytes were there; a recipe's word is not asked about.
  mutating func settle(_ kind: FileKind, of index: Int, _ data: Data) -> FileKind {
    guard case .read(let named, let records) = files[index].fate, rules.kind(of: files[index].path) == nil else { return kind }
    let found = FilePart.kind(of: data, namedAs: kind)
    if found != named { files[index] = files[index].with(fate: .read(found, records: records)) }
    return found
  }

  /// What a file that is read turned out to be.
  func kind(of index: Int) -> FileKind? { if case .read(let kind, _) = files[index].fate { kind } else { nil } }

  /// Notes what a file turned out to be when it was read by an earlier run.
  mutating func settle(as kind: FileKind, of index: Int) {
    if case .read(_, let records) = files[index].fate { files[index] = files[index].with(fate: .read(kind, records: records)) }
  }

  /// With what files turned out to be in earlier runs.
  func settled(by recalled: [StretchMemory.Recalled?], _ stretches: [Stretch]) -> Listing {
    var listing = self
    for (known, stretch) in zip(recalled, stretches) {
      guard let known else { continue }
      for (place, kind) in zip(stretch.files, known.record.kinds) { listing.settle(as: kind, of: readable[place].0) }
    }
    return listing
  }

  /// Adds records that were read from a part of a file.
  mutating func count(_ records: Int, of index: Int) {
    guard case .read(let kind, let before) = files[index].fate else { return }
    files[index] = files[index].with(fate: .read(kind, records: before + records))
  }

  /// Whether the file at one place stands before that at another: by path, and where a member of an archive is called like a faulted one, as
  /// they were listed.
  func precedes(_ left: Int, _ right: Int) -> Bool {
    let (first, second) = (files[left].path.utf8, files[right].path.utf8)
    return first.elementsEqual(second) ? left < right : first.lexicographicallyPrecedes(second)
  }

  /// Puts members beside their archives. Places in `files` are no longer good after it.
  mutating func sort() { files = files.indices.sorted(by: precedes).map { files[$0] } }
}

extension Ledger.File {
  fileprivate func with(fate: Ledger.FileFate) -> Ledger.File {
    Ledger.File(path: path, byteCount: byteCount, digest: digest, fate: fate)
  }
}
