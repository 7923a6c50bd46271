import Artifacts
import Curation
import Engine
import Foundation
import Hashing
import Planning
import Running
import Steps
import Store
import Testing

/// What several trainings will take is said before the first of them begins, from what is small: nothing of a base's weights is read for it.
@Suite("A forecast for several trainings")
struct TrainingsTogetherTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func withStore<Value>(_ body: (WritableStore, URL) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "soulpack-steps-\(UUID().uuidString)")
    let store = try WritableStore.open(at: folder.appending(path: ".soulpack"), command: "test")
    defer {
      do {
        try store.close()
        try FileManager.default.removeItem(at: folder)
      } catch {
        print("left behind: \(folder.path): \(error)")
      }
    }
    return try body(store, folder)
  }

  /// The small files of a base that there is, beside weights that nobody could read.
  private static func base(_ store: WritableStore) throws -> Digest {
    var files = ["model.safetensors": Data("no weights".utf8)]
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
      files[name] = try Data(contentsOf: repository.appending(path: "models/ember/\(name)"))
    }
    let entries = try files.map { Snapshot.Entry(path: $0.key, byteCount: Int64($0.value.count), digest: try store.objects.put($0.value)) }
    return try store.objects.put(Snapshot(entries: entries))
  }

  private static func dataset(_ numbers: Range<Int>, _ store: WritableStore) throws -> Digest {
    let records = numbers.map { DatasetRecord(content: .text("Night \($0): the lamp was lit, and nobody came up the stairs of the tower.")) }
    let lines = records.sorted { $0.id < $1.id }.map { $0.canonicalLine.canonical + Data("\n".utf8) }
    let whole = try CuratedDataset(parsing: Data(lines.joined()))
    let objects = store.objects
    let shards = try whole.shards(on: Shelf { try objects.put($0) })
    return try objects.put(StoredDataset(shards: shards) { try objects.get($0) }.canonical.canonical)
  }

  private static func parameters(epochs: Int64) -> JSONValue {
    [
      "method": "sft", "substrate": "embedded", "seed": 1, "epochs": .integer(epochs), "batch": 2, "context": 64,
      "lora": ["rank": 2, "alpha": "4", "targets": "all-linear"],
      "optimizer": [
        "learning-rate": "0.001", "schedule": "constant", "warmup": "0", "weight-decay": "0", "betas": ["0.9", "0.999"], "epsilon": "0.00000001",
        "clip": "1",
      ],
    ]
  }

  private static func context(_ inputs: [String: Digest], epochs: Int64 = 2, _ store: WritableStore, _ folder: URL) -> StepContext {
    let action = Action(id: "train.a.1", kind: .train, parameters: parameters(epochs: epochs), inputs: inputs.mapValues { _ in .output("other", "out") })
    return StepContext(lookingAt: action, inputs: inputs, store: store, threads: 1, folder: folder)
  }

  @Test("each is estimated as it will run: without what is left out, and at another's pace, and no weights are read")
  func estimates() throws {
    try Self.withStore { store, folder in
      let (base, train) = (try Self.base(store), try Self.dataset(0..<12, store))
      let (rest, few) = (try Self.dataset(0..<9, store), try Self.dataset(0..<4, store))
      let trainings = [["base": base, "train": train], ["base": base, "train": train, "rest": rest], ["base": base, "train": few, "pace": train]]
      let estimates = try TrainingsTogether(trainings.map { Self.context($0, store, folder) }).estimates
      #expect(estimates.map(\.stepCount).first == 12)
      #expect(estimates[1].tokenCount < estimates[0].tokenCount && estimates[1].stepCount <= 12, "three of twelve are left out")
      // Four examples at the pace of twelve: six steps a pass, of which four have an example.
      #expect(estimates[2].stepCount == 8, "\(estimates[2].stepCount)")
      #expect(estimates.allSatisfy { $0.peakByteCount > 0 })
    }
  }

  @Test("a single training says by itself what it takes")
  func single() throws {
    try Self.withStore { store, folder in
      let one = Self.context(["base": try Self.base(store)], store, folder)
      #expect(try TrainingsTogether([one]).estimates.isEmpty)
    }
  }
}
