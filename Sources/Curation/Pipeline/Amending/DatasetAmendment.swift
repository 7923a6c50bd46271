internal import Artifacts
internal import Foundation

/// Takes lines out of a dataset's shards and puts others in. Shards in which neither happens are not opened.
struct DatasetAmendment {
  /// A line that comes, without its conversation key, or the line of the same content that goes, where that has its text.
  struct Addition {
    let line: CurationView.DatasetLine
    let text: () throws -> [UInt8]
  }

  let shelf: Shelf
  let load: StoredDataset.Load

  private struct Line {
    let id: Digest
    let conversation: ConversationKey?
    /// Of the content alone, which shards are cut by.
    let byteCount: Int
    let bytes: [UInt8]
  }

  func amend(_ shards: [CurationOutline.Shard], removing: [CurationView.DatasetLine], adding: [Addition]) throws -> [CurationOutline.Shard] {
    guard !removing.isEmpty || !adding.isEmpty else { return shards }
    guard !shards.isEmpty else { throw RecallMiss() }
    var changes: [Int: (removing: [CurationView.DatasetLine], adding: [Addition])] = [:]
    for line in removing { changes[number(of: line.id, shards), default: ([], [])].removing.append(line) }
    for addition in adding { changes[number(of: addition.line.id, shards), default: ([], [])].adding.append(addition) }
    var amended: [CurationOutline.Shard] = []
    var number = 0
    while number < shards.count {
      guard changes[number] != nil else {
        amended.append(shards[number])
        number += 1
        continue
      }
      number = try amend(shards, from: number, changes, into: &amended)
    }
    return amended
  }

  /// Records of one id stand together, in the last shard whose first is not behind them.
  private func number(of id: Digest, _ shards: [CurationOutline.Shard]) -> Int { max(0, shards.partitionPoint { $0.first > id } - 1) }

  /// Cuts anew from one shard on, to where an old end is an end again. Gives the number of the shard after that.
  private func amend(
    _ shards: [CurationOutline.Shard], from first: Int, _ changes: [Int: (removing: [CurationView.DatasetLine], adding: [Addition])],
    into amended: inout [CurationOutline.Shard]
  ) throws -> Int {
    var number = first
    var open: [Line] = []
    repeat {
      var lines = open + (try self.lines(of: shards[number].shard))
      let change = changes[number] ?? ([], [])
      for line in change.removing {
        guard let place = lines.firstIndex(where: { $0.id == line.id && $0.conversation == line.conversation }) else { throw RecallMiss() }
        lines.remove(at: place)
      }
      for addition in change.adding { try insert(addition, into: &lines) }
      number += 1
      // Whether two ids are the same is all that is asked of it, and those of one id stand in one shard.
      let next = number < shards.count ? shards[number].first : nil
      open = try cut(lines, next: next, isLast: number == shards.count, into: &amended)
    } while !open.isEmpty && number < shards.count
    return number
  }

  /// Gives what is left open.
  private func cut(_ lines: [Line], next: Digest?, isLast: Bool, into amended: inout [CurationOutline.Shard]) throws -> [Line] {
    var cutter = ShardCutter()
    var start = 0
    for (index, line) in lines.enumerated() {
      let following = index + 1 < lines.count ? lines[index + 1].id : next
      guard cutter.ends(after: line.id, byteCount: line.byteCount + 1, next: following) else { continue }
      let own = lines[start...index]
      var bytes: [UInt8] = []
      bytes.reserveCapacity(own.reduce(0) { $0 + $1.bytes.count })
      for line in own { bytes.append(contentsOf: line.bytes) }
      let shard = StoredDataset.Shard(recordCount: own.count, byteCount: bytes.count, digest: try shelf.put(Data(bytes)))
      amended.append(CurationOutline.Shard(first: lines[start].id, shard: shard))
      start = index + 1
    }
    guard start == lines.count || !isLast else { throw RecallMiss() }
    return Array(lines[start...])
  }

  private func lines(of shard: StoredDataset.Shard) throws -> [Line] {
    // A shard that is gone is not amended.
    guard let data = try? load(shard.digest), data.count == shard.byteCount else { throw RecallMiss() }
    return try data.withUnsafeBytes { bytes in
      try bytes.split(separator: UInt8(ascii: "\n")).map { slice in
        let line = UnsafeRawBufferPointer(rebasing: slice)
        guard let found = RecordLine.parts(of: line) else { throw RecallMiss() }
        let key = found.conversation.map(ConversationKey.init)
        return Line(id: found.id.digest, conversation: key, byteCount: found.byteCount, bytes: Array(line) + [UInt8(ascii: "\n")])
      }
    }
  }

  /// By id; those of one id by the bytes of the line.
  private func insert(_ addition: Addition, into lines: inout [Line]) throws {
    let text = try addition.text()
    var bytes: [UInt8] = []
    text.withUnsafeBytes { RecordLine.append($0, conversation: addition.line.conversation?.text, license: nil, to: &bytes) }
    let line = Line(id: addition.line.id, conversation: addition.line.conversation, byteCount: text.count, bytes: bytes)
    let place = lines.partitionPoint { other in
      other.id == line.id ? !other.bytes.lexicographicallyPrecedes(line.bytes) : line.id < other.id
    }
    lines.insert(line, at: place)
  }
}
