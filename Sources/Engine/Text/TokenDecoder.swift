/// Tokens to text, one at a time as a model says them: what `append` and `finish` give is, put together, what `Tokenizer.decode` gives for all of them.
///
/// Text comes as soon as it is certain: bytes that do not make a whole character yet are kept. Bytes that `byte_fallback` spelt are kept until something
/// else follows, since the judge reads a run of them as one: a run that is no UTF-8 becomes as many U+FFFD as it has bytes.
package struct TokenDecoder: Sendable {
  private let tokenizer: Tokenizer
  /// Of byte-level tokens: the beginning of a character. Else: the run of bytes.
  private var pending: [UInt8] = []
  /// Whether a space that comes next is to be left out.
  private var stripsSpace: Bool

  /// `isContinued` says that text stands before this, so that its beginning is none.
  package init(_ tokenizer: Tokenizer, isContinued: Bool = false) {
    self.tokenizer = tokenizer
    stripsSpace = !isContinued && tokenizer.metaspace?.stripsWhenDecoding == true
  }

  /// The text that has become certain with a token. An id without a token stands for nothing.
  package mutating func append(_ id: Int32) -> String {
    guard let spelling = tokenizer.spelling(of: id) else { return "" }
    guard tokenizer.metaspace != nil else { return appendBytes(spelling) }
    if let byte = tokenizer.fallbackByte(of: id) {
      pending.append(byte)
      return ""
    }
    return stripped(takeRun() + String(decoding: spelling, as: UTF8.self))
  }

  /// What is left at the end.
  package mutating func finish() -> String {
    guard tokenizer.metaspace == nil else { return stripped(takeRun()) }
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  private mutating func appendBytes(_ bytes: [UInt8]) -> String {
    pending += bytes
    let whole = pending.count - pending.unfinishedCharacterLength
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  private mutating func takeRun() -> String {
    defer { pending = [] }
    return String(validating: pending, as: UTF8.self) ?? String(repeating: "\u{FFFD}", count: pending.count)
  }

  private mutating func stripped(_ text: String) -> String {
    guard stripsSpace, !text.isEmpty else { return text }
    stripsSpace = false
    // Unicode's scalars: a space with a combining mark is one of Swift's characters.
    return text.unicodeScalars.first == " " ? String(text.unicodeScalars.dropFirst()) : text
  }
}

extension [UInt8] {
  /// How many bytes at the end begin a character of UTF-8 that is not whole yet (Unicode 16.0, table 3-7).
  fileprivate var unfinishedCharacterLength: Int {
    for (index, byte) in reversed().prefix(3).enumerated() where byte & 0xC0 != 0x80 {
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > index + 1 ? index + 1 : 0
    }
    return 0
  }
}
