package import Artifacts

/// Bounds on the characters (Unicode code points) of a record, over all its contents. Code points, because their number does not depend on
/// a version of Unicode, as that of grapheme clusters does.
struct LengthStage: RecordStage {
  let name = StageName.length
  let minimumInCharacters: Int
  let maximumInCharacters: Int

  func judge(_ record: DatasetRecord) -> Verdict {
    let count = LengthStage.characters(of: record.content)
    if count < minimumInCharacters { return .drop(.tooShort, measured: Double(count), threshold: Double(minimumInCharacters)) }
    if count > maximumInCharacters { return .drop(.tooLong, measured: Double(count), threshold: Double(maximumInCharacters)) }
    return Verdict(decision: .pass, measured: Double(count))
  }

  static func characters(of content: DatasetRecord.Content) -> Int {
    var count = 0
    content.forEachText { part, text in
      if part != .definition { count += characters(of: text) }
    }
    return count
  }

  static func characters(of text: String) -> Int {
    var text = text
    return text.withUTF8(\.characterCount)
  }
}

extension DatasetRecord.Content {
  /// As the stage counts them.
  package var characterCount: Int { LengthStage.characters(of: self) }
}

extension UnsafeBufferPointer<UInt8> {
  /// Of UTF-8, the bytes that begin a character: all but 0x80–0xBF, which are those below −64 with a sign.
  var characterCount: Int {
    var following = 0
    for byte in self { following &+= Int8(bitPattern: byte) < -64 ? 1 : 0 }
    return count - following
  }
}
