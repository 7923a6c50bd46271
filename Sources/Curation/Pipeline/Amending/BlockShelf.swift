internal import Artifacts
internal import Foundation

/// What was found in blocks, as it is remembered, each fetched when it is first asked for.
final class BlockShelf {
  private let desk: RecallDesk
  private var blocks: [Digest: Assessment] = [:]

  init(_ desk: RecallDesk) { self.desk = desk }

  /// What was found by this run, with its texts.
  func put(_ assessment: Assessment, _ key: Digest) { blocks[key] = assessment }

  /// A block that is not remembered any more is a miss.
  func block(_ key: Digest, _ parts: ArraySlice<Assessment.Part>) throws(RecallMiss) -> Assessment {
    if let known = blocks[key] { return known }
    guard let value = desk.values([key])[0] else { throw RecallMiss() }
    let block = try Assessment(number: 0, key: key, parts: Array(parts), remembered: value)
    blocks[key] = block
    return block
  }
}
