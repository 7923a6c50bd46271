internal import Artifacts
internal import Curation
internal import Foundation

/// Finds for each record of an old ledger the one of a new ledger that it became: by place and content, then by content, then by conversation,
/// then by the neighbours that it stands between. A record that has found its partner is out of the later rounds.
struct RecordPairing: Sendable {
  let old: LedgerIndex
  let new: LedgerIndex
  /// By row: the partner's row, or −1.
  private(set) var partnerOfOld: [Int]
  private(set) var partnerOfNew: [Int]
  /// The number of each file of either side among the files of both, in the order of their bytes.
  private let oldFiles: [Int]
  private let newFiles: [Int]
  /// The old ledger's number of each fate of the new one; −1 where it has none such.
  private let fates: [Int32]

  init(old: LedgerIndex, new: LedgerIndex) {
    self.old = old
    self.new = new
    partnerOfOld = [Int](repeating: -1, count: old.rows.count)
    partnerOfNew = [Int](repeating: -1, count: new.rows.count)
    // Bytes, and not Swift's comparison of strings: paths that differ in their composition are two files.
    let paths = Set((old.files + new.files).map { Array($0.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
    let numbers = Dictionary(uniqueKeysWithValues: paths.enumerated().map { ($1, $0) })
    oldFiles = old.files.map { numbers[Array($0.utf8), default: 0] }
    newFiles = new.files.map { numbers[Array($0.utf8), default: 0] }
    let oldFates = Dictionary(uniqueKeysWithValues: old.fates.enumerated().map { ($1, Int32($0)) })
    fates = new.fates.map { oldFates[$0, default: -1] }
    pairLeftOut()
  }

  /// What stands for records that are the same on both sides.
  private mutating func pairLeftOut() {
    for (chunk, rows) in old.leftOut {
      guard let others = new.leftOut[chunk] else { continue }
      for (i, j) in zip(rows, others) { pair(i, j) }
    }
  }

  // MARK: - The rounds

  /// Equal content at the same file and line: one walk over both, since both are in the order of their places.
  mutating func pairByPlace() {
    var (i, j) = (0, 0)
    while i < old.rows.count, j < new.rows.count {
      let (left, right) = (old.rows[i], new.rows[j])
      let (leftPlace, rightPlace) = ((oldFiles[Int(left.file)], left.line), (newFiles[Int(right.file)], right.line))
      if leftPlace < rightPlace {
        i += 1
      } else if rightPlace < leftPlace {
        j += 1
      } else {
        // What could not be read has no content to compare: the same fault at the same place counts as equal.
        let isFree = partnerOfOld[i] < 0 && partnerOfNew[j] < 0 && left.standsFor == nil && right.standsFor == nil
        if isFree, left.id == right.id, left.id != nil || left.fate == fates[Int(right.fate)] { pair(i, j) }
        i += 1
        j += 1
      }
    }
  }

  /// Equal content wherever it stands; of several, the first with the first. Equal digests fall into the same of as many shares as there are cores.
  mutating func pairByContent() throws {
    let (old, new, oldRows, newRows) = (self.old, self.new, freeOld, freeNew)
    guard !newRows.isEmpty, oldRows.contains(where: { old.rows[$0].id != nil }) else { return }
    let count = UInt64(ProcessInfo.processInfo.activeProcessorCount)
    let pairs = try concurrentMap(Int(count)) { share in
      func key(_ row: Int, _ index: LedgerIndex) -> Digest? {
        index.rows[row].id.flatMap { $0.digest.words.z % count == UInt64(share) ? $0.digest : nil }
      }
      var queue = RowQueue(newRows, capacity: newRows.count / Int(count)) { key($0, new) }
      return oldRows.compactMap { i in key(i, old).flatMap { queue.next($0) }.map { (i, $0) } }
    }
    for (i, j) in pairs.joined() { pair(i, j) }
  }

  /// Kept records of one conversation; of several, the first with the first.
  mutating func pairByConversation(_ oldDataset: StoredDataset, _ newDataset: StoredDataset) throws {
    let (freeOld, freeNew) = (freeOld.filter { old.isKept($0) }, freeNew.filter { new.isKept($0) })
    guard !freeOld.isEmpty, !freeNew.isEmpty else { return }
    let oldKeys = try ConversationKeys(of: freeOld.compactMap { old.rows[$0].id }, in: oldDataset, besides: newDataset)
    guard !oldKeys.isEmpty else { return }
    let newKeys = try ConversationKeys(of: freeNew.compactMap { new.rows[$0].id }, in: newDataset, besides: oldDataset)
    var queue = RowQueue(Array(freeNew.indices), capacity: freeNew.count) { newKeys.digests[$0] }
    for (i, key) in zip(freeOld, oldKeys.digests) {
      if let key, let index = queue.next(key) { pair(i, freeNew[index]) }
    }
  }

  /// The same distance, in records, after the nearest paired record of the same file or after its beginning; then the same distance before the
  /// next one or the end. Where nothing was put in or taken out, this is the same line.
  mutating func pairByNeighbour() {
    for direction in [Direction.following, .preceding] {
      guard partnerOfOld.contains(-1), partnerOfNew.contains(-1) else { return }
      let newRuns = Dictionary(runs(of: .new, direction).map { ($0.anchor, $0.rows) }, uniquingKeysWith: { first, _ in first })
      for run in runs(of: .old, direction) {
        guard let others = newRuns[run.anchor] else { continue }
        let distances = 0..<min(run.rows.count, others.count)
        for distance in distances {
          switch direction {
          case .following: pair(run.rows.lowerBound + distance, others.lowerBound + distance)
          case .preceding: pair(run.rows.upperBound - 1 - distance, others.upperBound - 1 - distance)
          }
        }
      }
    }
  }

  private enum Direction { case following, preceding }
  private enum Side { case old, new }

  /// What a run of unpaired records stands beside.
  private enum Anchor: Hashable {
    /// A paired record, by its row in the new ledger.
    case record(Int)
    /// The beginning, or the end, of a file.
    case edge(Int)
  }

  /// The runs of unpaired records of one file, each with what stands before it, or after it.
  private func runs(of side: Side, _ direction: Direction) -> [(anchor: Anchor, rows: Range<Int>)] {
    let (rows, files, partners) = side == .old ? (old.rows, oldFiles, partnerOfOld) : (new.rows, newFiles, partnerOfNew)
    var runs: [(anchor: Anchor, rows: Range<Int>)] = []
    var start = 0
    while start < rows.count {
      guard partners[start] < 0 else {
        start += 1
        continue
      }
      let file = files[Int(rows[start].file)]
      var end = start + 1
      while end < rows.count, partners[end] < 0, files[Int(rows[end].file)] == file { end += 1 }
      let beside = direction == .following ? start - 1 : end
      let isAnchor = rows.indices.contains(beside) && files[Int(rows[beside].file)] == file && isOfOneFile(beside, partners[beside], side)
      runs.append((isAnchor ? .record(side == .old ? partners[beside] : beside) : .edge(file), start..<end))
      start = end
    }
    return runs
  }

  /// A row that stands for records which were left out lies in the file of what comes next: where that is another on either side, nothing stands
  /// between its records and the file's beginning.
  private func isOfOneFile(_ row: Int, _ partner: Int, _ side: Side) -> Bool {
    let (i, j) = side == .old ? (row, partner) : (partner, row)
    return old.rows[i].standsFor == nil || oldFiles[Int(old.rows[i].file)] == newFiles[Int(new.rows[j].file)]
  }

  // MARK: - Partners

  var freeOld: [Int] { partnerOfOld.indices.filter { partnerOfOld[$0] < 0 && old.rows[$0].standsFor == nil } }
  var freeNew: [Int] { partnerOfNew.indices.filter { partnerOfNew[$0] < 0 && new.rows[$0].standsFor == nil } }

  private mutating func pair(_ i: Int, _ j: Int) {
    partnerOfOld[i] = j
    partnerOfNew[j] = i
  }

  enum Verdict { case same, moved, changed, refated }

  func verdict(_ i: Int, _ j: Int) -> Verdict {
    let (left, right) = (old.rows[i], new.rows[j])
    guard left.id == right.id else { return .changed }
    guard left.fate == fates[Int(right.fate)] else { return .refated }
    return oldFiles[Int(left.file)] == newFiles[Int(right.file)] && left.line == right.line ? .same : .moved
  }

  /// An old row with its partner, which there must be.
  func told(_ i: Int) -> RecordComparison.Pair { RecordComparison.Pair(old: old.record(i), new: new.record(partnerOfOld[i])) }
}

extension LedgerIndex {
  fileprivate func isKept(_ index: Int) -> Bool { rows[index].standsFor == nil && fates[Int(rows[index].fate)].isKept }
}
