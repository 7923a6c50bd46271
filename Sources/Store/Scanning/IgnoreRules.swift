internal import Artifacts
internal import Foundation
internal import Glibc

/// What the `.soulpackignore` files from the scanned folder down to one of its folders say.
///
/// The last pattern that fits decides, and a file deeper down before one further up. What is in an ignored folder is never looked at, so
/// that nothing in it can be taken back (gitignore(5)). Files above the scanned folder have no say: its snapshot is a function of what is in it.
final class IgnoreRules: Sendable {
  static let fileName = ".soulpackignore"
  private static let byteLimit = 1 << 20

  private let patterns: [IgnorePattern]
  private let parent: IgnoreRules?
  /// How many bytes of a path from the root lead to the folder of this file, its slash included.
  private let prefixCount: Int

  private init(patterns: [IgnorePattern], parent: IgnoreRules?, prefixCount: Int) {
    self.patterns = patterns
    self.parent = parent
    self.prefixCount = prefixCount
  }

  /// What holds in a folder whose own file is at `place`. `path` is the folder's, from the root; the root's is empty.
  static func reading(_ place: String, folder path: String, parent: IgnoreRules?) throws -> IgnoreRules {
    let bytes: Data
    do {
      let file = try OpenFile(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      guard try file.status().kind == .regular else { throw ScanError.notAFile(path: place) }
      bytes = try file.read(atMost: byteLimit + 1)
    } catch StoreError.system(_, _, let code) {
      throw code == ENOENT ? ScanError.vanished(path: place) : ScanError.unreadable(path: place, code: code)
    }
    guard bytes.count <= byteLimit else { throw ScanError.ignoreFileTooLarge(path: place, limit: byteLimit) }
    return IgnoreRules(patterns: patterns(in: bytes), parent: parent, prefixCount: path.isEmpty ? 0 : path.utf8.count + 1)
  }

  static func patterns(in bytes: Data) -> [IgnorePattern] {
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
    return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      IgnorePattern(line: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
  }

  /// `path` is relative to the root.
  func ignores(path: [UInt8], isFolder: () -> Bool) -> Bool {
    var rules: IgnoreRules? = self
    while let current = rules {
      let relative = path[current.prefixCount...]
      if let last = current.patterns.last(where: { $0.matches(path: relative, isFolder: isFolder) }) { return !last.isNegated }
      rules = current.parent
    }
    return false
  }
}
