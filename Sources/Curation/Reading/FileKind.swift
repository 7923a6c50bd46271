/// The formats that curation reads, known by the end of a file's name in any letter case.
package enum FileKind: String, CaseIterable, Hashable, Sendable {
  /// JSON Lines of `messages` or `text`.
  case jsonLines = "jsonl"
  /// Prose, with or without front matter.
  case markdown

  package init?(path: String) {
    switch FileKind.suffix(of: path) {
    case "jsonl", "ndjson": self = .jsonLines
    case "md", "markdown": self = .markdown
    default: return nil
    }
  }

  /// What follows the last dot of the name, in lower case; empty where there is no dot, or only a leading one.
  static func suffix(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }
}
