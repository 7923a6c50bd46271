import Artifacts
import Fetching
import Foundation
import Synchronization
import Testing

/// A hub on this machine (`hub.py`), a cache, and one model on it.
final class LocalHub {
  let folder: URL
  let port: String
  private let process = Process()
  private let input = Pipe()

  static let first = String(repeating: "1a", count: 20)
  static let second = String(repeating: "2b", count: 20)
  static let token = "hf_aSecretOfTheTests"

  /// Large enough that a connection breaks within it, and no part of it is like another.
  static let weights = Data((0..<400_000).flatMap { index in withUnsafeBytes(of: UInt64(index) &* 0x9E37_79B9_7F4A_7C15) { Array($0) } })

  static let model: [String: Data] = [
    "config.json": Data("{\"model_type\":\"llama\"}\n".utf8), "tokenizer.json": Data("{\"model\":{}}\n".utf8), "tokenizer_config.json": Data("{}\n".utf8),
    "model.safetensors": weights,
  ]

  /// What lies beside a model on a hub, and is nothing to the engine.
  static let others: [String: Data] = [
    "README.md": Data("# A model\n".utf8), ".gitattributes": Data("* text\n".utf8), "pytorch_model.bin": Data("pickle".utf8),
    "model.Q4.gguf": Data("GGUF".utf8), "onnx/model.onnx": Data("onnx".utf8), "generation_config.json": Data("{}".utf8), "consolidated.safetensors": Data("x".utf8),
  ]

  init() throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "hub-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "hub"), withIntermediateDirectories: true)
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", URL(filePath: #filePath).deletingLastPathComponent().appending(path: "hub.py").path, folder.appending(path: "hub").path]
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(line.split(separator: " ").first.map(String.init), "hub.py said nothing")
    try put(LocalHub.model.merging(LocalHub.others) { own, _ in own }, at: LocalHub.first)
    try point(["main": LocalHub.first, "v1": LocalHub.first, "feature/a": LocalHub.first])
  }

  deinit {
    try? input.fileHandleForWriting.close()  // Its end is the hub's.
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)  // A folder that stays is a nuisance, and no failure.
  }

  var cache: URL { folder.appending(path: "cache") }
  var stored: URL { cache.appending(path: "models--tests--tiny") }
  var endpoint: String { "http://127.0.0.1:\(port)" }

  // MARK: What the hub has

  func put(_ files: [String: Data], at commit: String, of model: String = "tests/tiny") throws {
    for (name, bytes) in files {
      let place = folder.appending(path: "hub/\(model)/\(commit)/\(name)")
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: place)
    }
  }

  func point(_ refs: [String: String], of model: String = "tests/tiny") throws {
    try JSONValue.object(refs.mapValues { .string($0) }).canonical.write(to: folder.appending(path: "hub/\(model)/refs.json"))
  }

  /// A model of the same files under another owner.
  func copy(to model: String) throws {
    try put(LocalHub.model, at: LocalHub.first, of: model)
    try point(["main": LocalHub.first], of: model)
  }

  func misbehave(_ rules: JSONValue...) throws { try JSONValue.array(rules).canonical.write(to: folder.appending(path: "hub/mode.json")) }

  struct Asked: Hashable {
    let host: String
    let method: String
    let path: String
    let range: String?
    let hadToken: Bool
    let encoding: String?
  }

  /// Since the last call.
  func asked() throws -> [Asked] {
    let log = folder.appending(path: "hub/requests.jsonl")
    guard let bytes = FileManager.default.contents(atPath: log.path) else { return [] }
    try FileManager.default.removeItem(at: log)
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
      let entry = try JSONValue(parsing: Data(line.utf8))
      return Asked(
        host: entry["host"]?.string ?? "", method: entry["method"]?.string ?? "", path: entry["path"]?.string ?? "", range: entry["range"]?.string,
        hadToken: entry["token"] == true, encoding: entry["encoding"]?.string)
    }
  }

  // MARK: Fetching from it

  static let quick = Patience(attempts: 3, firstPause: .milliseconds(10), longestPause: .seconds(2), stallSeconds: 1, connectSeconds: 5)

  func settings(_ environment: [String: String] = [:]) throws -> HubSettings {
    let own = ["HF_ENDPOINT": endpoint, "HF_HUB_CACHE": cache.path, "HOME": folder.path]
    return try HubSettings(environment: own.merging(environment) { _, given in given })
  }

  func fetcher(_ environment: [String: String] = [:], tell: @escaping @Sendable (FetchEvent) -> Void = { _ in }) throws -> ModelFetcher {
    ModelFetcher(try settings(environment), patience: LocalHub.quick, tell: tell)
  }

  @discardableResult
  func fetch(_ reference: String = "hf://tests/tiny@main", commit: String? = nil, _ environment: [String: String] = [:]) throws -> FetchedModel {
    try fetcher(environment).fetch(try #require(HubReference(reference)), commit: commit)
  }

  /// The error of a fetch that must fail.
  func failure(_ reference: String = "hf://tests/tiny@main", _ environment: [String: String] = [:]) throws -> FetchError {
    try #require(throws: FetchError.self) { try fetch(reference, environment) }
  }

  /// Whatever of a content is in the cache under a name that others would believe.
  func blobs() throws -> [String] {
    let place = stored.appending(path: "blobs").path
    guard FileManager.default.fileExists(atPath: place) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: place).filter { !$0.hasSuffix(".incomplete") }.sorted()
  }

  func unfinished() throws -> [URL] {
    let place = stored.appending(path: "blobs")
    guard FileManager.default.fileExists(atPath: place.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil).filter { $0.lastPathComponent.hasSuffix(".incomplete") }
  }
}

extension FetchedModel {
  func contents() throws -> [String: Data] { try files.mapValues { try Data(contentsOf: $0) } }
}
