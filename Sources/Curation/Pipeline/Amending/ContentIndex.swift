internal import Artifacts

/// Finds the records of a content: those of the base in its pages, those that came later beside them.
final class ContentIndex {
  struct Found {
    /// Nil where no record of the content is known.
    var content: UInt32?
    var records: [IndexedRecord] = []
  }

  private let base: BaseOutline
  let pages: Pages<IndexedRecord>
  private let added: [IndexedRecord]
  private let addedContents: [UInt32]
  private let addedByContent: [UInt32: [Int]]

  init(_ outline: CurationOutline, _ pages: Pages<IndexedRecord>) {
    (base, self.pages, added, addedContents) = (outline.base, pages, outline.added, outline.addedContents)
    addedByContent = Dictionary(grouping: added.indices) { outline.addedContents[$0] }
  }

  /// Those that came and went, in no order; whether they are still there is not looked at.
  func find(_ id: HalfDigest) throws(RecallMiss) -> Found {
    var found = Found()
    var index = try lowerBound(of: id)
    if index < base.recordCount, try pages[index].id == id { found.content = UInt32(index) }
    while index < base.recordCount {
      let record = try pages[index]
      guard record.id == id else { break }
      found.records.append(record)
      index += 1
    }
    for place in added.partitionPoint(where: { !($0.id < id) })..<added.count {
      guard added[place].id == id else { break }
      found.content = found.content ?? addedContents[place]
      found.records.append(added[place])
    }
    return found
  }

  /// Nil where nothing is known of it any more.
  func id(of content: UInt32) throws(RecallMiss) -> HalfDigest? {
    if Int(content) < base.recordCount { return try pages[Int(content)].id }
    return addedByContent[content]?.first.map { added[$0].id }
  }

  private func lowerBound(of id: HalfDigest) throws(RecallMiss) -> Int {
    // Records of the page's first id may begin on the page before it.
    let page = max(0, base.idDirectory.partitionPoint { $0 >= id.x } - 1)
    var (low, high) = (page * pages.perPage, base.recordCount)
    if high > low + 2 * pages.perPage, try !(pages[low + 2 * pages.perPage - 1].id < id) { high = low + 2 * pages.perPage }
    while low < high {
      let middle = (low + high) / 2
      if try pages[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Finds the contents that have a key in a band.
final class KeyIndex {
  private let base: BaseOutline
  private let pages: Pages<UInt64>
  private let added: [UInt64]

  init(_ outline: CurationOutline, _ pages: Pages<UInt64>) { (base, self.pages, added) = (outline.base, pages, outline.addedKeys) }

  /// Of each band, for a key in each; whether the contents are still there is not looked at.
  func find(_ keys: [UInt32]) throws(RecallMiss) -> [[UInt32]] {
    guard keys.count == base.bands else { throw RecallMiss() }
    let perBand = base.keyPagesInBand
    let firsts = keys.indices.map { band in firstPage(of: keys[band], band) }
    if perBand > 0 { try pages.fetch(firsts) }
    var found: [[UInt32]] = []
    for (band, key) in keys.enumerated() {
      var contents = Self.matches(added[addedRange(band)], key)
      var page = firsts[band]
      while perBand > 0, page < (band + 1) * perBand {
        let keys = try pages.page(page)
        contents += Self.matches(keys[...], key)
        guard let last = keys.last, UInt32(truncatingIfNeeded: last >> 32) <= key else { break }
        page += 1
      }
      found.append(contents)
    }
    return found
  }

  private func addedRange(_ band: Int) -> Range<Int> {
    let count = added.count / max(1, base.bands)
    return band * count..<(band + 1) * count
  }

  /// Contents of the page's first key may begin on the page before it.
  private func firstPage(of key: UInt32, _ band: Int) -> Int {
    let perBand = base.keyPagesInBand
    guard perBand > 0 else { return 0 }
    let directory = base.keyDirectory[band * perBand..<(band + 1) * perBand]
    return max(band * perBand, directory.partitionPoint { $0 >= key } - 1)
  }

  private static func matches(_ keys: ArraySlice<UInt64>, _ key: UInt32) -> [UInt32] {
    var contents: [UInt32] = []
    for entry in keys[keys.partitionPoint { $0 >> 32 >= UInt64(key) }...] {
      guard entry >> 32 == UInt64(key) else { break }
      contents.append(UInt32(truncatingIfNeeded: entry))
    }
    return contents
  }
}
