import Artifacts
import Foundation
import Hashing
import Store
import Testing

@Suite("Many objects at once, in packs and chunks")
struct ObjectBatchTests {
  private let folder: TemporaryFolder
  private let store: WritableStore

  init() throws {
    folder = try TemporaryFolder()
    store = try folder.openStore()
  }

  @Test("objects of every size in one batch are one pack, and each comes back")
  func onePack() throws {
    let contents = (0..<3000).map { noise($0 % 7 == 0 ? 9000 : $0 % 100, seed: UInt64($0)) } + [noise(5 << 20), noise(131_072), Data()]
    let digests = try store.objects.withBatch { batch in try contents.map { try batch.add($0) } }
    #expect(digests == contents.map { Digest(hashing: $0) })
    #expect(try store.objects.get(digests) == contents)
    #expect(try folder.packs().count == 1)
    #expect(try store.objects.totals().count == Set(digests).count)
    #expect(try store.fsck().isSound)
  }

  @Test("a batch that throws leaves nothing, whatever it wrote")
  func throwing() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try store.objects.withBatch { batch in
        _ = try batch.add(noise(6 << 20))
        throw Stop()
      }
    }
    #expect(try store.fsck() == Fsck.Report())
    #expect(try folder.packs() == [])
  }

  @Test("batches and puts of many threads at the same time are all there")
  func concurrent() async throws {
    let store = store
    let digests = try await withThrowingTaskGroup(of: [Digest].self) { group in
      for thread in 0..<8 {
        group.addTask {
          // Half of the objects are those of every thread.
          let contents = (0..<400).map { noise(700, seed: UInt64($0 % 2 == 0 ? $0 : $0 + thread * 1000)) } + [noise(400_000)]
          let small = try store.objects.put(Data("thread \(thread)".utf8))
          return try store.objects.withBatch { batch in try contents.map { try batch.add($0) } } + [small]
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(try store.objects.missing(digests) == [])
    #expect(try store.objects.totals().count == 200 + 8 * 200 + 1 + 8)
    #expect(try store.fsck().isSound)
  }

  @Test("what is there is not written again, and a damaged copy is replaced")
  func again() throws {
    let contents = [noise(50_000), noise(2 << 20)]
    let digests = try store.objects.put(contents)
    let first = try folder.pack()
    _ = try store.objects.put(contents)
    #expect(try folder.packs() == [first])
    try flipByte(of: first)
    #expect(throws: StoreError.objectChanged(digests[1], place: first.path)) { try store.objects.get(digests[1]) }
    _ = try store.objects.put(contents)
    #expect(try store.objects.get(digests) == contents)
    #expect(try store.fsck().isSound)
  }

  @Test("two versions of a large object share what they share, though bytes came in at the front")
  func sharing() throws {
    let old = noise(20 << 20)
    var new = old
    new.insert(contentsOf: Data("something new".utf8), at: 1000)
    new.replaceSubrange((10 << 20)..<(10 << 20) + 100, with: noise(100, seed: 5))
    let digests = try [old, new].map { try store.objects.put($0) }
    #expect(digests == [Digest(hashing: old), Digest(hashing: new)])
    #expect(try store.objects.get(digests) == [old, new])
    let sizes = try folder.packs().map { try Data(contentsOf: $0).count }
    #expect(sizes.reduce(0, +) < old.count + (3 << 20))
    #expect(try store.objects.totals().count == 2)
  }

  @Test("a part of a large object can be put by itself, and either be removed without the other")
  func partByItself() throws {
    let zeros = Data(count: 4 << 20)  // Every chunk of it is the same.
    let whole = try store.objects.put(zeros)
    let chunk = Data(count: 512 << 10)
    #expect(try !store.objects.contains(Digest(hashing: chunk)))
    let part = try store.objects.put(chunk)
    #expect(try store.objects.totals().count == 2)
    try store.objects.remove([whole])
    #expect(try store.objects.get(part) == chunk)
    #expect(try store.objects.put(zeros) == whole)
    try store.objects.remove([part])
    #expect(try !store.objects.contains(part) && store.objects.get(whole) == zeros)
    #expect(try store.fsck().isSound)
  }

  @Test("an object of one chunk is that chunk")
  func oneChunk() throws {
    let bytes = Data(count: 200 << 10)
    let digest = try store.objects.put(bytes)
    #expect(try store.objects.get(digest) == bytes)
    #expect(try store.objects.totals().count == 1)
  }

  // MARK: - Holding

  @Test("a holder needs its members, few or many, and lineage goes through it both ways", arguments: [3, 3000])
  func holding(count: Int) throws {
    let members = try store.objects.put((0..<count).map { Data("member \($0)".utf8) })
    let stranger = Digest(hashing: Data("stranger".utf8))
    #expect(throws: StoreError.objectMissing(stranger)) { try store.objects.put(Data("index".utf8), holding: members + [stranger]) }
    #expect(try !store.objects.contains(Digest(hashing: Data("index".utf8))))

    let index = try store.objects.put(Data("index".utf8), holding: members)
    let entry = ActionEntry(
      key: Digest(hashing: Data("key".utf8)), kind: "test", preimage: index, inputs: [:], outputs: ["x": index], seconds: 0)
    try store.actions.record(entry)
    #expect(try store.lineage.holders(of: members[1]) == [index])
    #expect(try store.lineage.ancestors(of: index) == members.sorted())
    #expect(try store.actions.lookup(entry.key) == entry)
    #expect(try store.fsck().isSound)

    try store.objects.remove([members[1]])
    #expect(try store.actions.lookup(entry.key) == nil)
    #expect(try store.lineage.holders(of: members[1]) == [index])
    #expect(try store.fsck().isSound)
    try damageDatabase(of: folder, "DELETE FROM removed")
    #expect(try store.fsck().problems == [.memberMissing(holder: index, members[1])])
  }

  @Test("members may come in the same batch, before or after what holds them")
  func holdingWithin() throws {
    let index = try store.objects.withBatch { batch in
      let later = Data("later".utf8)
      let members = [try batch.add(Data("earlier".utf8)), Digest(hashing: later)]
      let index = try batch.add(Data("index".utf8), holding: members)
      _ = try batch.add(later)
      return index
    }
    #expect(try store.lineage.ancestors(of: index).count == 2)
  }

  // MARK: - Reading parts

  @Test("parts of an object are what they are of the whole", arguments: [0, 10, 50_000, 3 << 20])
  func parts(byteCount: Int) throws {
    let bytes = noise(byteCount, seed: 3)
    let reader = try store.objects.open(try store.objects.put(bytes))
    #expect(reader.byteCount == Int64(byteCount))
    var random = SplitMix(state: UInt64(byteCount))
    for _ in 0..<200 {
      let ends = [Int(random.next() % UInt64(byteCount + 1)), Int(random.next() % UInt64(byteCount + 1))].sorted()
      #expect(try reader.read(Int64(ends[0])..<Int64(ends[1])) == bytes[ends[0]..<ends[1]])
    }
    #expect(try reader.read(0..<Int64(byteCount)) == bytes)
  }

  @Test("a damaged part is not given, and what is whole still is")
  func damagedPart() throws {
    let bytes = noise(8 << 20)
    let digest = try store.objects.put(bytes)
    try flipByte(of: try folder.pack())
    let reader = try store.objects.open(digest)
    #expect(try reader.read(0..<1000) == bytes.prefix(1000))
    #expect(throws: StoreError.objectChanged(digest, place: try folder.pack().path)) { try reader.read(0..<reader.byteCount) }
    #expect(throws: StoreError.objectMissing(Digest(hashing: Data("x".utf8)))) { try store.objects.open(Digest(hashing: Data("x".utf8))) }
  }

  // MARK: - Removing

  @Test("a removed object is gone, its bytes are in no file of the store, and it can be put again", arguments: [100, 50_000, 3 << 20])
  func removal(byteCount: Int) throws {
    let secret = noise(byteCount, seed: 77)
    let other = noise(60_000, seed: 78)
    let digests = try store.objects.put([secret, other])
    // What tells it: no run of 60 bytes of noise stands anywhere else.
    let marks = stride(from: 0, to: byteCount - 60, by: max(40, byteCount / 40)).map { secret[$0..<$0 + 60] }
    let before = try folder.allStoreBytes()
    #expect(marks.allSatisfy { before.holds($0) })
    try store.objects.remove([digests[0]])
    let after = try folder.allStoreBytes()
    #expect(marks.allSatisfy { !after.holds($0) })
    #expect(try !store.objects.contains(digests[0]))
    #expect(try store.objects.get(digests[1]) == other)
    #expect(try store.fsck().isSound)
    #expect(try store.objects.put(secret) == digests[0])
    #expect(try store.objects.get(digests) == [secret, other])
  }

  @Test("small bytes are removed from the database too, and from its log")
  func inlineRemoval() throws {
    let secret = Data("a sentence that nobody else would write, and that must go".utf8)
    let digest = try store.objects.put(secret)
    #expect(try folder.allStoreBytes().holds(secret))
    try store.objects.remove([digest])
    #expect(try !folder.allStoreBytes().holds(secret))
  }

  @Test("what a killed removal left is destroyed by the next writer")
  func interruptedRemoval() throws {
    let secret = noise(50_000, seed: 5)
    let digest = try store.objects.put(secret)
    try store.close()
    // The rows are gone and the bytes are not: as after a kill between the two.
    try damageDatabase(
      of: folder, "INSERT INTO doomed SELECT digest, form, pack, place, byte_count FROM object; DELETE FROM object")
    #expect(try folder.allStoreBytes().holds(secret[1000..<1060]))
    let next = try folder.openStore()
    #expect(try !folder.allStoreBytes().holds(secret[1000..<1060]))
    #expect(try !next.objects.contains(digest))
  }
}

/// A small generator with a seed, so that a failing case comes again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
