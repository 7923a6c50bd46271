internal import Foundation

/// Lines that fit where they are shown.
enum Wrapping {
  /// What a table is made for, wherever it is shown.
  static let tableWidth = 80

  /// The columns of standard output. What is not a terminal gets no line broken: programs read lines.
  static var outputWidth: Int {
    guard isatty(STDOUT_FILENO) == 1 else { return .max }
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col >= 40 ? Int(size.ws_col) : 80
  }

  /// `lead` and then the parts, with `mark` behind all but the last and `gap` between them; a part that would pass the width begins a line of its
  /// own, under the first part.
  static func lines(_ lead: String, _ parts: [String], mark: String = ",", gap: String = " ", width: Int) -> [String] {
    var lines: [String] = []
    var line = lead
    for (index, part) in parts.enumerated() {
      let part = index + 1 < parts.count ? part + mark : part
      if index > 0, line.count + gap.count + part.count > width {
        lines.append(line)
        line = String(repeating: " ", count: lead.count) + part
      } else {
        line += (index == 0 ? "" : gap) + part
      }
    }
    return lines + [line]
  }

  /// A paragraph, two columns in, within a table's width. A word that is wider stays whole.
  static func paragraph(_ text: String) -> [String] {
    lines("  ", text.split(separator: " ").map(String.init), mark: "", width: tableWidth)
  }
}
