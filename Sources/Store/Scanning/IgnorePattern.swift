/// One pattern of a `.soulpackignore`, with gitignore's meaning (gitignore(5), and git's dir.c and wildmatch.c, whose corner cases are kept:
/// a test holds us against `git check-ignore`).
///
/// Like git's it is about bytes: `?` stands for one byte, and letter case counts.
struct IgnorePattern: Sendable {
  /// It says that what it names is taken after all.
  let isNegated: Bool
  private let isForFoldersOnly: Bool
  /// Without a slash it is about names in any folder, else about the path from the file that holds it.
  private let isAboutNames: Bool
  /// What stands before the first special character is compared, and only the rest is matched.
  private let literal: [UInt8]
  private let rest: [UInt8]

  /// Nil for a blank line and a comment.
  init?(line: some Collection<UInt8>) {
    var bytes = Self.withoutTrailingSpaces(Array(line))[...]
    guard let first = bytes.first, first != UInt8(ascii: "#") else { return nil }
    isNegated = first == UInt8(ascii: "!")
    if isNegated { bytes = bytes.dropFirst() }
    isForFoldersOnly = bytes.last == slash
    if isForFoldersOnly { bytes = bytes.dropLast() }
    isAboutNames = !bytes.contains(slash)
    if bytes.first == slash { bytes = bytes.dropFirst() }
    let end = bytes.firstIndex(where: Self.isSpecial) ?? bytes.endIndex
    literal = Array(bytes[..<end])
    rest = Array(bytes[end...])
  }

  /// `path` is relative to the folder of the file that holds the pattern; `isFolder` is asked only where it matters.
  func matches(path: ArraySlice<UInt8>, isFolder: () -> Bool) -> Bool {
    let start = isAboutNames ? (path.lastIndex(of: slash).map { $0 + 1 } ?? path.startIndex) : path.startIndex
    let text = path[start...]
    guard text.starts(with: literal) else { return false }
    let tail = text.dropFirst(literal.count)
    guard rest.isEmpty ? tail.isEmpty : isMatch(tail) else { return false }
    return !isForFoldersOnly || isFolder()
  }

  private func isMatch(_ tail: ArraySlice<UInt8>) -> Bool {
    // git matches a name as a whole where any part of it is special.
    guard isAboutNames, !literal.isEmpty else { return Wildmatch.matches(rest, tail, slashesPart: !isAboutNames) }
    return Wildmatch.matches(literal + rest, literal + tail, slashesPart: false)
  }

  private static func isSpecial(_ byte: UInt8) -> Bool { "*?[\\".utf8.contains(byte) }

  /// Spaces at the end go, but for those behind a backslash.
  private static func withoutTrailingSpaces(_ line: [UInt8]) -> [UInt8] {
    var end = 0
    var index = 0
    while index < line.count {
      if line[index] == UInt8(ascii: " ") {
        index += 1
        continue
      }
      index += line[index] == UInt8(ascii: "\\") ? 2 : 1
      end = min(index, line.count)
    }
    return Array(line[..<end])
  }
}

private let slash = UInt8(ascii: "/")
