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
