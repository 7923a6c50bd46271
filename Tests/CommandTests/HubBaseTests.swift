import Artifacts
import Foundation
import Testing

/// The hub of FetchingTests, with one model on it: the base of the built tiny project.
private final class Hub {
  private let process = Process()
  private let input = Pipe()
  let folder: URL
  let port: String

  static let first = String(repeating: "1a", count: 20)
  static let second = String(repeating: "2b", count: 20)
  static let token = "hf_aSecretOfTheTests"

  init(beside tool: Tool) throws {
    folder = tool.folder.deletingLastPathComponent().appending(path: "hub")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", Tool.repository.appending(path: "Tests/FetchingTests/hub.py").path, folder.path]
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    port = try #require(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).split(separator: " ").first.map(String.init), "hub.py said nothing")
  }

  deinit {
    try? input.fileHandleForWriting.close()  // Its end is the hub's.
    process.waitUntilExit()
  }

  func put(_ files: [String: Data], at commit: String, main: String, of model: String = "tests/small") throws {
    let place = folder.appending(path: "\(model)/\(commit)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for (name, bytes) in files { try bytes.write(to: place.appending(path: name)) }
    try JSONValue.object(["main": .string(main)]).canonical.write(to: folder.appending(path: "\(model)/refs.json"))
  }

  func misbehave(_ rule: JSONValue) throws { try JSONValue.array([rule]).canonical.write(to: folder.appending(path: "mode.json")) }

  /// The paths that were asked for since the last call.
  func asked() throws -> [String] { try requests().compactMap { $0["path"]?.string } }

  func requests() throws -> [JSONValue] {
    let log = folder.appending(path: "requests.jsonl")
    guard let bytes = FileManager.default.contents(atPath: log.path) else { return [] }
    try FileManager.default.removeItem(at: log)
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { try JSONValue(parsing: Data($0.utf8)) }
  }

  var environment: [String: String] { ["HF_ENDPOINT": "http://127.0.0.1:\(port)", "HF_HUB_CACHE": folder.deletingLastPathComponent().appending(path: "cache").path] }
}

@Suite("A base from the hub", .serialized)
struct HubBaseTests {
  private static let archive = "out/voice-1.0.0.soul"

