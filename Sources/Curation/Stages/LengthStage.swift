internal import Artifacts

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
    return .pass(measured: Double(count))
  }

  static func characters(of content: DatasetRecord.Content) -> Int {
    switch content {
    case .text(let text): text.unicodeScalars.count
    case .messages(let messages): messages.reduce(0) { $0 + $1.content.unicodeScalars.count }
    }
  }
}
