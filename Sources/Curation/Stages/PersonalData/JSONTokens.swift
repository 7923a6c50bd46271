internal import Artifacts
internal import Foundation

/// The strings of a JSON text (RFC 8259), keys among them, and its whole numbers, each with its place: whoever writes one of them anew leaves
/// the spelling of all else as it is, repeated keys and large numbers too.
struct JSONTokens {
  struct Token {
    /// In the text's UTF-8; of a string with its quotes.
    let byteRange: Range<Int>
    /// What a string says once its escapes are read; the digits of a number.
    let text: String
  }

  private(set) var tokens: [Token] = []

  /// Nil where the text is not JSON.
  init?(_ bytes: [UInt8]) {
    guard (try? JSONValue(parsing: Data(bytes))) != nil else { return nil }  // Why does not matter.
    var index = 0
    while index < bytes.count {
      let start = index
      if bytes[index] == UInt8(ascii: "\"") {
        index = JSONTokens.endOfString(bytes, from: index)
        tokens.append(Token(byteRange: start..<index, text: JSONTokens.string(bytes[start..<index])))
      } else if bytes[index].isDigit || bytes[index] == UInt8(ascii: "-") {
        while index < bytes.count, bytes[index].isDigit || "+-.eE".utf8.contains(bytes[index]) { index += 1 }
        let number = bytes[start..<index]
        if number.allSatisfy(\.isDigit) { tokens.append(Token(byteRange: start..<index, text: String(decoding: number, as: UTF8.self))) }
      } else {
        index += 1
      }
    }
  }

  private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
    var index = start + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
    return min(index + 1, bytes.count)
  }

  private static func string(_ quoted: ArraySlice<UInt8>) -> String {
    guard quoted.contains(UInt8(ascii: "\\")) else { return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self) }
    guard let text = (try? JSONValue(parsing: Data(quoted)))?.string else { preconditionFailure("a string of a text that is JSON is JSON") }
    return text
  }
}