  /// The voice on a base that a hub has, in a project that has built nothing.
  private func withHub(model: String = "tests/small", _ body: (Tool, Hub, [String: Data]) throws -> Void) throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.must("unpack", "out/small-base-0.1.0.soul", "small")
      let names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]
      let files = try Dictionary(uniqueKeysWithValues: names.map { ($0, try tool.read("small/\($0)")) })
      try tool.remove(".soulpack", "soul.lock", "out", "small", "recipes/base.yaml", "texts")
      try tool.edit("recipes/voice.yaml", "base: { recipe: recipes/base.yaml }", "base: hf://\(model)@main")
      let hub = try Hub(beside: tool)
      try hub.put(files.merging(["README.md": Data("# small\n".utf8)]) { own, _ in own }, at: Hub.first, main: Hub.first, of: model)
      try body(tool, hub, files)
    }
  }

  @Test("a first build fetches it and locks its commit; later ones ask nobody, whatever the branch is by then, until update")
  func locked() throws {
    try withHub { tool, hub, files in
      let environment = hub.environment
      try tool.must("check", "recipes/voice.yaml", environment: environment)
      let plan = try tool.must("plan", "recipes/voice.yaml", environment: environment)
      #expect(plan.output.contains("base    hf://tests/small@\(Hub.first): 5 files, 5 to fetch"), "\(plan.output)")
      let built = try tool.build(environment: environment)
      #expect(built.status == 0 && built.errors.contains("fetch: 5 files of hf://tests/small@main"), "\(built.errors)")
      let lock = try JSONValue(parsing: try tool.read("soul.lock"))
      let pins = try #require(lock["recipes"]?["recipes/voice.yaml"])
      #expect(pins["revisions"] == ["hf://tests/small@main": .string(Hub.first)] && pins["sources"]?["hf://tests/small@main"]?.digest != nil)

      // The archive says whence the base came, and of what its files are.
      try tool.must("unpack", Self.archive, "soul")
      let manifest = try JSONValue(parsing: try tool.read("soul/soul.json"))
      #expect(manifest["components"]?.array?[0]["base"]?["name"]?.string == "hf://tests/small@\(Hub.first)")
      let lineage = try JSONValue(parsing: try tool.read("soul/lineage.json"))
      #expect(lineage["origins"]?["base-origin"]?["commit"]?.string == Hub.first && lineage["origins"]?["base-origin"]?["model"] == "tests/small")
      #expect(lineage["nodes"]?["base"] == pins["sources"]?["hf://tests/small@main"])

      var moved = files
      moved["config.json"] = Data(String(decoding: try #require(files["config.json"]), as: UTF8.self).replacing("\n", with: " \n").utf8)
      try hub.put(moved, at: Hub.second, main: Hub.second)
      _ = try hub.asked()
      let again = try tool.build(environment: environment)
      #expect(again.digest == built.digest && again.actions == "0 actions run, 7 up to date", "\(again.output)")
      let status = try tool.must("status", "recipes/voice.yaml", environment: environment)
      #expect(!status.output.contains("run ") && !status.output.contains("may"), "\(status.output)")
      try tool.must("explain", "--recipe", "recipes/voice.yaml", environment: environment)
      try tool.must("build", "recipes/voice.yaml", "--locked", environment: environment)
      #expect(try hub.asked().isEmpty)

      let update = try tool.must("update", "recipes/voice.yaml", environment: environment)
      #expect(update.output.contains("hf://tests/small@main is commit \(Hub.second.prefix(12)), locked is \(Hub.first.prefix(12))"), "\(update.output)")
      let newer = try tool.build(environment: environment)
      #expect(newer.status == 0 && newer.digest != built.digest, "\(newer.errors)")
    }
  }

  @Test("the same files in a folder are the same base: only what names it is sealed anew")
  func sameAsFolder() throws {
    try withHub { tool, hub, files in
      for (name, bytes) in files { try tool.write(bytes, to: "models/small/\(name)") }
      #expect(try tool.build(environment: hub.environment).status == 0)
      try tool.edit("recipes/voice.yaml", "base: hf://tests/small@main", "base: { path: models/small }")
      let folder = try tool.build(environment: hub.environment)
      #expect(folder.actions == "1 action run, 6 up to date", "\(folder.output)")
    }
  }

  @Test("a deleted store is filled from the cache alone; without the cache, offline says what to do")
  func offline() throws {
    try withHub { tool, hub, _ in
      let offline = hub.environment.merging(["HF_HUB_OFFLINE": "1"]) { own, _ in own }
      try tool.build(environment: offline).expectFailure(1, "hf://tests/small@main: not in the hub's cache on this machine", hint: "build once without HF_HUB_OFFLINE")
      try tool.must("status", "recipes/voice.yaml", environment: offline)
      #expect(try hub.asked().isEmpty)
      let built = try tool.build(environment: hub.environment)
      try tool.remove(".soulpack")
      _ = try hub.asked()
      let again = try tool.build(environment: offline)
      #expect(again.digest == built.digest && again.digest != nil, "\(again.errors)")
      try tool.remove(".soulpack")
      #expect(try tool.build(environment: hub.environment).digest == built.digest)
      #expect(try hub.asked().isEmpty, "what is locked and here is asked of nobody")
    }
  }

  @Test("--locked fetches nothing that is not locked: exit code 3")
  func notLocked() throws {
    try withHub { tool, hub, _ in
      try tool.build("--locked", environment: hub.environment).expectFailure(3, "soul.lock differs: recipes/voice.yaml is not in soul.lock")
      #expect(try hub.asked().isEmpty)
    }
  }

  @Test("a hub that has other files at the locked commit is not believed")
  func replaced() throws {
    try withHub { tool, hub, files in
      #expect(try tool.build(environment: hub.environment).status == 0)
      var others = files
      others["config.json"] = Data(String(decoding: try #require(files["config.json"]), as: UTF8.self).replacing("\n", with: " \n").utf8)
      try hub.put(others, at: Hub.first, main: Hub.first)
      try tool.remove(".soulpack", "../cache")
      try tool.build(environment: hub.environment).expectFailure(3, "hf://tests/small@main: its files at commit \(Hub.first) are", hint: "a commit does not change")
    }
  }

  @Test("a build that does not come to its end has locked the model that it began with")
  func unfinishedBuild() throws {
    try withHub { tool, hub, files in
      var unreadable = files
      unreadable["config.json"] = Data("{\"model_type\":\"none\"}\n".utf8)
      try hub.put(unreadable, at: Hub.first, main: Hub.first)
      #expect(try tool.build(environment: hub.environment).status != 0)
      func pins() throws -> JSONValue? { try JSONValue(parsing: try tool.read("soul.lock"))["recipes"]?["recipes/voice.yaml"] }
      let first = try #require(try pins())
      #expect(first["revisions"] == ["hf://tests/small@main": .string(Hub.first)] && first["sources"]?.object?.count == 1 && first["semantics"]?.object?.isEmpty == true)
      try hub.put(files, at: Hub.second, main: Hub.second)
      _ = try hub.asked()
      #expect(try tool.build(environment: hub.environment).status != 0)
      #expect(try hub.asked().isEmpty && pins() == first)
      try tool.must("update", "recipes/voice.yaml", environment: hub.environment)
      #expect(try tool.build(environment: hub.environment).status == 0)
    }
  }

  @Test("a link of the cache to another content neither trains on it nor stands in the way of a right lock")
  func otherLink() throws {
    try withHub { tool, hub, _ in
      let built = try tool.build(environment: hub.environment)
      let link = "../cache/models--tests--small/snapshots/\(Hub.first)/config.json"
      for file in [".soulpack", "soul.lock"] {
        let blob = try tool.shell("git hash-object --stdin <<< ' '").output.trimmingCharacters(in: .whitespacesAndNewlines)
        try tool.write(Data(" \n".utf8), to: "../cache/models--tests--small/blobs/\(blob)")
        try tool.remove(".soulpack", file)
        try FileManager.default.removeItem(at: tool.place(link))
        try FileManager.default.createSymbolicLink(atPath: tool.place(link).path, withDestinationPath: "../../blobs/\(blob)")
        let again = try tool.build(environment: hub.environment)
        #expect(again.status == 0 && again.digest == built.digest && again.digest != nil, "\(again.errors)")
      }
    }
  }

  @Test("a token opens a private model, and is nowhere afterwards")
  func token() throws {
    try withHub(model: "private/small") { tool, hub, _ in
      try tool.build(environment: hub.environment).expectFailure(1, "hf://private/small@main: it is not there, or it is private, and no token was given", hint: "mind the spelling; for a private model set HF_TOKEN")
      let built = try tool.build("-v", environment: hub.environment.merging(["HF_TOKEN": Hub.token]) { own, _ in own })
      #expect(built.status == 0 && !(built.output + built.errors).contains(Hub.token), "\(built.errors)")
      // A grep that finds what is there: then what it does not find is not there.
      try tool.write("x\(Hub.token)\n", to: ".soulpack/control")
      let found = try tool.shell("grep -rl '\(Hub.token)' .. --exclude-dir=hub")
      #expect(found.status == 0 && found.output == "../project/.soulpack/control\n", "\(found.output)\(found.errors)")
    }
  }

  @Test("Ctrl-C ends a fetch at once, and the next build goes on from there")
  func interrupted() throws {
    try withHub { tool, hub, _ in
      try hub.misbehave(["on": "store", "times": 1, "do": "stall", "after": 5_000])
      let running = try tool.start(["build", "recipes/voice.yaml", "--threads", "1"], environment: hub.environment)
      try running.waitUntil(itSays: "fetch: 5 files")
      let blobs = tool.place("../cache/models--tests--small/blobs")
      func unfinished() -> [Int] {
        let names = FileManager.default.enumerator(atPath: blobs.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".incomplete") }.compactMap { FileManager.default.contents(atPath: blobs.appending(path: $0).path)?.count }
      }
      for _ in 0..<1200 where unfinished() != [5_000] { usleep(50_000) }
      running.send(SIGINT)
      #expect(try running.wait().status == 130)
      #expect(unfinished() == [5_000])
      _ = try hub.asked()
      #expect(try tool.build(environment: hub.environment).status == 0)
      #expect(try hub.requests().contains { $0["host"] == "store" && $0["range"] == "bytes=5000-" })
    }
  }

  @Test("a Soul on such a base runs where the cache has it, and elsewhere says how to fetch it; its training is done again from its commit")
  func others() throws {
    try withHub { tool, hub, files in
      #expect(try tool.build(environment: hub.environment).status == 0)
      try tool.must("trust", "add", "voice", try tool.signed())
      try tool.write(try tool.read(Self.archive), to: "elsewhere/voice.soul")
      let cached = try tool.run("run", "voice.soul", "What is 5 and one?", "-C", "elsewhere", environment: hub.environment)
      #expect(cached.status == 0, "\(cached.errors)")
      try tool.remove("../cache")
      _ = try hub.asked()
      try tool.run("run", "voice.soul", "What is 5 and one?", "-C", "elsewhere", environment: hub.environment).expectFailure(
        1, "the base \"hf://tests/small@\(Hub.first)\"", hint: "give it: --base hf://tests/small@\(Hub.first), which fetches it from the hub")
      #expect(try hub.asked().isEmpty)
      let fetched = try tool.run(
        "run", "voice.soul", "What is 5 and one?", "-C", "elsewhere", "--base", "hf://tests/small@\(Hub.first)", environment: hub.environment)
      #expect(fetched.output == cached.output && fetched.status == 0, "\(fetched.errors)")
      try hub.put(files, at: Hub.second, main: Hub.second)
      _ = try hub.asked()
      let again = try tool.run("reproduce", Self.archive, environment: hub.environment)
      #expect(again.status == 0 && again.output.contains("same: "), "\(again.output)\(again.errors)")
      #expect(try hub.asked().isEmpty, "the cache has that commit")
    }
  }
}
