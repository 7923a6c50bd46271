internal import Artifacts
internal import Foundation
internal import Hashing

/// What the comparison of records left behind, for the next run to bring up to date by what came and what went.
struct NearMemory: Sendable {
  /// From how many records on a shingle is a template's.
  var limit = 0
  /// Of the contents that were compared, in ascending order.
  var ids: [HalfDigest] = []
  var sketch = ShingleSketch()
  /// The counters whose shingles were counted one by one, and what that came to.
  var suspects = SuspectSlots()
  var counts: [UInt64: Int] = [:]
  /// The keys of those that hold a template's shingles, by their places in `ids`; none where nothing else is left.
  var overrides: [UInt32: [UInt32]] = [:]
  /// What became of each cluster, by the name of its contents: for each merge the member and its keeper, by their ranks among the ids of the cluster,
  /// and the similarity.
  var clusters: [HalfDigest: [UInt32]] = [:]
  /// The keys of all stretches that were read.
  var stretches: [Digest] = []

  func isTemplate(_ shingle: UInt64) -> Bool { counts[shingle, default: 0] >= limit }

  var templates: Set<UInt64> { Set(counts.filter { $0.value >= limit }.keys) }
}

/// Half a SHA-256: enough to tell contents apart.
struct HalfDigest: Hashable, Comparable, Sendable {
  let x: UInt64
  let y: UInt64

  init(_ digest: Digest) { (x, y) = (digest.words.x, digest.words.y) }

  static func < (left: HalfDigest, right: HalfDigest) -> Bool { left.x == right.x ? left.y < right.y : left.x < right.x }

  func hash(into hasher: inout Hasher) { hasher.combine(x) }
}

extension NearMemory {
  var bytes: [UInt8] {
    var writer = RecallWriter()
    writer.number(limit)
    writer.array(ids)
    writer.array(sketch.counters)
    writer.array(suspects.words)
    writer.array(Array(counts.keys))
    writer.array(Array(counts.values))
    writer.array(Array(overrides.keys))
    writer.array(overrides.values.map { UInt32($0.count) })
    writer.array(overrides.values.flatMap { $0 })
    writer.array(Array(clusters.keys))
    writer.array(clusters.values.map { UInt32($0.count) })
    writer.array(clusters.values.flatMap { $0 })
    writer.array(stretches)
    return writer.bytes
  }

  init(_ data: Data) throws(RecallMiss) {
    var reader = RecallReader(data)
    limit = try reader.number()
    ids = try reader.array(of: HalfDigest.self)
    sketch = ShingleSketch(try reader.array(of: UInt16.self))
    suspects = SuspectSlots(try reader.array(of: UInt64.self))
    let shingles = try reader.array(of: UInt64.self)
    counts = Dictionary(uniqueKeysWithValues: zip(shingles, try reader.array(of: Int.self)))
    overrides = try NearMemory.lists(&reader)
    clusters = try NearMemory.lists(&reader)
    stretches = try reader.array(of: Digest.self)
  }

  private static func lists<Key: Hashable>(_ reader: inout RecallReader) throws(RecallMiss) -> [Key: [UInt32]] {
    let keys = try reader.array(of: Key.self)
    let counts = try reader.array(of: UInt32.self)
    var values = try reader.array(of: UInt32.self)[...]
    var lists: [Key: [UInt32]] = Dictionary(minimumCapacity: keys.count)
    for (key, count) in zip(keys, counts) {
      lists[key] = Array(values.prefix(Int(count)))
      values = values.dropFirst(Int(count))
    }
    return lists
  }
}
