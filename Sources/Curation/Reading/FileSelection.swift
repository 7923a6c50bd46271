/// Which files a recipe's patterns name. docs/curation.md, "What is read", is the contract.
struct FileSelection: Sendable {
  /// Nil: every file.
  private let globs: [Glob]?
  /// Those with `!/`, and what stands before it.
  private let inner: [(archive: Glob, member: Glob)]

  init(_ patterns: [String]?) {
    globs = patterns?.map(Glob.init)
    inner = (patterns ?? []).compactMap { pattern in
      guard let mark = pattern.firstRange(of: FileSelection.mark) else { return nil }
      return (Glob(String(pattern[..<mark.lowerBound])), Glob(pattern))
    }
  }

  /// Between an archive and its member.
  static let mark = "!/"

  func names(_ path: String) -> Bool { globs?.contains { $0.matches(path) } ?? true }

  /// True where the archive is named, or something in it is.
  func opens(archive path: String) -> Bool { names(path) || inner.contains { $0.archive.matches(path) } }

  /// `path` holds the archive's.
  func names(member path: String, of archive: String) -> Bool { names(archive) || inner.contains { $0.member.matches(path) } }
}
