internal import Artifacts
internal import CCLD2

/// Finds the languages of a record, by Compact Language Detector 2. The one owner of that library: no C type leaves this file.
///
/// CLD2 is a function of the text alone: its tables are constants, and it keeps nothing between two calls. Its time is linear in the text, at
/// most some 350 ns a byte for what is made to be slow, which is why a text is only looked at so far.
struct LanguageDetector {
  /// Of a record's contents together; a language does not need more to be known.
  static let longestTextInBytes = 32 << 10

  struct Languages: Equatable {
    struct Share: Equatable {
      let code: String
      let percent: Int
    }

    /// The largest first.
    let shares: [Share]
    let isReliable: Bool

    var reading: LanguageReading {
      guard let first = shares.first else { return LanguageReading(code: LanguageReading.undetermined, percent: 0, isReliable: false) }
      return LanguageReading(code: first.code, percent: first.percent, isReliable: isReliable)
    }

    /// How much of the letters is of these languages, in percent. `zh` means `zh-Hant` too.
    func percent(of codes: Set<String>) -> Int {
      let known = shares.filter { codes.contains($0.code) || codes.contains(String($0.code.prefix { $0 != "-" })) }
      return min(100, known.reduce(0) { $0 + $1.percent })
    }
  }

  /// Of what was said: the system turn says how to answer, often in another language.
  static func languages(of content: DatasetRecord.Content) -> Languages {
    var text: [CChar] = []
    for part in content.spoken where text.count < longestTextInBytes { append(part, to: &text) }
    return languages(of: &text)
  }

  /// As much as there is room for, cut between two characters.
  private static func append(_ part: String, to text: inout [CChar]) {
    if !text.isEmpty { text.append(CChar(UInt8(ascii: "\n"))) }
    var part = part
    part.withUTF8 { utf8 in
      var count = min(utf8.count, max(0, longestTextInBytes - text.count))
      while count > 0, count < utf8.count, utf8[count] & 0xC0 == 0x80 { count -= 1 }
      text.append(contentsOf: utf8[..<count].lazy.map { CChar(bitPattern: $0) })
    }
  }

  private static func languages(of text: inout [CChar]) -> Languages {
    let count = text.count
    text.append(contentsOf: repeatElement(0, count: Int(CCLD2_PADDING)))
    var result = ccld2_result()
    text.withUnsafeMutableBufferPointer { ccld2_detect($0.baseAddress, count, &result) }
    let shares = withUnsafeBytes(of: result.shares) { Array($0.bindMemory(to: ccld2_share.self).prefix(Int(result.count))) }
    return Languages(
      shares: shares.map { Languages.Share(code: String(cString: $0.code), percent: Int($0.percent)) }, isReliable: result.is_reliable)
  }
}
