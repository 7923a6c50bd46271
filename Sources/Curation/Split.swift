package import Artifacts
internal import Foundation
internal import Hashing

/// How a dataset is parted: the parameters of the `split` action.
package struct SplitParameters: Hashable, Sendable {
  /// Shares in parts per million of all conversations.
  package let validationPPM: Int
  package let holdoutPPM: Int
  /// Another salt gives another split.
  package let salt: String

  package static let millionPPM = 1_000_000

  package init(validationPPM: Int, holdoutPPM: Int, salt: String) {
    self.validationPPM = validationPPM
    self.holdoutPPM = holdoutPPM
    self.salt = salt
  }

  /// Reads `{"by":"conversation","holdout-ppm":100000,"salt":"…","validation-ppm":100000}`.
  package init(_ value: JSONValue) throws(ParameterError) {
    var reader = try ParameterReader(value, at: "")
    _ = try reader.word("by", ["conversation"], default: "conversation")
    validationPPM = try reader.integer("validation-ppm", in: 0...Self.millionPPM)
    holdoutPPM = try reader.integer("holdout-ppm", in: 0...Self.millionPPM)
    guard let salt = reader.take("salt")?.string else { throw reader.error("salt", "must be a string") }
    self.salt = salt
    guard validationPPM + holdoutPPM <= Self.millionPPM else { throw reader.error("validation-ppm", "and holdout-ppm are more than the whole") }
    try reader.finish()
  }
}

/// A dataset in three parts. A conversation is on one side as a whole, and which side depends on its key and the parameters alone: records
/// that come or go move no other.
package struct Split: Sendable {
  package let parts: [Partition: StoredDataset]
  package let conversations: [Partition: Int]

  package subscript(part: Partition) -> StoredDataset {
    guard let dataset = parts[part] else { preconditionFailure("a split has every part") }
    return dataset
  }

  /// Goes through the dataset shard by shard, some at a time. The shards of the parts are put on `shelf`; `get` gives them back.
  package init(
    _ dataset: StoredDataset, _ parameters: SplitParameters, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount, shelf: Shelf,
    get: @escaping StoredDataset.Load
  ) async throws {
    guard dataset.count > 0 else { throw SplitError.emptyDataset }
    let workers = Workers(concurrency: concurrency)
    var writers = Dictionary(uniqueKeysWithValues: Partition.allCases.map { ($0, PartWriter()) })
    var positions: [Digest: Int] = [:]
    for start in stride(from: 0, to: dataset.shards.count, by: Self.shardsAtOnce) {
      let shards = Array(dataset.shards[start..<min(start + Self.shardsAtOnce, dataset.shards.count)])
      let placed = try await workers.map(shards) { try PlacedShard(try dataset.bytes(of: $0), parameters) }
      for shard in placed {
        for (row, position) in zip(shard.rows, shard.positionsPPM) {
          positions[row.key] = position
          writers[Split.side(at: position, parameters)]?.append(row, of: shard.bytes)
        }
      }
      for side in Partition.allCases { try await writers[side]?.put(on: shelf, workers) }
    }
    for side in Partition.allCases { try await writers[side]?.finish(on: shelf, workers) }
    parts = writers.mapValues { StoredDataset(shards: $0.shards, load: get) }
    for part in [Partition.holdout, .train] where parts[part]?.count == 0 {
      throw SplitError.emptyPart(part, Shortfall(Array(positions.values), parameters, part))
    }
    conversations = Dictionary(positions.values.map { (Split.side(at: $0, parameters), 1) }, uniquingKeysWith: +)
  }

  /// Read at one time; the least that lets many cores be at work.
  private static let shardsAtOnce = 16

  // MARK: - The formula

  /// HMAC-SHA-256 under the salt. The line before the key keeps a conversation that is called like an id apart from that record.
  static func digest(of id: RecordID, conversation: String?, salt: String) -> Digest {
    let key = conversation.map { "conversation\n" + $0 } ?? "record\n" + id.description
    return Digest(authenticating: Data(("soulpack.split/1\n" + key).utf8), key: Data(salt.utf8))
  }

  /// ⌊h · 10⁶ / 2⁶⁴⌋, where h is the first eight bytes, most significant first.
  static func positionPPM(of digest: Digest) -> Int {
    let hash = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(hash.multipliedFullWidth(by: UInt64(SplitParameters.millionPPM)).high)
  }

  /// The holdout lies first, so that a change of the validation share takes nothing from it and brings nothing to it.
  static func side(at positionPPM: Int, _ parameters: SplitParameters) -> Partition {
    if positionPPM < parameters.holdoutPPM { return .holdout }
    return positionPPM < parameters.holdoutPPM + parameters.validationPPM ? .validation : .train
  }
}

