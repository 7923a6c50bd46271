internal import Artifacts

/// Where the shards of a dataset end: after one record in about a thousand, chosen by its id; sooner only where they become large.
struct ShardCutter {
  private static let mask: UInt64 = 1_023
  /// A shard that has reached this many bytes is closed.
  static let mostBytes = 8 << 20

  private var byteCount = 0

  /// Whether a shard ends after a record of this id, whose line has so many bytes. Records of one id are not parted.
  mutating func ends(after id: Digest, byteCount count: Int, next: Digest?) -> Bool {
    byteCount += count
    guard id != next, next == nil || id.words.w & Self.mask == 0 || byteCount >= Self.mostBytes else { return false }
    byteCount = 0
    return true
  }
}
