import Artifacts
import Fetching
import Foundation
import Hashing
import Synchronization
import Testing

@Suite("Fetching a model", .serialized)
struct FetchTests {
  @Test("the files that the engine reads come, and no others, in the layout that the hub's library has")
  func layout() throws {
    let hub = try LocalHub()
    let model = try hub.fetch()
    #expect(model.origin.reference == "hf://tests/tiny@\(LocalHub.first)")
    #expect(try model.contents() == LocalHub.model)
    let stored = hub.stored
    #expect(try String(contentsOf: stored.appending(path: "refs/main"), encoding: .utf8) == LocalHub.first)
    let snapshot = stored.appending(path: "snapshots/\(LocalHub.first)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: snapshot.path).sorted() == LocalHub.model.keys.sorted())
    let digest = Digest(hashing: LocalHub.weights).hex
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: snapshot.appending(path: "model.safetensors").path) == "../../blobs/\(digest)")
    #expect(try hub.blobs().count == 4 && hub.unfinished().isEmpty)
    let asked = try hub.asked()
    #expect(asked.filter { $0.method == "GET" && $0.path.contains("resolve") }.count == 4)
    #expect(asked.allSatisfy { $0.encoding == "identity" })
  }

  @Test("what is here is not fetched again, and a branch that moved brings what is new alone")
  func again() throws {
    let hub = try LocalHub()
    try hub.fetch()
    _ = try hub.asked()
    try hub.fetch()
    #expect(try hub.asked().filter { $0.method == "GET" }.map(\.path) == ["/api/models/tests/tiny/revision/main"])
    var next = LocalHub.model
    next["config.json"] = Data("{\"model_type\":\"qwen2\"}\n".utf8)
    try hub.put(next, at: LocalHub.second)
    try hub.point(["main": LocalHub.second])
    #expect(try hub.fetch().contents() == next)
    #expect(try hub.asked().filter { $0.method == "GET" && $0.path.contains("resolve") }.map(\.path) == ["/tests/tiny/resolve/\(LocalHub.second)/config.json"])
    #expect(try hub.fetch(commit: LocalHub.first).contents() == LocalHub.model, "the state that was pinned")
    #expect(try String(contentsOf: hub.stored.appending(path: "refs/main"), encoding: .utf8) == LocalHub.second, "a pin says nothing of the branch")
  }

  @Test("a revision is a commit, a tag, or a branch with / in its name", arguments: [LocalHub.first, "v1", "feature/a"])
  func revisions(revision: String) throws {
    let hub = try LocalHub()
    #expect(try hub.fetch("hf://tests/tiny@\(revision)").origin.commit == LocalHub.first)
    #expect(try hub.fetch("hf://tests/tiny@\(revision)", ["HF_HUB_OFFLINE": "1"]).contents() == LocalHub.model)
  }

  @Test("weights in shards come with their index, however wide their numbers are", arguments: ["00002", "000002"])
  func shards(count: String) throws {
    let hub = try LocalHub()
    let shards = ["model-00001-of-\(count).safetensors", "model-00002-of-\(count).safetensors"]
    var files = LocalHub.model
    files["model.safetensors"] = nil
    files["model.safetensors.index.json"] = Data("{}".utf8)
    for shard in shards { files[shard] = Data(shard.utf8) }
    try hub.put(files, at: LocalHub.first, of: "tests/large")
    try hub.point(["main": LocalHub.first], of: "tests/large")
    #expect(try hub.fetch("hf://tests/large@main").contents() == files)
    try FileManager.default.removeItem(at: hub.folder.appending(path: "hub/tests/large/\(LocalHub.first)/\(shards[1])"))
    let reference = try #require(HubReference("hf://tests/large@main"))
    #expect(try hub.failure("hf://tests/large@main") == .notAModel(reference, missing: shards[1]))
    try hub.put(["model-00001-of-00001.safetensors": Data("another set".utf8)], at: LocalHub.first, of: "tests/large")
    #expect(try hub.failure("hf://tests/large@main") == .notAModel(reference, missing: "single set of shards"))
  }

  @Test("a hub that sends from one of its own addresses to another is followed, with the token")
  func ownRedirects() throws {
    let hub = try LocalHub()
    try hub.copy(to: "cached/tiny")
    #expect(try hub.fetch("hf://cached/tiny@main", ["HF_TOKEN": LocalHub.token]).contents() == LocalHub.model)
    let asked = try hub.asked().filter { $0.path.contains("resolve-cache") }
    #expect(!asked.isEmpty && asked.allSatisfy(\.hadToken))
  }

  @Test("a survey says how large what is missing is, and fetches nothing")
  func survey() throws {
    let hub = try LocalHub()
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    let before = try hub.fetcher().survey(reference)
    #expect(before.files.map(\.name) == LocalHub.model.keys.sorted() && before.files.allSatisfy { !$0.isHere })
    #expect(before.files.map(\.byteCount) == before.files.map { Int64(LocalHub.model[$0.name]?.count ?? -1) })
    #expect(try hub.blobs().isEmpty)
    try hub.fetch()
    #expect(try hub.fetcher().survey(reference).files.allSatisfy(\.isHere))
  }

  // MARK: Offline

  @Test("offline, nobody is asked: the cache has it, or it is said what is not there")
  func offline() throws {
    let hub = try LocalHub()
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    let offline = ["HF_HUB_OFFLINE": "1"]
    #expect(try hub.failure("hf://tests/tiny@main", offline) == .notCached(reference))
    try hub.fetch()
    _ = try hub.asked()
    #expect(try hub.fetch("hf://tests/tiny@main", offline).contents() == LocalHub.model)
    #expect(try hub.asked().isEmpty)
    let snapshot = hub.stored.appending(path: "snapshots/\(LocalHub.first)")
    try FileManager.default.removeItem(at: snapshot.appending(path: "tokenizer.json"))
    #expect(try hub.failure("hf://tests/tiny@main", offline) == .incomplete(reference, file: "tokenizer.json"))
    #expect(try hub.asked().isEmpty)
  }

  @Test("a content of the cache that is not what its name says is refused offline, and fetched again otherwise")
  func damaged() throws {
    let hub = try LocalHub()
    let place = try #require(try hub.fetch().files["model.safetensors"])
    var bytes = LocalHub.weights
    bytes[77] ^= 1
    try bytes.write(to: place)
    #expect(try hub.failure("hf://tests/tiny@main", ["HF_HUB_OFFLINE": "1"]) == .damagedCache(path: place.path))
    #expect(try hub.fetch().contents() == LocalHub.model)
  }

  // MARK: What others did to the cache

  @Test("a link to another whole content is not believed: the hub says which one is meant, and the link is laid anew", arguments: [nil, LocalHub.first])
  func otherLink(commit: String?) throws {
    let hub = try LocalHub()
    try hub.fetch()
    let other = Data("weights of another model".utf8)
    let digest = Digest(hashing: other).hex
    try other.write(to: hub.stored.appending(path: "blobs/\(digest)"))
    let link = hub.stored.appending(path: "snapshots/\(LocalHub.first)/model.safetensors")
    try FileManager.default.removeItem(at: link)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "../../blobs/\(digest)")
    _ = try hub.asked()
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    #expect(try hub.fetcher().survey(reference, commit: commit).files.filter { !$0.isHere }.map(\.name) == ["model.safetensors"])
    #expect(try hub.fetch(commit: commit).contents() == LocalHub.model)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "../../blobs/\(Digest(hashing: LocalHub.weights).hex)")
    #expect(try hub.asked().allSatisfy { $0.host == "hub" }, "the right content was here")
    #expect(try hub.fetch("hf://tests/tiny@main", ["HF_HUB_OFFLINE": "1"]).contents() == LocalHub.model)
  }

  @Test("what a branch is, is written where it is new; where it cannot be written, the model is here all the same")
  func refs() throws {
    let hub = try LocalHub()
    try hub.fetch()
    let ref = hub.stored.appending(path: "refs/main")
    func inode() throws -> Int? { try FileManager.default.attributesOfItem(atPath: ref.path)[.systemFileNumber] as? Int }
    let before = try inode()
    try hub.fetch()
    #expect(try inode() == before && before != nil)
    // A folder of that name stops every user, root too.
    try FileManager.default.removeItem(at: ref)
    try FileManager.default.createDirectory(at: ref.appending(path: "inside"), withIntermediateDirectories: true)
    let told = Mutex<[String]>([])
    let fetcher = try hub.fetcher { event in if case .notNoted(let revision, _) = event { told.withLock { $0.append(revision) } } }
    #expect(try fetcher.fetch(try #require(HubReference("hf://tests/tiny@main"))).contents() == LocalHub.model)
    #expect(told.withLock { $0 } == ["main"])
  }

  @Test("a pipe where a file should be is not waited for")
  func pipes() throws {
    let hub = try LocalHub()
    try hub.fetch()
    let ref = hub.stored.appending(path: "refs/main")
    try FileManager.default.removeItem(at: ref)
    #expect(mkfifo(ref.path, 0o644) == 0 && mkfifo(hub.folder.appending(path: "token").path, 0o644) == 0)
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    #expect(try hub.failure("hf://tests/tiny@main", ["HF_HUB_OFFLINE": "1", "HF_HOME": hub.folder.path]) == .notCached(reference))
    try hub.fetch()
    #expect(try String(contentsOf: ref, encoding: .utf8) == LocalHub.first)
  }

  @Test("a commit's folder that is a link elsewhere has nothing replaced")
  func linkedFolder() throws {
    let hub = try LocalHub()
    let elsewhere = hub.folder.appending(path: "elsewhere")
    let snapshots = hub.stored.appending(path: "snapshots")
    for folder in [elsewhere, snapshots] { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
    try Data("mine".utf8).write(to: elsewhere.appending(path: "config.json"))
    let link = snapshots.appending(path: LocalHub.first)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: elsewhere)
    guard case .disk(_, _, ENOTDIR) = try hub.failure() else { return #expect(Bool(false)) }
    #expect(try Data(contentsOf: elsewhere.appending(path: "config.json")) == Data("mine".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path) == ["config.json"])
  }

  @Test("a lock whose file was deleted while it was waited for holds nobody off: the one that has its name is waited for")
  func deletedLock() async throws {
    let hub = try LocalHub()
    let file = hub.cache.appending(path: ".locks/models--tests--tiny/\(Digest(hashing: LocalHub.weights).hex).lock")
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    func locked() -> Int32 {
      let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      return descriptor
    }
    let old = locked()
    let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
    let fetcher = try hub.fetcher { event in if case .waiting("model.safetensors") = event { waiting.yield() } }
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    let fetching = Task { try fetcher.fetch(reference).contents() }
    for await _ in waits { break }
    unlink(file.path)
    let new = locked()
    close(old)
    try await Task.sleep(for: .milliseconds(600))  // Several of its looks at the lock.
    #expect(try hub.asked().allSatisfy { $0.host == "hub" }, "nothing is fetched while another has the lock")
    close(new)
    #expect(try await fetching.value == LocalHub.model)
  }

  // MARK: Broken lines

  static let interruptions: [JSONValue] = [
    ["on": "store", "method": "GET", "times": 1, "do": "cut", "after": 1_000_000],
    ["on": "store", "method": "GET", "times": 1, "do": "stall", "after": 1_000_000],
  ]

  @Test("a line that breaks, or on which nothing comes any more, is taken up where it ended", arguments: interruptions)
  func resumes(trouble: JSONValue) throws {
    let hub = try LocalHub()
    try hub.misbehave(trouble)
    #expect(try hub.fetch().contents() == LocalHub.model)
    let ranges = try hub.asked().filter { $0.host == "store" && $0.method == "GET" }.map(\.range)
    #expect(ranges.count == 2 && ranges[0] == nil)
    let start = try #require(ranges[1]?.wholeMatch(of: /bytes=([0-9]+)-/).flatMap { Int($0.1) })
    #expect((1...1_000_000).contains(start))
  }

  @Test("a server that knows no ranges, or sends another, gives the right file all the same", arguments: ["whole", "shift"])
  func ranges(trouble: String) throws {
    let hub = try LocalHub()
    try hub.misbehave(["on": "store", "times": 1, "do": "cut", "after": 1_000_000], ["on": "store", "do": .string(trouble)])
    #expect(try hub.fetch().contents() == LocalHub.model)
  }

  @Test("what an earlier process left is gone on from; what is not a part of the file is not kept")
  func leftovers() throws {
    for (left, isPart) in [(LocalHub.weights.prefix(1_500_000), true), (Data(repeating: 7, count: 1_500_000), false), (LocalHub.weights + [1], false)] {
      let hub = try LocalHub()
      let blobs = hub.stored.appending(path: "blobs")
      try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
      try Data(left).write(to: blobs.appending(path: Digest(hashing: LocalHub.weights).hex + ".incomplete"))
      #expect(try hub.fetch().contents() == LocalHub.model)
      let ranges = try hub.asked().filter { $0.host == "store" && $0.method == "GET" }.map(\.range)
      #expect(ranges.contains("bytes=1500000-") == (left.count == 1_500_000) && ranges.count == (isPart || left.count != 1_500_000 ? 1 : 2))
      #expect(try hub.unfinished().isEmpty)
    }
  }

  @Test("cancelled, it ends at once, and what has come is gone on from")
  func cancelled() async throws {
    let hub = try LocalHub()
    try hub.misbehave(["on": "store", "times": 1, "do": "stall", "after": 1_000_000])
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    let patient = Patience(stallSeconds: 3600)
    let fetcher = ModelFetcher(try hub.settings(), patience: patient) { event in
      if case .progress(let done, _) = event, done >= 500_000 { withUnsafeCurrentTask { $0?.cancel() } }
    }
    await #expect(throws: CancellationError.self) { try await Task { try fetcher.fetch(reference) }.value }
    #expect(try hub.unfinished().count == 1)
    _ = try hub.asked()
    #expect(try hub.fetch().contents() == LocalHub.model)
    #expect(try hub.asked().contains { $0.host == "store" && $0.range != nil })
  }

  @Test("two who want the same at once fetch it once")
  func twoAtOnce() async throws {
    let hub = try LocalHub()
    let fetchers = [try hub.fetcher(), try hub.fetcher()]
    let reference = try #require(HubReference("hf://tests/tiny@main"))
    try await withThrowingTaskGroup(of: [String: Data].self) { group in
      for fetcher in fetchers { group.addTask { try fetcher.fetch(reference).contents() } }
      for try await contents in group { #expect(contents == LocalHub.model) }
    }
    #expect(try hub.asked().filter { $0.host == "store" && $0.method == "GET" }.count == 1)
  }
}
