internal import Artifacts

/// What a change of the sources comes to: which contents came and went, and of which records the story is another one.
struct ContentChange {
  /// Contents that were not there before, and those that are not there any more.
  private(set) var came: [UInt32] = []
  private(set) var went: [HalfDigest] = []
  /// Records whose lines in the ledger are others, by handle.
  private(set) var dirty: Set<UInt32> = []
  /// Contents whose line in the dataset may be another one.
  private(set) var affected: Set<HalfDigest> = []
  /// Records that have another place.
  let moved: Set<UInt32>
  /// The first record of each content that is another one now, or stands elsewhere: whatever names it has to be told again.
  private var firsts: [UInt32: UInt32] = [:]

  init(_ edit: SourceEdit, _ before: CurationView, _ after: CurationView) throws {
    moved = Set(edit.moved.map(\.handle))
    dirty = moved.union(edit.came.map(\.handle))
    for id in Set((edit.went + edit.came + edit.moved).compactMap(\.id)) { try look(at: id, try before.group(id), try after.group(id)) }
    came.sort()
    went.sort()
  }

  private mutating func look(at id: HalfDigest, _ old: CurationView.Group?, _ new: CurationView.Group?) throws {
    affected.insert(id)
    guard let new, let first = new.handles.first else {
      if old != nil { went.append(id) }
      return
    }
    guard let old else {
      came.append(new.content)
      dirty.formUnion(new.handles)
      return
    }
    guard old.content == new.content else { throw RecallMiss() }
    if old.handles.first != first || moved.contains(first) {
      dirty.formUnion(new.handles)
      firsts[new.content] = first
    }
    if old.conversation != new.conversation || old.isAdopted != new.isAdopted { dirty.insert(first) }
  }

  /// Merges name the records that stand for contents.
  func rename(_ merges: inout [NearOutline.Merge]) {
    guard !firsts.isEmpty else { return }
    for index in merges.indices {
      if let first = firsts[merges[index].member] { merges[index].memberHandle = first }
      if let first = firsts[merges[index].keeper] { merges[index].keeperHandle = first }
    }
  }

  /// Takes in what became of near duplicates.
  mutating func follow(_ old: NearOutline, _ after: CurationView) throws {
    var (left, right) = (old.merges[...], after.near.merges[...])
    while let member = [left.first?.member, right.first?.member].compactMap({ $0 }).min() {
      let was = left.first?.member == member ? left.popFirst() : nil
      let now = right.first?.member == member ? right.popFirst() : nil
      if was != now, let group = try after.group(of: member), let first = group.handles.first {
        dirty.insert(first)
        if let id = try after.id(of: member) { affected.insert(id) }
      }
      if let now, firsts[now.keeper] != nil { dirty.insert(now.memberHandle) }
    }
  }
}
