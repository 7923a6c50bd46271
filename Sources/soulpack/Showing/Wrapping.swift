internal import Foundation

/// Lines that fit where they are shown.
enum Wrapping {
  /// The columns of standard output. What is not a terminal gets no line broken: programs read lines.
  static var outputWidth: Int {
    guard isatty(STDOUT_FILENO) == 1 else { return .max }
    var size = winsize()
    return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col >= 40 ? Int(size.ws_col) : 80
  }

  /// `lead` and then the parts, joined by `separator`; a part that would pass the width begins a line of its own, under the first part.
  static func lines(_ lead: String, _ parts: [String], separator: String = ", ", width: Int) -> [String] {
    var lines: [String] = []
    var line = lead
    var isEmpty = true
    for (index, part) in parts.enumerated() {
      let part = index + 1 < parts.count ? part + separator.trimmingSuffix(" ") : part
      if !isEmpty, line.count + 1 + part.count > width {
        lines.append(line)
        line = String(repeating: " ", count: lead.count) + part
      } else {
        line += (isEmpty ? "" : separator.hasSuffix(" ") ? " " : "") + part
      }
      isEmpty = false
    }
    return lines + [line]
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> Substring { self[..<(lastIndex { $0 != character }.map { index(after: $0) } ?? startIndex)] }
}
