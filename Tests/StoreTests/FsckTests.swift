import Artifacts
import Foundation
import Hashing
import Store
import Testing

@Suite("Checking a store")
struct FsckTests {
  /// A store with a small object, a large one, a snapshot of both, an action that gave it, and two events.
  private struct Sample {
    let folder: TemporaryFolder
    let store: WritableStore
    let small, large, files, key: Digest

    init() throws {
      folder = try TemporaryFolder()
      store = try folder.openStore()
      small = try store.objects.put(Data("small".utf8))
      large = try store.objects.put(noise(50_000))
      files = try store.objects.put(
        Snapshot(entries: [.init(path: "s", byteCount: 5, digest: small), .init(path: "l", byteCount: 50_000, digest: large)]))
      key = Digest(hashing: Data("key".utf8))
      try store.actions.record(
        ActionEntry(key: key, kind: "test", preimage: small, inputs: ["in": small], outputs: ["files": files], seconds: 1))
      for _ in 0..<2 { try store.log.append("built", at: Date(timeIntervalSince1970: 0), ["files": .digest(files)]) }
    }
  }

  @Test("a sound store is sound, and says what it holds")
  func sound() throws {
    let sample = try Sample()
    let report = try sample.store.fsck()
    #expect(report.isSound)
    #expect(report.objectCount == 3)
    #expect(report.byteCount == 5 + 50_000 + (try sample.store.objects.byteCount(of: sample.files) ?? 0))
    #expect(report.logLineCount == 2)
    #expect(report.orphanCount == 0 && report.leftoverCount == 0)
  }

  enum Damage: CaseIterable {
    case flippedByte, deletedFile, shortFile, changedRow, deletedRow, deletedSnapshot, changedLog, brokenFile

    func apply(_ folder: TemporaryFolder, large: Digest, small: Digest, files: Digest) throws {
      let pack = try folder.pack()
      switch self {
      case .flippedByte: try flipByte(of: pack)
      case .deletedFile: try FileManager.default.removeItem(at: pack)
      case .shortFile:
        try FileManager.default.removeItem(at: pack)
        try noise(100).write(to: pack)
      case .changedRow: try damageDatabase(of: folder, "UPDATE inline_object SET bytes = x'00' WHERE digest = x'\(small.hex)'")
      case .deletedRow: try damageDatabase(of: folder, "DELETE FROM object WHERE digest = x'\(small.hex)'")
      case .deletedSnapshot: try damageDatabase(of: folder, "DELETE FROM object WHERE digest = x'\(files.hex)'")
      case .changedLog:
        let log = folder.storeRoot.appending(path: "log")
        let text = try String(contentsOf: log, encoding: .utf8)
        try text.replacingOccurrences(of: #""event":"built","previous":null"#, with: #""event":"spoilt","previous":null"#)
          .write(to: log, atomically: true, encoding: .utf8)
      case .brokenFile:
        try FileManager.default.removeItem(at: pack)
        try FileManager.default.createDirectory(at: pack, withIntermediateDirectories: false)
      }
    }
  }

  @Test("each kind of damage is found, and nothing else is called damaged", arguments: Damage.allCases)
  func damage(_ damage: Damage) throws {
    let sample = try Sample()
    let pack = try sample.folder.pack().lastPathComponent
    try damage.apply(sample.folder, large: sample.large, small: sample.small, files: sample.files)
    let problems = try sample.store.fsck().problems
    let expected: [Fsck.Problem] =
      switch damage {
      case .flippedByte: [.objectChanged(sample.large)]
      case .shortFile: [.packCutShort(pack, objects: 1)]
      case .deletedFile, .brokenFile: [.packMissing(pack, objects: 1)]
      case .changedRow: [.objectChanged(sample.small)]
      case .deletedRow: [.memberMissing(holder: sample.files, sample.small)]
      case .deletedSnapshot: [.outputMissing(key: sample.key, name: "files", sample.files)]
      case .changedLog: [.log(.changed(line: 1))]
      }
    #expect(problems == expected)
  }

  @Test("after a repair the store is sound, and what was damaged is made anew", arguments: [Damage.flippedByte, .deletedFile, .shortFile, .brokenFile, .changedRow])
  func repair(_ damage: Damage) throws {
    let sample = try Sample()
    try damage.apply(sample.folder, large: sample.large, small: sample.small, files: sample.files)
    try sample.store.repair(try sample.store.fsck())
    #expect(try sample.store.fsck().isSound)
    #expect(try sample.store.actions.lookup(sample.key) == nil)
    _ = try sample.store.objects.put([Data("small".utf8), noise(50_000)])
    #expect(try sample.store.actions.lookup(sample.key)?.outputs == ["files": sample.files])
  }

  @Test("files that no row names are counted, are no problem, and go with a repair")
  func orphans() throws {
    let sample = try Sample()
    try sample.folder.write(noise(20_000), to: ".soulpack/objects/ab/" + String(repeating: "c", count: 62))
    try sample.folder.write("x", to: ".soulpack/objects/ab/notes.txt")
    try sample.folder.write("x", to: ".soulpack/packs/0123456789abcdef")
    try sample.folder.write("x", to: ".soulpack/tmp/half")
    let report = try sample.store.fsck()
    #expect(report.isSound)
    #expect(report.orphanCount == 3 && report.leftoverCount == 1)
    try sample.store.repair(report)
    #expect(try sample.store.fsck().orphanCount == 0)
  }

  @Test("a reader can check while a writer holds the store")
  func reader() throws {
    let sample = try Sample()
    var done: [Int64] = []
    let report = try ReadableStore.open(at: sample.folder.storeRoot).fsck { done.append($0.done) }
    #expect(report.isSound)
    #expect(done == [1, 2, 3])
  }

  @Test("a damaged page of the database is found")
  func damagedPage() throws {
    let sample = try Sample()
    for seed in 0..<200 { _ = try sample.store.objects.put(noise(3000, seed: UInt64(seed))) }
    try sample.store.close()
    try damageDatabase(of: sample.folder, "PRAGMA wal_checkpoint(TRUNCATE)")  // all pages into the file
    let file = sample.folder.storeRoot.appending(path: "store.sqlite")
    var bytes = try Data(contentsOf: file)
    try #require(bytes.count > 500_000)
    for index in stride(from: 40_960, to: bytes.count - 4096, by: 4096) { bytes.replaceSubrange(index..<index + 64, with: noise(64)) }
    try bytes.write(to: file)
    let isFound = try { () -> Bool in
      do {
        return try !ReadableStore.open(at: sample.folder.storeRoot).fsck().isSound
      } catch let error as StoreError {
        return error.hint?.contains("delete") == true
      }
    }()
    #expect(isFound)
  }
}
