import Artifacts
import Foundation
import Glibc
import Hashing
import Store
import Synchronization
import Testing

@Suite("The event log")
struct EventLogTests {
  private let time = Date(timeIntervalSince1970: 1_700_000_000)

  /// A store with `count` events, closed.
  private func folder(events count: Int) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    for number in 0..<count { try store.log.append("built", at: time, ["action": .name("a\(number)"), "records": .count(Int64(number))]) }
    try store.close()
    return folder
  }

  private func log(of folder: TemporaryFolder) -> URL { folder.storeRoot.appending(path: "log") }

  private func lines(of folder: TemporaryFolder) throws -> [Data] {
    try Data(contentsOf: log(of: folder)).split(separator: 10).map { Data($0) }
  }

  private func replaceLines(of folder: TemporaryFolder, _ lines: [Data]) throws {
    try Data(lines.flatMap { $0 + [10] }).write(to: log(of: folder))
  }

  @Test("entries come back, numbered and chained by the digest of the line before")
  func roundTrip() throws {
    let folder = try folder(events: 3)
    let store = try ReadableStore.open(at: folder.storeRoot)
    let entries = try store.log.entries()
    #expect(entries.map(\.sequence) == [1, 2, 3])
    #expect(entries.map(\.previous) == [nil] + (try lines(of: folder)).dropLast().map { Digest(hashing: $0) })
    #expect(entries[1].details == ["action": .name("a1"), "records": .count(1)])
    #expect(entries[0].time == "2023-11-14T22:13:20Z")
    let head = LogHead(sequence: 3, digest: Digest(hashing: try lines(of: folder)[2]))
    #expect(try store.log.head() == head)
    let verification = try store.log.verify(pinned: head)
    #expect(verification.lineCount == 3 && verification.head == head && verification.tornByteCount == 0)
    #expect(verification.problems == [])
  }

  @Test("a log without a line has no head")
  func empty() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    #expect(try store.log.head() == nil)
    #expect(try store.log.verify().problems == [])
  }

  @Test("a line longer than any window is chained on")
  func longLine() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    for _ in 0..<3 { try store.log.append("built", at: time, ["name": .name(String(repeating: "é\n", count: 5000))]) }
    #expect(try store.log.verify().problems == [])
    #expect(try store.log.entries().count == 3)
  }

  @Test("events of several threads are chained one after another")
  func threads() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    try await withThrowingTaskGroup { group in
      for _ in 0..<20 { group.addTask { _ = try store.log.append("built", at: self.time) } }
      try await group.waitForAll()
    }
    #expect(try store.log.verify().problems == [])
    #expect(try store.log.entries().count == 20)
  }

  enum Tampering: CaseIterable {
    case changed, changedLast, cut, cutFirst, shortened, emptied, swapped, doubled, spaced, garbage

    func apply(_ lines: [Data]) -> [Data] {
      var lines = lines
      switch self {
      case .changed: lines[1] = replacing(lines[1], "\"a1\"", "\"b1\"")
      case .changedLast: lines[4] = replacing(lines[4], "\"a4\"", "\"b4\"")
      case .cut: lines.remove(at: 2)
      case .cutFirst: lines.remove(at: 0)
      case .shortened: lines.removeLast()
      case .emptied: lines = []
      case .swapped: lines.swapAt(1, 2)
      case .doubled: lines.insert(lines[2], at: 2)
      case .spaced: lines[3] = replacing(lines[3], ":", ": ")
      case .garbage: lines[2] = Data([0xFF, 0x00])
      }
      return lines
    }

    private func replacing(_ line: Data, _ old: String, _ new: String) -> Data {
      Data(String(decoding: line, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8)
    }

    /// What is named first. `head` is the head before.
    func firstProblem(head: LogHead) -> LogProblem {
      switch self {
      case .changed: .changed(line: 2)
      case .changedLast, .shortened, .emptied: .headMissing(head)
      case .cut: .outOfSequence(line: 3, expected: 3, found: 4)
      case .cutFirst: .outOfSequence(line: 1, expected: 1, found: 2)
      case .swapped: .outOfSequence(line: 2, expected: 2, found: 3)
      case .doubled: .outOfSequence(line: 4, expected: 4, found: 3)
      case .spaced: .unreadable(line: 4)
      case .garbage: .unreadable(line: 3)
      }
    }
  }

  @Test("tampering is found and named", arguments: Tampering.allCases)
  func tampering(_ tampering: Tampering) throws {
    let folder = try folder(events: 5)
    let store = try ReadableStore.open(at: folder.storeRoot)
    let head = try #require(try store.log.head())
    try replaceLines(of: folder, tampering.apply(try lines(of: folder)))
    #expect(try store.log.verify().problems.first == tampering.firstProblem(head: head))
    #expect(try store.fsck().problems.contains(.log(tampering.firstProblem(head: head))))
  }

  @Test("a log that lost its end is not built over", arguments: [0, 4])
  func appendToShortened(keeping count: Int) throws {
    let folder = try folder(events: 5)
    try replaceLines(of: folder, Array(try lines(of: folder).prefix(count)))
    let store = try folder.openStore()
    let error = #expect(throws: LogError.self) { try store.log.append("built", at: time) }
    #expect(error?.message.hasSuffix("ends at event \(count), and it had 5") == true)
    #expect(try lines(of: folder).count == count)
  }

  @Test("a pinned head guards a log whose database was lost too")
  func pinnedHead() throws {
    let folder = try folder(events: 5)
    let head = try #require(try ReadableStore.open(at: folder.storeRoot).log.head())
    try replaceLines(of: folder, Array(try lines(of: folder).prefix(4)))
    try damageDatabase(of: folder, "DELETE FROM log_head")
    let store = try ReadableStore.open(at: folder.storeRoot)
    #expect(try store.log.verify().problems == [])
    #expect(try store.log.verify(pinned: head).problems == [.headMissing(head)])
  }

  @Test("half a line after a crash is no tampering, and the next writer cuts it off and says so", arguments: [1, 20, 100])
  func tornLine(byteCount: Int) throws {
    let folder = try folder(events: 3)
    var bytes = try Data(contentsOf: log(of: folder))
    bytes.append(try lines(of: folder)[2].prefix(byteCount))
    try bytes.write(to: log(of: folder))

    let reader = try ReadableStore.open(at: folder.storeRoot)
    #expect(try reader.log.entries().count == 3)
    let verification = try reader.log.verify()
    #expect(verification.tornByteCount == byteCount)
    #expect(verification.problems == [])

    let store = try folder.openStore()
    try store.log.append("built", at: time)
    #expect(try store.log.entries().map(\.event) == ["built", "built", "built", "log-mended", "built"])
    #expect(try store.log.entries()[3].details == ["bytes-cut": .count(Int64(byteCount))])
    #expect(try store.log.verify().problems == [])
    #expect(try store.log.verify().tornByteCount == 0)
  }

  @Test("zeros that a power cut left at the end are a torn line")
  func zeros() throws {
    let folder = try folder(events: 1)
    try (Data(contentsOf: log(of: folder)) + Data(count: 512)).write(to: log(of: folder))
    let store = try folder.openStore()
    try store.log.append("built", at: time)
    #expect(try store.log.entries().map(\.event) == ["built", "log-mended", "built"])
  }

  @Test("a whole last line that lacks only its line feed is kept")
  func missingLineFeed() throws {
    let folder = try folder(events: 3)
    truncate(log(of: folder).path, off_t(try Data(contentsOf: log(of: folder)).count - 1))
    let store = try folder.openStore()
    #expect(try store.log.verify().problems == [])
    try store.log.append("built", at: time)
    #expect(try store.log.entries().map(\.sequence) == [1, 2, 3, 4])
    #expect(try store.log.verify().problems == [])
  }

  @Test("a full disk adds no line and tears none")
  func fullDisk() throws {
    let folder = try folder(events: 2)
    let isFull = Atomic(true)
    var calls = DiskCalls.system
    calls.write = { descriptor, bytes in
      guard isFull.load(ordering: .relaxed) else { return DiskCalls.system.write(descriptor, bytes) }
      if bytes.count > 10 { return DiskCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<10])) }
      errno = ENOSPC
      return -1
    }
    let before = try Data(contentsOf: log(of: folder))
    let store = try folder.openStore(calls: calls)
    // The first 10 bytes are written each time, so that the rest of every line gets smaller until the disk is full.
    #expect(throws: StoreError.self) { try store.log.append("built", at: time) }
    #expect(try Data(contentsOf: log(of: folder)) == before)
    isFull.store(false, ordering: .relaxed)
    try store.log.append("built", at: time)
    #expect(try store.log.entries().map(\.sequence) == [1, 2, 3])
  }
}
