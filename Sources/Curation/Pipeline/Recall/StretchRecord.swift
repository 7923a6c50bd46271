internal import Artifacts
internal import Foundation

/// What is remembered of a stretch: its files, what they turned out to be, and by which keys what was found in them is remembered, block by block.
struct StretchRecord: Sendable {
  struct Block: Sendable {
    let key: Digest
    /// Their files by their places in the stretch.
    let parts: [Assessment.Part]
  }

  let entries: [Snapshot.Entry]
  let kinds: [FileKind]
  let blocks: [Block]

  init(entries: [Snapshot.Entry], kinds: [FileKind], blocks: [Block]) { (self.entries, self.kinds, self.blocks) = (entries, kinds, blocks) }

  var bytes: [UInt8] {
    var writer = RecallWriter()
    writer.number(entries.count)
    for (entry, kind) in zip(entries, kinds) {
      writer.text(entry.path)
      writer.number(Int(entry.byteCount))
      writer.digest(entry.digest)
      writer.text(kind.rawValue)
    }
    writer.number(blocks.count)
    for block in blocks {
      writer.digest(block.key)
      writer.array(block.parts)
    }
    return writer.bytes
  }

  init(_ data: Data) throws(RecallMiss) {
    var reader = RecallReader(data)
    var (entries, kinds, blocks): ([Snapshot.Entry], [FileKind], [Block]) = ([], [], [])
    for _ in 0..<max(0, try reader.number()) {
      entries.append(Snapshot.Entry(path: try reader.text(), byteCount: Int64(try reader.number()), digest: try reader.digest()))
      guard let kind = FileKind(rawValue: try reader.text()) else { throw RecallMiss() }
      kinds.append(kind)
    }
    for _ in 0..<max(0, try reader.number()) {
      blocks.append(Block(key: try reader.digest(), parts: try reader.array(of: Assessment.Part.self)))
    }
    self.init(entries: entries, kinds: kinds, blocks: blocks)
  }
}

// MARK: - Blocks

extension Assessment {
  /// What is remembered of it: all but where its parts stand, which is the file's to say.
  var rememberedBytes: [UInt8] {
    var writer = RecallWriter()
    writer.array(parts.map(\.recordCount))
    writer.array(rows)
    writer.array(details)
    writer.array(keys)
    writer.number(terms.expressions.count)
    for expression in terms.expressions { writer.text(expression) }
    return writer.bytes
  }

  /// Its texts are not laid aside.
  init(number: Int, key: Digest, parts: [Part], remembered data: Data) throws(RecallMiss) {
    self.init(number: number)
    var reader = RecallReader(data)
    let counts = try reader.array(of: Int.self)
    rows = try reader.array(of: AssessedRow.self)
    details = try reader.array(of: UInt8.self)
    keys = try reader.array(of: UInt32.self)
    for _ in 0..<max(0, try reader.number()) { _ = terms.number(of: try reader.text()) }
    guard counts.count == parts.count, counts.reduce(0, +) == rows.count else { throw RecallMiss() }
    self.parts = zip(parts, counts).map { Part(file: $0.file, offset: $0.offset, line: $0.line, recordCount: $1) }
    self.key = key
    isRecalled = true
    for index in rows.indices {
      rows[index].comparedLine.start = LineSpan.nowhere
      rows[index].finalLine.start = LineSpan.nowhere
    }
  }
}
