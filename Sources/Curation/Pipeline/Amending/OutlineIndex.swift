internal import Artifacts

/// Finds records of an outline by their handles and by their numbers in the order of the sources.
struct OutlineIndex: Sendable {
  struct Place: Sendable {
    let block: Int
    let row: Int
  }

  private struct Located: Sendable {
    let first: UInt32
    let count: UInt32
    let block: UInt32
    let row: UInt32
  }

  let outline: CurationOutline
  /// Of each block, and one more for the end: the number of its first record, of its first part and of its first run.
  let firstRecords: [Int]
  let firstParts: [Int]
  private let firstRuns: [Int]
  /// Of each block: its stretch, and its number there.
  let spanOfBlock: [Int]
  let errandOfBlock: [Int]
  /// Of each stretch, and one more for the end: the place of its first file among all that are read, and its first block.
  let firstFiles: [Int]
  let firstBlocks: [Int]
  /// By first handle.
  private let located: [Located]

  init(_ outline: CurationOutline) throws(RecallMiss) {
    self.outline = outline
    var (records, parts, runs, located) = ([0], [0], [0], [Located]())
    located.reserveCapacity(outline.runs.count)
    for (number, block) in outline.blocks.enumerated() {
      var row: UInt32 = 0
      for run in outline.runs[runs[number]..<runs[number] + Int(block.runCount)] {
        located.append(Located(first: run.first, count: run.count, block: UInt32(number), row: row))
        row += run.count
      }
      guard row == block.rowCount else { throw RecallMiss() }
      records.append(records[number] + Int(block.rowCount))
      parts.append(parts[number] + Int(block.partCount))
      runs.append(runs[number] + Int(block.runCount))
    }
    located.sort { $0.first < $1.first }
    (firstRecords, firstParts, firstRuns, self.located) = (records, parts, runs, located)
    var (spans, errands, files, blocks): ([Int], [Int], [Int], [Int]) = ([], [], [0], [0])
    for (number, span) in outline.spans.enumerated() {
      for errand in 0..<Int(span.blockCount) {
        spans.append(number)
        errands.append(errand)
      }
      files.append(files[number] + Int(span.fileCount))
      blocks.append(blocks[number] + Int(span.blockCount))
    }
    (spanOfBlock, errandOfBlock, firstFiles, firstBlocks) = (spans, errands, files, blocks)
  }

  var recordCount: Int { firstRecords.last ?? 0 }

  /// Nil where the record is gone.
  func place(of handle: UInt32) -> Place? {
    let after = located.partitionPoint { $0.first > handle }
    guard after > 0 else { return nil }
    let run = located[after - 1]
    return handle - run.first < run.count ? Place(block: Int(run.block), row: Int(run.row + handle - run.first)) : nil
  }

  func isThere(_ handle: UInt32) -> Bool { place(of: handle) != nil }

  /// Its number in the order of the sources.
  func number(of handle: UInt32) -> Int? { place(of: handle).map { firstRecords[$0.block] + $0.row } }

  func block(of number: Int) -> Int { firstRecords.partitionPoint { $0 > number } - 1 }

  func handle(of number: Int) -> UInt32 {
    let block = block(of: number)
    return handle(at: Place(block: block, row: number - firstRecords[block]))
  }

  func handle(at place: Place) -> UInt32 {
    var row = UInt32(place.row)
    for run in runs(of: place.block) {
      if row < run.count { return run.first + row }
      row -= run.count
    }
    preconditionFailure("the runs of a block have a handle for each of its rows")
  }

  func runs(of block: Int) -> ArraySlice<CurationOutline.Run> { outline.runs[firstRuns[block]..<firstRuns[block + 1]] }

  func parts(of block: Int) -> ArraySlice<Assessment.Part> { outline.parts[firstParts[block]..<firstParts[block + 1]] }
}
