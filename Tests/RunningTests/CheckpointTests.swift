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

  @Test("a torn or changed file is no state: cut at any length, or with any bit flipped")
  func torn() throws {
    let shop = try Workshop()
    let checkpoint = Checkpoint(key: key, folder: shop.folder)
    try checkpoint.save(Data("a state of some bytes".utf8))
    let file = shop.folder.appending(path: "\(key.hex).checkpoint")
    let whole = try Data(contentsOf: file)
    for count in 0..<whole.count {
      try whole.prefix(count).write(to: file)
      #expect(try checkpoint.load() == nil, "cut to \(count)")
    }
    for bit in 0..<(whole.count * 8) {
      var changed = whole
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      try changed.write(to: file)
      #expect(try checkpoint.load() == nil, "bit \(bit)")
    }
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
