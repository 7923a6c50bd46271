import Artifacts
import Foundation
import Hashing
import Store
import Testing

@Suite("The action cache, lineage and the history of builds")
struct ActionCacheTests {
  private func digest(_ text: String) -> Digest { Digest(hashing: Data(text.utf8)) }

  @Test("an entry comes back as it was recorded, and a second record replaces the first")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let one = try store.objects.put(Data("one".utf8))
    let two = try store.objects.put(noise(50_000))
    let first = entry("key", inputs: ["source": digest("source")], outputs: ["dataset": one, "ledger": two])
    try store.actions.record(first)
    #expect(try store.actions.lookup(first.key) == first)
    #expect(try store.actions.lookup(digest("another key")) == nil)

    let second = entry("key", inputs: [:], outputs: ["dataset": two])
    try store.actions.record(second)
    #expect(try store.actions.lookup(first.key) == second)
  }

  @Test("an entry whose output was not put is not recorded")
  func recordMissing() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let entry = entry("key", inputs: [:], outputs: ["x": digest("never put")])
    #expect(throws: StoreError.objectMissing(digest("never put"))) { try store.actions.record(entry) }
    #expect(try store.actions.lookup(entry.key) == nil)
    #expect(try store.fsck() == Fsck.Report())
  }

  @Test("an entry does not count once an output is gone, be it removed or deleted", arguments: [10, 50_000])
  func lostOutput(byteCount: Int) throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let output = try store.objects.put(noise(byteCount))
    let entry = entry("key", inputs: [:], outputs: ["x": output])
    try store.actions.record(entry)
    if byteCount > inlineByteLimit {
      try FileManager.default.removeItem(at: try folder.pack())
    } else {
      try store.objects.remove([output])
    }
    #expect(try store.actions.lookup(entry.key) == nil)
    _ = try store.objects.put(noise(byteCount))
    #expect(try store.actions.lookup(entry.key) == entry)
  }

  @Test("an entry does not count once a file of a snapshot that it gave is gone")
  func lostMember() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let weights = try store.objects.put(noise(50_000))
    let files = try store.objects.put(Snapshot(entries: [.init(path: "w", byteCount: 50_000, digest: weights)]))
    let entry = entry("key", inputs: [:], outputs: ["files": files])
    try store.actions.record(entry)
    #expect(try store.actions.lookup(entry.key) == entry)
    try store.objects.remove([weights])
    #expect(try store.actions.lookup(entry.key) == nil)
  }

  @Test("lineage goes through actions and snapshots, forwards and backwards, and through early cut-off")
  func lineage() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let letter = try store.objects.put(Data("letter".utf8))
    let source = try store.objects.put(Snapshot(entries: [.init(path: "l", byteCount: 6, digest: letter)]))
    let dataset = try store.objects.put(Data("dataset".utf8))
    let adapter = try store.objects.put(Data("adapter".utf8))
    let other = try store.objects.put(Data("other".utf8))
    let curate = entry("curate", inputs: ["source": source], outputs: ["dataset": dataset])
    let again = entry("curate, another way", inputs: ["source": other], outputs: ["dataset": dataset])
    let train = entry("train", inputs: ["train": dataset], outputs: ["files": adapter])
    for entry in [curate, again, train] { try store.actions.record(entry) }

    let lineage = store.lineage
    #expect(try lineage.descendants(of: letter) == [source, dataset, adapter].sorted())
    #expect(try lineage.ancestors(of: adapter) == [letter, source, dataset, other].sorted())
    #expect(try Set(lineage.derivations(of: dataset).map(\.key)) == [curate.key, again.key])
    #expect(try lineage.uses(of: dataset).map(\.outputs) == [["files": adapter]])
    #expect(try lineage.holders(of: letter) == [source])
    #expect(try lineage.ancestors(of: letter) == [])
  }

  @Test("lineage survives the erasure of the bytes")
  func erasure() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let output = try store.objects.put(Data("erased".utf8))
    try store.actions.record(entry("key", inputs: ["in": digest("in")], outputs: ["out": output]))
    try store.objects.remove([output])
    #expect(try store.lineage.ancestors(of: output) == [digest("in")])
    #expect(try store.fsck().isSound)
  }

  @Test("lineage with a loop in it ends")
  func loop() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let object = try store.objects.put(Data("same".utf8))
    try store.actions.record(entry("identity", inputs: ["in": object], outputs: ["out": object]))
    #expect(try store.lineage.ancestors(of: object) == [])
    #expect(try store.lineage.descendants(of: object) == [])
  }

  @Test("the history tells the key of an action in each build, the newest first")
  func history() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let builds = try (0..<3).map { try store.builds.begin(goal: "train", recipe: "a.yaml", at: Date(timeIntervalSince1970: Double($0))) }
    let items = builds.enumerated().map { index, build in
      BuildAction(
        build: build, action: "train.letters", key: digest("key \(index)"), preimage: digest("preimage \(index)"),
        outcome: [.ran, .failed, .reused][index], seconds: 1.5)
    }
    for item in items { try store.builds.record(item) }
    #expect(try store.builds.history(of: "train.letters", recipe: "a.yaml", last: 2) == [items[2], items[1]])
    #expect(try store.builds.history(of: "train", recipe: "a.yaml", last: 2) == [])
    #expect(try store.builds.actions(in: builds[0]) == [items[0]])
    #expect(try store.builds.last(2).map(\.id) == [builds[2], builds[1]])
    #expect(try store.builds.last(1).map(\.started) == ["1970-01-01T00:00:02Z"])
  }

  @Test("the history of one recipe has neither other recipes, nor trials, nor builds that did not say; one key can be left out")
  func historyOfRecipe() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    func record(_ key: String, recipe: String?, isTrial: Bool = false) throws -> BuildAction {
      let build = try store.builds.begin(goal: "build", recipe: recipe, isTrial: isTrial, at: Date(timeIntervalSince1970: 0))
      let item = BuildAction(build: build, action: "seal", key: digest(key), preimage: digest("preimage"), outcome: .ran, seconds: 1)
      try store.builds.record(item)
      return item
    }
    let first = try record("first", recipe: "a.yaml")
    let second = try record("second", recipe: "a.yaml")
    _ = try record("trial", recipe: "a.yaml", isTrial: true)
    let other = try record("other", recipe: "b.yaml")
    _ = try record("silent", recipe: nil)
    #expect(try store.builds.history(of: "seal", recipe: "a.yaml", last: 9) == [second, first])
    #expect(try store.builds.history(of: "seal", recipe: "a.yaml", otherThan: digest("second"), last: 9) == [first])
    #expect(try store.builds.history(of: "seal", recipe: "b.yaml", last: 9) == [other])
    #expect(try store.builds.last(3).map(\.recipe) == [nil, "b.yaml", "a.yaml"])
    #expect(try store.builds.last(3).map(\.isTrial) == [false, false, true])
  }

  private func entry(_ key: String, inputs: [String: Digest], outputs: [String: Digest]) -> ActionEntry {
    ActionEntry(key: digest(key), kind: "test", preimage: digest("preimage of " + key), inputs: inputs, outputs: outputs, seconds: 0.25)
  }
}
