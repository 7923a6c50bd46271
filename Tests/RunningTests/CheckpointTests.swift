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
    try checkpoint.save { try $0(Array("one".utf8)) }
    try checkpoint.save { try $0(Array("two".utf8)) }
    #expect(try checkpoint.load() == Data("two".utf8))
    #expect(try Checkpoint(key: Digest(hashing: Data("other".utf8)), folder: shop.folder).load() == nil)
    try checkpoint.save { _ in }
    #expect(try checkpoint.load() == Data())
    try checkpoint.remove()
    try checkpoint.remove()
    #expect(try checkpoint.load() == nil)
  }

  @Test("a state is written as it is handed on, and one that was loaded stays what it was when another takes its place")
  func pieces() throws {
    let shop = try Workshop()
    let checkpoint = Checkpoint(key: key, folder: shop.folder)
    try checkpoint.save { write in for piece in ["on", "", "e"] { try write(Array(piece.utf8)) } }
    let loaded = try #require(try checkpoint.load())
    try checkpoint.save { try $0(Array("two".utf8)) }
    #expect(throws: MadeUpFailure.self) {
      try checkpoint.save { write in
        try write(Array("thr".utf8))
        throw MadeUpFailure()
      }
    }
    #expect(try checkpoint.load() == Data("two".utf8), "a save that failed changes nothing")
    try checkpoint.remove()
    #expect(loaded == Data("one".utf8))
  }

  @Test("a state that no build came back to in thirty days is removed, a draft of one too, and a younger one is not")
  func forgotten() async throws {
    let shop = try Workshop()
    let folder = shop.store.root.appending(path: "checkpoints")
    try Checkpoint(key: key, folder: folder).save { try $0(Array("young".utf8)) }
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
      try context.checkpoint.save { try $0(Array("half".utf8)) }
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
