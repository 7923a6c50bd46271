internal import Artifacts
internal import Foundation

/// Writes those chunks of a ledger anew in which a line is another one; of their other lines the old ones are taken as they are.
struct LedgerAmendment {
  let shelf: Shelf
  let load: StoredLedger.Load
  let before: CurationView
  let after: CurationView
  /// Records whose lines are others, by handle.
  let dirty: Set<UInt32>
  /// Of the last run, with the number of each one's first record.
  private let old: [CurationOutline.Chunk]
  private let firsts: [Int]

  init(_ shelf: Shelf, _ load: @escaping StoredLedger.Load, before: CurationView, after: CurationView, dirty: Set<UInt32>) {
    (self.shelf, self.load, self.before, self.after, self.dirty) = (shelf, load, before, after, dirty)
    old = before.index.outline.chunks
    firsts = old.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.chunk.recordCount) }
  }

  func chunks(path: (_ span: Int, _ file: Int) throws -> String) throws -> [CurationOutline.Chunk] {
    let numbers = dirty.compactMap(after.index.number).sorted()
    var copies = OldLines()
    return try ranges(path).map { range in
      try Task.checkCancellation()
      let next = numbers.partitionPoint { $0 >= range.lowerBound }
      let isClean = next == numbers.count || numbers[next] >= range.upperBound
      if isClean, let chunk = same(range) { return chunk }
      return try write(range, &copies)
    }
  }

  private func ranges(_ path: (_ span: Int, _ file: Int) throws -> String) throws -> [Range<Int>] {
    let index = after.index
    var cutter = LedgerCutter()
    for block in index.outline.blocks.indices {
      for part in index.parts(of: block) {
        let path = part.line > 0 ? "" : try path(index.spanOfBlock[block], part.file)
        cutter.add(part, part.recordCount, path: path)
      }
    }
    return cutter.ranges
  }

  /// The old chunk of the same records.
  private func same(_ range: Range<Int>) -> CurationOutline.Chunk? {
    guard let first = before.index.number(of: after.index.handle(of: range.lowerBound)),
      let last = before.index.number(of: after.index.handle(of: range.upperBound - 1)), last - first == range.count - 1
    else { return nil }
    let place = firsts.partitionPoint { $0 >= first }
    guard place < old.count, firsts[place] == first, old[place].chunk.recordCount == range.count else { return nil }
    return old[place]
  }

  // MARK: - Writing

  /// Chunks that lines are taken from, with where each line begins.
  private struct OldLines {
    var chunks: [Int: (bytes: Data, starts: [Int])] = [:]
  }

  private static let dropped = Array("\"fate\":\"dropped\"".utf8)
  private static let merged = Array("\"fate\":\"merged\"".utf8)
  /// A line says its fate behind two numbers, and before all else.
  private static let fateByteCount = 96

  private func write(_ range: Range<Int>, _ copies: inout OldLines) throws -> CurationOutline.Chunk {
    var bytes: [UInt8] = []
    var (firstDropped, firstMerged): (Int?, Int?)
    for number in range {
      let handle = after.index.handle(of: number)
      let start = bytes.count
      if dirty.contains(handle) {
        var writer = CanonicalWriter()
        writer.entry(try after.entry(of: handle))
        writer.raw("\n")
        bytes.append(contentsOf: writer.bytes)
      } else {
        try copyLine(of: handle, &copies, to: &bytes)
      }
      bytes.withUnsafeBytes { all in
        let head = UnsafeRawBufferPointer(rebasing: all[start..<min(all.count, start + Self.fateByteCount)])
        if firstDropped == nil, head.holds(Self.dropped) { firstDropped = number - range.lowerBound }
        if firstMerged == nil, head.holds(Self.merged) { firstMerged = number - range.lowerBound }
      }
    }
    let place = try after.source(of: after.index.handle(of: range.lowerBound)).place
    let chunk = StoredLedger.Chunk(first: place, recordCount: range.count, byteCount: bytes.count, digest: try shelf.put(Data(bytes)))
    return CurationOutline.Chunk(chunk: chunk, firstDropped: firstDropped, firstMerged: firstMerged)
  }

  private func copyLine(of handle: UInt32, _ copies: inout OldLines, to bytes: inout [UInt8]) throws {
    guard let number = before.index.number(of: handle) else { throw RecallMiss() }
    let chunk = firsts.partitionPoint { $0 > number } - 1
    if copies.chunks[chunk] == nil { copies.chunks[chunk] = try lines(of: old[chunk].chunk) }
    guard let (data, starts) = copies.chunks[chunk] else { throw RecallMiss() }
    let line = number - firsts[chunk]
    data.withUnsafeBytes { bytes.append(contentsOf: $0[starts[line]..<starts[line + 1]]) }
  }

  private func lines(of chunk: StoredLedger.Chunk) throws -> (Data, [Int]) {
    // A chunk that is gone is not amended.
    guard let data = try? load(chunk.digest), data.count == chunk.byteCount else { throw RecallMiss() }
    var starts = [0]
    data.withUnsafeBytes { bytes in
      while let last = starts.last, last < bytes.count, let base = bytes.baseAddress, let feed = memchr(base + last, 0x0A, bytes.count - last) {
        starts.append(base.distance(to: UnsafeRawPointer(feed)) + 1)
      }
    }
    guard starts.count == chunk.recordCount + 1 else { throw RecallMiss() }
    return (data, starts)
  }
}
