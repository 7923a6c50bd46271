import Artifacts
import Foundation
import Hashing
import Store
import Testing

@Suite("What steps remember")
struct MemoTests {
  private let folder: TemporaryFolder
  private let store: WritableStore
  private let keys = (0..<5).map { Digest(hashing: Data("key \($0)".utf8)) }

  init() throws {
    folder = try TemporaryFolder()
    store = try folder.openStore()
  }

  @Test("values come back by their keys, for readers too, and a later value takes the place of an earlier one")
  func roundTrip() throws {
    let values = [Data(), Data("one".utf8), noise(3 << 20), noise(31)]
    try store.memo.keep(zip(keys, values).map { ($0, $1) })
    #expect(try store.memo.lookup(keys) == values + [nil])
    #expect(try ReadableStore.open(at: folder.storeRoot).memo.lookup(keys) == values + [nil])
    try store.memo.keep([(keys[1], Data("another".utf8))])
    #expect(try store.memo.lookup([keys[1], keys[3]]) == [Data("another".utf8), values[3]])
    #expect(try store.fsck().isSound)
  }

  @Test("a file of which every value was replaced is given back, and one of which some were is not")
  func replaced() throws {
    try store.memo.keep([(keys[0], noise(100)), (keys[1], noise(200))])
    try store.memo.keep([(keys[1], Data("newer".utf8))])
    #expect(try memoFiles().count == 2)
    try store.memo.keep([(keys[0], Data("newest".utf8))])
    #expect(try memoFiles().count == 2)
    #expect(try store.memo.lookup([keys[0], keys[1]]) == [Data("newest".utf8), Data("newer".utf8)])
    #expect(try store.fsck().isSound)
  }

  @Test("a damaged value is not given, wherever the damage is", arguments: 0..<40)
  func damage(number: Int) throws {
    let value = noise(1000)
    try store.memo.keep([(keys[0], value)])
    let file = try #require(try memoFiles().first)
    var bytes = try Data(contentsOf: file)
    bytes[16 + number * 25] ^= UInt8(1 << (number % 8))
    try FileManager.default.removeItem(at: file)
    try bytes.write(to: file)
    #expect(try ReadableStore.open(at: folder.storeRoot).memo.lookup([keys[0]]) == [nil])
  }

  @Test("a value in another's place is not given, nor one whose file was cut short or deleted")
  func wrongPlace() throws {
    try store.memo.keep([(keys[0], noise(100)), (keys[1], noise(100, seed: 2))])
    try damageDatabase(of: folder, "UPDATE memo SET place = 16")
    let found = try store.memo.lookup([keys[0], keys[1]])
    #expect(found == [noise(100), nil])
    try FileManager.default.removeItem(at: try #require(try memoFiles().first))
    #expect(try ReadableStore.open(at: folder.storeRoot).memo.lookup([keys[0]]) == [nil])
  }

  @Test("forgotten, nothing of it is left in any file of the store")
  func removal() throws {
    let value = noise(5000, seed: 9)
    try store.memo.keep([(keys[0], value)])
    #expect(try folder.allStoreBytes().holds(value))
    try store.memo.removeAll()
    #expect(try !folder.allStoreBytes().holds(value))
    #expect(try store.memo.lookup([keys[0]]) == [nil])
    #expect(try memoFiles() == [])
  }

  private func memoFiles() throws -> [URL] {
    let memo = folder.storeRoot.appending(path: "memo")
    return try FileManager.default.contentsOfDirectory(atPath: memo.path).map { memo.appending(path: $0) }
  }
}
