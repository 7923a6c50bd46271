/// The formats that curation reads, known by the end of a file's name in any letter case.
package enum FileKind: String, CaseIterable, Hashable, Sendable {
  /// One record a line.
  case jsonLines = "jsonl"
  /// An array of records, an export, or a single record.
  case json
  /// Rows under named columns.
  case commaSeparated = "csv"
  case tabSeparated = "tsv"
  /// Prose, with or without front matter.
  case markdown
  /// Prose as it stands.
  case plainText = "text"
  /// A chat, or all chats, as Telegram exports them in JSON.
  case telegram
  /// A chat as WhatsApp exports it in text.
  case whatsApp = "whatsapp"

  package init?(path: String) {
    // What macOS puts beside a file, under its name, in archives and on foreign disks: no text, whatever its suffix.
    guard !FileKind.name(of: path).hasPrefix("._") else { return nil }
    switch FileKind.suffix(of: path) {
    case "jsonl", "ndjson": self = .jsonLines
    case "json": self = .json
    case "csv": self = .commaSeparated
    case "tsv", "tab": self = .tabSeparated
    case "md", "markdown": self = .markdown
    case "txt", "text": self = .plainText
    default: return nil
    }
  }

  /// Every place of a record names its first line, and a question about a later line of it means it too. Elsewhere a record is asked for by the
  /// one number that it has.
  var hasRecordsOfManyLines: Bool {
    switch self {
    case .jsonLines, .json: false
    case .commaSeparated, .tabSeparated, .markdown, .plainText, .telegram, .whatsApp: true
    }
  }

  /// What follows the last dot of the name, in lower case; empty where there is no dot, or only a leading one.
  static func suffix(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  private static func name(of path: String) -> Substring { path.split(separator: "/").last ?? "" }
}
