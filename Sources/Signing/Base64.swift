package import Foundation

extension Data {
  /// Reads base64 that is exactly what `base64EncodedString()` writes: standard alphabet, padding, no white space, and no bits set in the
  /// unused part of the last character (RFC 4648, section 3.5), so that no two texts mean the same bytes.
  package init?(strictBase64 text: String) {
    guard let data = Data(base64Encoded: text), Array(data.base64EncodedString().utf8) == Array(text.utf8) else { return nil }
    self = data
  }
}