/// The lines of a shard, each with the side that it falls on.
private struct PlacedShard: Sendable {
  struct Row: Sendable {
    let id: RecordID
    /// What the line is placed by.
    let key: Digest
    /// Of the line within the shard, with its line feed.
    let byteRange: Range<Int>
  }

  let bytes: Data
  private(set) var rows: [Row] = []
  private(set) var positionsPPM: [Int] = []

  init(_ bytes: Data, _ parameters: SplitParameters) throws {
    self.bytes = bytes
    try bytes.withUnsafeBytes { buffer in
      var start = 0
      while start < buffer.count {
        guard let feed = buffer[start...].firstIndex(of: UInt8(ascii: "\n")),
          let (id, conversation) = RecordLine.identity(of: UnsafeRawBufferPointer(rebasing: buffer[start..<feed]))
        else { throw CurationError.malformedDataset(line: rows.count + 1, problem: "is not a record") }
        let key = Split.digest(of: id, conversation: conversation, salt: parameters.salt)
        rows.append(Row(id: id, key: key, byteRange: start..<feed + 1))
        positionsPPM.append(Split.positionPPM(of: key))
        start = feed + 1
      }
    }
  }
}

/// Strings the lines of one part together, and cuts them into shards of its own: what it holds does not depend on what the others do.
private struct PartWriter {
  private(set) var shards: [StoredDataset.Shard] = []
  private var cutter = ShardCutter()
  private var bytes = Data()
  private var recordCount = 0
  /// The last record, of which it is not known yet whether a shard ends after it.
  private var last: (id: Digest, byteCount: Int)?
  private var full: [(bytes: Data, recordCount: Int)] = []

  mutating func append(_ row: PlacedShard.Row, of shard: Data) {
    close(before: row.id.digest)
    bytes.append(shard[shard.startIndex + row.byteRange.lowerBound..<shard.startIndex + row.byteRange.upperBound])
    recordCount += 1
    last = (row.id.digest, row.byteRange.count)
  }

  private mutating func close(before next: Digest?) {
    guard let last, cutter.ends(after: last.id, byteCount: last.byteCount, next: next) else { return }
    full.append((bytes, recordCount))
    (bytes, recordCount, self.last) = (Data(), 0, nil)
  }

  mutating func put(on shelf: Shelf, _ workers: Workers) async throws {
    shards += try await workers.map(full) {
      StoredDataset.Shard(recordCount: $0.recordCount, byteCount: $0.bytes.count, digest: try shelf.put($0.bytes))
    }
    full = []
  }

  mutating func finish(on shelf: Shelf, _ workers: Workers) async throws {
    close(before: nil)
    try await put(on: shelf, workers)
  }
}

/// A part that got nothing, and the share that would have been enough.
package struct Shortfall: Hashable, Sendable {
  package let conversations: Int
  package let sharePPM: Int
  /// The least holdout share that puts a conversation into the holdout; or the most that holdout and validation may take together so that
  /// one is left for training. Nil where there is none.
  package let sufficientPPM: Int?

  init(_ positions: [Int], _ parameters: SplitParameters, _ part: Partition) {
    conversations = positions.count
    if part == .holdout {
      sharePPM = parameters.holdoutPPM
      sufficientPPM = positions.min().map { $0 + 1 }
    } else {
      sharePPM = SplitParameters.millionPPM - parameters.holdoutPPM - parameters.validationPPM
      sufficientPPM = positions.max()
    }
  }
}

package enum SplitError: ExplainedError, Hashable {
  case emptyDataset
  case emptyPart(Partition, Shortfall)

  package var message: String {
    switch self {
    case .emptyDataset: "there is nothing to split: the dataset is empty"
    case .emptyPart(let part, let facts):
      "the \(part.rawValue) part is empty: none of \(facts.conversations) conversation\(facts.conversations == 1 ? "" : "s")"
        + " falls into a share of \(percent(facts.sharePPM))"
    }
  }

  package var hint: String? {
    guard case .emptyPart(let part, let facts) = self, let sufficient = facts.sufficientPPM else { return nil }
    guard facts.conversations > 1 else { return "a dataset of one conversation cannot be parted; add another, or key the records by conversation" }
    switch part {
    case .holdout: return "with this salt, a holdout of at least \(percent(sufficient)) holds one"
    default: return "with this salt, holdout and validation of at most \(percent(sufficient)) together leave one"
    }
  }

  /// Parts per million as a percentage, with no more digits than it has.
  private func percent(_ ppm: Int) -> String {
    let fraction = String(ppm % 10_000 + 10_000).dropFirst()
    let digits = fraction.reversed().drop { $0 == "0" }.reversed()
    return "\(ppm / 10_000)\(digits.isEmpty ? "" : "." + String(digits))%"
  }
}
