internal import Artifacts
internal import Curation

/// Finds for each record of an old ledger the one of a new ledger that it became: by place and content, then by content, then by conversation,
/// then by the neighbours that it stands between. A record that has found its partner is out of the later rounds.
struct RecordPairing {
  let old: LedgerIndex
  let new: LedgerIndex
  /// By row: the partner's row, or −1.
  private(set) var partnerOfOld: [Int]
  private(set) var partnerOfNew: [Int]
  /// The number of each file of either side among the files of both, in the order of their bytes.
  private let oldFiles: [Int]
  private let newFiles: [Int]
  /// The old ledger's number of each fate of the new one; −1 where it has none such.
  private let fates: [Int]

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
    let oldFates = Dictionary(uniqueKeysWithValues: old.fates.enumerated().map { ($1, $0) })
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
      let (leftPlace, rightPlace) = ((oldFiles[left.file], left.line), (newFiles[right.file], right.line))
      if leftPlace < rightPlace {
        i += 1
      } else if rightPlace < leftPlace {
        j += 1
      } else {
        // What could not be read has no content to compare: the same fault at the same place counts as equal.
        let isFree = partnerOfOld[i] < 0 && partnerOfNew[j] < 0 && left.standsFor == nil && right.standsFor == nil
        if isFree, left.id == right.id, left.id != nil || left.fate == fates[right.fate] { pair(i, j) }
        i += 1
        j += 1
      }
    }
  }

  /// Equal content wherever it stands; of several, the first with the first.
  mutating func pairByContent() {
    let free = freeOld.filter { old.rows[$0].id != nil }
    guard !free.isEmpty else { return }
    var byID = Queue<RecordKey>(freeNew.map { ($0, new.rows[$0].id) })
    for i in free {
      if let id = old.rows[i].id, let j = byID.next(id) { pair(i, j) }
    }
  }

  /// Kept records of one conversation; of several, the first with the first.
  mutating func pairByConversation(_ oldDataset: StoredDataset, _ newDataset: StoredDataset) throws {
    let (freeOld, freeNew) = (freeOld.filter { old.isKept($0) }, freeNew.filter { new.isKept($0) })
    guard !freeOld.isEmpty, !freeNew.isEmpty else { return }
    let oldKeys = try ConversationKeys(of: freeOld.compactMap { old.rows[$0].id?.id }, in: oldDataset, besides: newDataset)
    let newKeys = try ConversationKeys(of: freeNew.compactMap { new.rows[$0].id?.id }, in: newDataset, besides: oldDataset)
    var byKey = Queue<String>(freeNew.map { j in (j, new.rows[j].id.flatMap { newKeys[$0.id] }) })
    for i in freeOld {
      if let key = old.rows[i].id.flatMap({ oldKeys[$0.id] }), let j = byKey.next(key) { pair(i, j) }
    }
  }

  /// The same distance, in records, after the nearest paired record of the same file or after its beginning; then the same distance before the
  /// next one or the end. Where nothing was put in or taken out, this is the same line.
  mutating func pairByNeighbour() {
    for direction in [Direction.following, .preceding] {
      guard partnerOfOld.contains(-1), partnerOfNew.contains(-1) else { return }
      let newSpots = spots(new.rows, newFiles, partnerOfNew, direction) { $0 }
      let bySpot = Dictionary(newSpots.map { ($0.spot, $0.row) }, uniquingKeysWith: { first, _ in first })
      for (i, spot) in spots(old.rows, oldFiles, partnerOfOld, direction, anchor: { partnerOfOld[$0] }) {
        if let j = bySpot[spot] { pair(i, j) }
      }
    }
  }

  private enum Direction { case following, preceding }

  /// Where an unpaired record stands: so many records from a paired one, named by its row in the new ledger, or from an end of the file.
  private struct Spot: Hashable {
    let isPaired: Bool
    let anchor: Int
    let distance: Int
  }

  private func spots(
    _ rows: [LedgerIndex.Row], _ files: [Int], _ partners: [Int], _ direction: Direction, anchor: (Int) -> Int
  ) -> [(row: Int, spot: Spot)] {
    var spots: [(row: Int, spot: Spot)] = []
    var (file, anchorRow, distance) = (-1, -1, 0)
    for index in direction == .following ? Array(rows.indices) : rows.indices.reversed() {
      let own = files[rows[index].file]
      if own != file { (file, anchorRow, distance) = (own, -1, 0) }
      guard partners[index] < 0 else {
        (anchorRow, distance) = (index, 0)
        continue
      }
      distance += 1
      spots.append((index, Spot(isPaired: anchorRow >= 0, anchor: anchorRow >= 0 ? anchor(anchorRow) : file, distance: distance)))
    }
    return spots
  }

  // MARK: - Partners

  private var freeOld: [Int] { partnerOfOld.indices.filter { partnerOfOld[$0] < 0 } }
  private var freeNew: [Int] { partnerOfNew.indices.filter { partnerOfNew[$0] < 0 } }

  private mutating func pair(_ i: Int, _ j: Int) {
    partnerOfOld[i] = j
    partnerOfNew[j] = i
  }

  enum Verdict { case same, moved, changed, refated }

  func verdict(_ i: Int, _ j: Int) -> Verdict {
    let (left, right) = (old.rows[i], new.rows[j])
    guard left.id == right.id else { return .changed }
    guard left.fate == fates[right.fate] else { return .refated }
    return oldFiles[left.file] == newFiles[right.file] && left.line == right.line ? .same : .moved
  }

  func told(_ i: Int, _ j: Int) -> RecordComparison.Pair { RecordComparison.Pair(old: old.record(i), new: new.record(j)) }
}

extension LedgerIndex {
  fileprivate func isKept(_ index: Int) -> Bool { rows[index].standsFor == nil && fates[rows[index].fate].isKept }
}

/// Rows by a key, handed out in their order, each once. Most keys have one row, so a later one of the same key hangs on the one before it.
private struct Queue<Key: Hashable> {
  private var ends: [Key: (first: Int, last: Int)] = [:]
  private var following: [Int: Int] = [:]

  init(_ rows: [(row: Int, key: Key?)]) {
    ends.reserveCapacity(rows.count)
    for (row, key) in rows {
      guard let key else { continue }
      if let last = ends[key]?.last {
        following[last] = row
        ends[key]?.last = row
      } else {
        ends[key] = (row, row)
      }
    }
  }

  mutating func next(_ key: Key) -> Int? {
    guard let (first, last) = ends[key] else { return nil }
    ends[key] = following[first].map { ($0, last) }
    return first
  }
}
