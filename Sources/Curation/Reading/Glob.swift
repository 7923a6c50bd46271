/// A pattern over the paths of a snapshot: `*` and `?` stay within one part of a path, `**` as a whole part stands for any number of parts.
///
/// Everything else is itself, byte for byte; there are no classes, no braces and no escapes, so a pattern has one reading.
package struct Glob: Hashable, Sendable {
  package let pattern: String
  private let parts: [[Unicode.Scalar]]

  package init(_ pattern: String) {
    self.pattern = pattern
    parts = Glob.parts(of: pattern)
  }

  package func matches(_ path: String) -> Bool {
    Glob.match(parts[...], Glob.parts(of: path)[...], star: Self.anyParts) { pattern, part in
      Glob.match(pattern[...], part[...], star: "*") { $0 == "?" || $0 == $1 }
    }
  }

  private static let anyParts: [Unicode.Scalar] = ["*", "*"]

  private static func parts(of text: String) -> [[Unicode.Scalar]] {
    text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(Array.init)
  }

  /// Matches a sequence in which `star` stands for any run of elements. It goes back to the last star only, which is enough, so that no
  /// pattern takes more than length × length steps.
  private static func match<Element: Equatable>(
    _ pattern: ArraySlice<Element>, _ text: ArraySlice<Element>, star: Element, accepts: (Element, Element) -> Bool
  ) -> Bool {
    var at = pattern.startIndex
    var position = text.startIndex
    var retry: (at: Int, position: Int)?
    while position < text.endIndex {
      if at < pattern.endIndex, pattern[at] == star {
        retry = (at + 1, position)
        at += 1
      } else if at < pattern.endIndex, accepts(pattern[at], text[position]) {
        at += 1
        position += 1
      } else if let last = retry {
        retry = (last.at, last.position + 1)
        (at, position) = (last.at, last.position + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == star }
  }
}
