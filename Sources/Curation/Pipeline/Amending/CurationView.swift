internal import Artifacts

/// What became of records before or after a change: any of them is told from the outline and the pages, without the others.
final class CurationView {
  /// The records of one content, those that are there, in the order of the sources. The first of them stands for all.
  struct Group {
    var content: UInt32
    var handles: [UInt32]
    /// The smallest among its records.
    var conversation: ConversationKey?
    /// Whether that is not its first record's own.
    var isAdopted = false
  }

  let index: OutlineIndex
  /// Set anew once it is known.
  var near: NearOutline
  private let contents: ContentIndex
  private let blocks: BlockShelf
  private let path: (_ span: Int, _ file: Int) throws -> String
  private var groups: [HalfDigest: Group] = [:]

  /// So many copies of one content are not looked through.
  private static let mostCopies = 512

  init(
    _ index: OutlineIndex, _ contents: ContentIndex, _ blocks: BlockShelf, path: @escaping (_ span: Int, _ file: Int) throws -> String
  ) {
    (self.index, near, self.contents, self.blocks, self.path) = (index, index.outline.near, contents, blocks, path)
  }

  // MARK: - Records

  func block(_ number: Int) throws -> Assessment { try blocks.block(index.outline.blocks[number].key, index.parts(of: number)) }

  func row(at place: OutlineIndex.Place) throws -> AssessedRow {
    let rows = try block(place.block).rows
    guard rows.indices.contains(place.row) else { throw RecallMiss() }
    return rows[place.row]
  }

  func row(of handle: UInt32) throws -> AssessedRow { try row(at: try place(of: handle)) }

  func place(of handle: UInt32) throws -> OutlineIndex.Place {
    guard let place = index.place(of: handle) else { throw RecallMiss() }
    return place
  }

  func source(at place: OutlineIndex.Place) throws -> RecordSource {
    let row = try row(at: place)
    let parts = index.parts(of: place.block)
    guard Int(row.part) < parts.count else { throw RecallMiss() }
    let part = parts[parts.startIndex + Int(row.part)]
    let start = part.offset + row.offset
    return RecordSource(
      file: try path(index.spanOfBlock[place.block], part.file), line: part.line + Int(row.line), byteRange: start..<start + row.byteCount)
  }

  func source(of handle: UInt32) throws -> RecordSource { try source(at: try place(of: handle)) }

  // MARK: - Contents

  func isThere(_ content: UInt32) throws -> Bool {
    guard let id = try contents.id(of: content) else { return false }
    return try contents.find(id).records.contains { index.isThere($0.handle) }
  }

  func id(of content: UInt32) throws -> HalfDigest? { try contents.id(of: content) }

  /// Nil where no record of it is there.
  func group(_ id: HalfDigest) throws -> Group? {
    if let known = groups[id] { return known }
    let found = try contents.find(id)
    let there = found.records.compactMap { record in index.number(of: record.handle).map { (number: $0, record: record) } }
    guard let content = found.content, !there.isEmpty else { return nil }
    guard there.count <= Self.mostCopies else { throw RecallMiss() }
    let ordered = there.sorted { $0.number < $1.number }.map(\.record)
    var group = Group(content: content, handles: ordered.map(\.handle))
    for (copy, record) in ordered.enumerated() where record.hasConversation {
      let place = try place(of: record.handle)
      guard let key = try block(place.block).conversationKey(of: try row(at: place)) else { continue }
      if group.conversation.map({ key < $0 }) ?? true { (group.conversation, group.isAdopted) = (key, copy > 0) }
    }
    groups[id] = group
    return group
  }

  func group(of content: UInt32) throws -> Group? { try contents.id(of: content).flatMap { try group($0) } }

  // MARK: - Stories

  func entry(of handle: UInt32) throws -> LedgerEntry {
    let place = try place(of: handle)
    let (row, source) = (try row(at: place), try source(at: place))
    let details = try block(place.block).details(of: row)
    guard row.ending != .before, let group = try group(HalfDigest(row.id)) else { return LedgerEntry(row, details, source) }
    if let keeper = group.handles.first, keeper != handle {
      return LedgerEntry(row, details, source, mergedInto: try fate(mergedInto: keeper, nil))
    }
    if let merge = near.merge(of: group.content) {
      return LedgerEntry(row, details, source, mergedInto: try fate(mergedInto: merge.keeperHandle, Int(merge.similarityPPM)))
    }
    let adoption = group.isAdopted ? [Passage(stage: .deduplicate, changes: [Change(kind: .conversation, count: 1)])] : []
    return LedgerEntry(row, details, source, adoption: adoption)
  }

  private func fate(mergedInto keeper: UInt32, _ similarityPPM: Int?) throws -> Fate {
    let place = try place(of: keeper)
    return .merged(keeper: RecordID(try row(at: place).lastID), at: try source(at: place).place, similarityPPM: similarityPPM)
  }

  /// The line of the dataset that a content stands for; nil where it has none.
  struct DatasetLine: Equatable {
    let id: Digest
    let conversation: ConversationKey?
  }

  func datasetLine(_ id: HalfDigest) throws -> DatasetLine? {
    guard let group = try group(id), let first = group.handles.first, near.merge(of: group.content) == nil else { return nil }
    let row = try row(of: first)
    return row.ending == .none ? DatasetLine(id: row.finalID, conversation: group.conversation) : nil
  }
}

extension AssessedRow {
  /// Of the content as it was when the record's story ended.
  var lastID: Digest { ending == .before ? id : finalID }
}

extension LedgerEntry {
  /// The story of one record. `mergedInto` says where it went on, and `adoption` what it took from others.
  init(_ row: AssessedRow, _ details: Assessment.Details, _ source: RecordSource, mergedInto fate: Fate? = nil, adoption: [Passage] = []) {
    if let fate {
      self.init(source: source, id: RecordID(row.id), fate: fate, passages: details.passages)
      return
    }
    let passages = details.passages + adoption + details.laterPassages
    let id = row.hasID ? RecordID(row.lastID) : nil
    if let drop = details.drop {
      self.init(source: source, id: id, fate: .dropped(drop), passages: passages)
    } else {
      self.init(source: source, id: id, fate: .kept, passages: passages, characters: Int(row.finalCharacters))
    }
  }
}
