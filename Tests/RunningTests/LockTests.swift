import Artifacts
import Foundation
import Hashing
import Planning
import Running
import Testing

@Suite("soul.lock")
struct LockTests {
  private let one = Digest(hashing: Data("one".utf8))
  private let two = Digest(hashing: Data("two".utf8))

  private func pins(_ sources: [String: Digest], kinds: [ActionKind] = [.curate, .train]) -> Lock.Pins {
    Lock.Pins(
      sources: Dictionary(uniqueKeysWithValues: sources.map { (Source(kind: .folder, path: $0.key), $0.value) }),
      actions: kinds.map { Action("an action", kind: $0) })
  }

  private func lock(_ pins: Lock.Pins) -> Lock {
    var lock = Lock()
    lock.recipes["r.yaml"] = pins
    return lock
  }

  @Test("nothing differs from itself; an unknown recipe is not locked")
  func same() {
    let lock = lock(pins(["a": one]))
    #expect(lock.differences(from: pins(["a": one]), recipe: "r.yaml", isComplete: true) == [])
    #expect(lock.differences(from: pins(["a": one]), recipe: "s.yaml", isComplete: true) == [.notLocked(recipe: "s.yaml")])
    #expect(Lock().semanticsDifferences(from: pins([:]), recipe: "r.yaml") == [])
  }

  @Test("changed, added and dropped sources are told in the order of their paths")
  func sources() {
    let differences = lock(pins(["b": one, "c": one, "d": one])).differences(from: pins(["a": one, "b": one, "c": two]), recipe: "r.yaml", isComplete: true)
    #expect(
      differences == [
        .source(path: "a", locked: nil, found: one), .source(path: "c", locked: one, found: two), .source(path: "d", locked: one, found: nil),
      ])
    #expect(differences.map(\.description) == ["a is not locked", "c is \(two.short), locked is \(one.short)", "d is locked and no longer used"])
  }

  @Test("a revision of a hub is pinned to its commit; one that moved is told; what is written is read back, and a lock without any is written as ever")
  func revisions() throws {
    let (first, second) = (String(repeating: "1a", count: 20), String(repeating: "2b", count: 20))
    let model = "hf://owner/name@main"
    func pins(_ commit: String, _ digest: Digest) -> Lock.Pins {
      let reference = HubReference(model)!
      let origin = Digest(hashing: HubOrigin(reference, commit: commit).canonical)
      return Lock.Pins(
        sources: [Source(kind: .hubModel, path: model): digest, Source(kind: .hubOrigin, path: model): origin], revisions: [model: commit], actions: [])
    }
    let lock = lock(pins(first, one))
    #expect(lock.recipes["r.yaml"]?.sources == [model: one])
    #expect(lock.recipes["r.yaml"]?.outsideModels == [model: OutsideModels.Pin(commit: first, digest: one)])
    #expect(lock.differences(from: pins(first, one), recipe: "r.yaml", isComplete: true) == [])
    let moved = lock.differences(from: pins(second, two), recipe: "r.yaml", isComplete: true)
    #expect(moved.map(\.description) == ["\(model) is commit 2b2b2b2b2b2b, locked is 1a1a1a1a1a1a", "\(model) is \(two.short), locked is \(one.short)"])

    let folder = FileManager.default.temporaryDirectory.appending(path: "lock-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // A folder that stays is a nuisance, and no failure.
    try lock.write(to: folder)
    #expect(try Lock(readingFrom: folder) == lock)
    let file = folder.appending(path: Lock.fileName)
    let text = try String(contentsOf: file, encoding: .utf8)
    for other in ["main", "../../etc", second.uppercased()] {
      try text.replacing(first, with: other).write(to: file, atomically: true, encoding: .utf8)
      #expect(throws: UnreadableLock.self) { try Lock(readingFrom: folder) }
    }
    try self.lock(self.pins(["a": one])).write(to: folder)
    #expect(try !String(contentsOf: file, encoding: .utf8).contains("revisions"))
  }

  @Test("a goal short of the whole recipe does not miss the sources that it does not need")
  func partial() {
    let lock = lock(pins(["a": one, "b": one]))
    #expect(lock.differences(from: pins(["a": one]), recipe: "r.yaml", isComplete: false) == [])
    #expect(lock.differences(from: pins(["a": two]), recipe: "r.yaml", isComplete: false).count == 1)
  }

  @Test("a path used as a file and as a dataset is pinned in both uses, in any order, and a goal may use either")
  func twoUses() {
    let uses = [(Source(kind: .file, path: "a"), one), (Source(kind: .fileOrFolder, path: "a"), two)]
    func pins(_ uses: [(Source, Digest)]) -> Lock.Pins { Lock.Pins(sources: Dictionary(uniqueKeysWithValues: uses), actions: []) }
    let both = pins(uses)
    #expect(both.sources == ["a": two, "a//file": one])
    #expect(pins(uses.reversed()) == both)
    for use in uses { #expect(lock(both).differences(from: pins([use]), recipe: "r.yaml", isComplete: false) == []) }
    let three = Digest(hashing: Data("three".utf8))
    #expect(lock(both).differences(from: pins([(uses[0].0, three)]), recipe: "r.yaml", isComplete: false).count == 1)
    #expect(pins([uses[0]]).sources == ["a": one] && pins([uses[1]]).sources == ["a": two])
  }

  @Test("a step of another meaning differs whatever is asked for, and the hint is another")
  func semantics() {
    var old = pins(["a": one])
    old.semantics["train"] = 99
    let differences = lock(old).semanticsDifferences(from: pins(["a": one]), recipe: "r.yaml")
    #expect(differences == [.semantics(kind: "train", locked: 99, found: ActionKind.train.semantics)])
    #expect(LockDiffers(differences: differences).hint?.contains("soulpack update") == true)
    #expect(LockDiffers(differences: [.notLocked(recipe: "r.yaml")]).hint?.contains("--locked") == true)
  }

  @Test("written and read it is the same; written again, the file is left alone; an absent one is empty")
  func disk() throws {
    let shop = try Workshop()
    #expect(try Lock(readingFrom: shop.folder) == Lock())
    let lock = lock(pins(["a": one, "b/c": two]))
    try lock.write(to: shop.folder)
    #expect(try Lock(readingFrom: shop.folder) == lock)
    let file = shop.folder.appending(path: Lock.fileName)
    let inode = try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int
    try lock.write(to: shop.folder)
    #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int == inode)
  }

  @Test("what is no lock is refused, not forgotten", arguments: [
    "", "{", "[]", #"{"schema":"soulpack.lock/2","recipes":{}}"#, #"{"schema":"soulpack.lock/1"}"#,
    #"{"schema":"soulpack.lock/1","recipes":{"r":{}}}"#, #"{"schema":"soulpack.lock/1","recipes":{"r":{"sources":{"a":"sha256:xx"},"semantics":{}}}}"#,
    #"{"schema":"soulpack.lock/1","recipes":{"r":{"sources":{},"semantics":{"train":"1"}}}}"#,
  ])
  func unreadable(text: String) throws {
    let shop = try Workshop()
    try Data(text.utf8).write(to: shop.folder.appending(path: Lock.fileName))
    #expect(throws: UnreadableLock.self) { try Lock(readingFrom: shop.folder) }
  }
}
