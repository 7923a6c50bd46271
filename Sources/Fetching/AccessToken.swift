internal import Foundation

/// A user's secret for a hub. It has no words: whatever shows it shows a mark. One function alone gives it away, to one origin.
package struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
  private let text: String
  private let audience: Origin

  /// Nil where the text can be no token: a line break in it would be a header of its own.
  package init?(_ text: String, for audience: Origin) {
    guard !text.isEmpty, text.utf8.count <= 4096, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    (self.text, self.audience) = (text, audience)
  }

  /// `Authorization: Bearer …` (RFC 6750, section 2.1) for a request to the origin that it is for; nil for every other.
  package func header(for origin: Origin) -> String? {
    origin == audience && origin.mayBeAsked ? "Authorization: Bearer \(text)" : nil
  }

  package var description: String { "(secret)" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
