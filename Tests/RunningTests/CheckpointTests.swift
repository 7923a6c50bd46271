import Artifacts
import Foundation
import Hashing
import Planning
import Running
import Store
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
  private let key = Digest(hashing: Data("key".utf8))

  @Test("the last state that was saved is loaded; another key has another; removed, it is gone")
  func saved() throws {
    let shop = try Workshop()
    let checkpoint = Checkpoint(key: key, folder: shop.folder)
    #expect(try checkpoint.load() == nil)
    try checkpoint.save(Data("one".utf8))
    try checkpoint.save(Data("two".utf8))
    #expect(try checkpoint.load() == Data("two".utf8))
    #expect(try Checkpoint(key: Digest(hashing: Data("other".utf8)), folder: shop.folder).load() == nil)
    try checkpoint.save(Data())
    #expect(try checkpoint.load() == Data())
    try checkpoint.remove()
    try checkpoint.remove()
    #expect(try checkpoint.load() == nil)
  }

  @Test("a state that no build came back to in thirty days is removed, a draft of one too, and a younger one is not")
  func forgotten() async throws {
    let shop = try Workshop()
    let folder = shop.store.root.appending(path: "checkpoints")
    try Checkpoint(key: key, folder: folder).save(Data("young".utf8))
    for (name, days) in [("old.checkpoint", 31.0), (".old.checkpoint.1", 31), ("recent.checkpoint", 29)] {
      let file = folder.appending(path: name)
      try Data("state".utf8).write(to: file)
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -days * 86_400)], ofItemAtPath: file.path)
    }
    _ = try await shop.build([Action("a")])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["\(key.hex).checkpoint", "recent.checkpoint"].sorted())
  }

  @Test("a step that failed finds its checkpoint in the next build, and one that is done leaves none")
  func resumed() async throws {
    let shop = try Workshop()
    _ = try await shop.build([Action("a")]) { context in
      try context.checkpoint.save(Data("half".utf8))
      throw MadeUpFailure()
    }
    let report = try await shop.build([Action("a")]) { context in
      let state = try #require(try context.checkpoint.load())
      return ["out": try context.store.objects.put(state + Data(" and half".utf8))]
    }
    #expect(try shop.store.objects.get(try #require(report.output("out", of: "a"))) == Data("half and half".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: shop.store.root.appending(path: "checkpoints").path) == [])
  }
}
