import Archiving
import Artifacts
import Curation
import Foundation
import Hashing

/// The stages that look at spelling, copies and length alone.
let standardStages: [CurationParameters.Stage] = [.repair, .exact, .length(minimumInCharacters: 1, maximumInCharacters: 20_000)]

/// Every stage, in the order and with the settings that recipes have by default.
let everyStage: [CurationParameters.Stage] = [
  .repair, .quality(.chat), .near, .pii(.redact, kinds: Set(PersonalData.allCases)), .length(minimumInCharacters: 1, maximumInCharacters: 20_000),
]

extension CurationParameters.Stage {
  static let repair = Self.normalize(repairsMojibake: true)
  static let exact = Self.deduplicate(DeduplicationRule(exact: true, near: nil))
  static let near = Self.deduplicate(DeduplicationRule(exact: true, near: NearDuplicateRule()))
}

/// Curates files that stand here and not on a disk.
func curate(
  _ files: [String: Data], stages: [CurationParameters.Stage] = standardStages, patterns: [String]? = nil, concurrency: Int = 2,
  chunkByteCount: Int = 4 << 20, limits: ArchiveLimits = .standard, reading: ReadingRules = .standard
) async throws -> Curation {
  let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
  let curator = Curator(
    parameters: CurationParameters(files: patterns, stages: stages, reading: reading), concurrency: concurrency, partByteCount: chunkByteCount,
    archiveLimits: limits)
  return try await curator.curate(snapshot) { entry in
    guard let data = files[entry.path] else { throw Absent() }
    return data
  }
}

func curate(_ files: [String: String], stages: [CurationParameters.Stage] = standardStages, patterns: [String]? = nil) async throws -> Curation {
  try await curate(files.mapValues { Data($0.utf8) }, stages: stages, patterns: patterns)
}

struct Absent: Error {}

/// A good record that keeps a curation from ending with nothing.
let goodLine = #"{"messages":[{"role":"user","content":"keeper of the good line?"},{"role":"assistant","content":"yes"}]}"#

extension Curation {
  func entry(_ file: String, _ line: Int) -> LedgerEntry? {
    ledger.entries.first { $0.source.place == RecordPlace(file: file, line: line) }
  }

  func reason(_ file: String, _ line: Int) -> DropReason? {
    guard case .dropped(let drop) = entry(file, line)?.fate else { return nil }
    return drop.reason
  }

  /// The texts of all text records, by their UTF-8: Swift's `==` would hold different spellings for equal.
  func texts() throws -> Set<[UInt8]> {
    Set(
      try dataset.records().compactMap { record in
        guard case .text(let text) = record.content else { return nil }
        return Array(text.utf8)
      })
  }
}

/// A conversation of two turns as a record.
func exchange(_ question: String, _ answer: String, system: String? = nil, conversation: String? = nil) -> DatasetRecord {
  let opening = system.map { [Message(role: .system, content: $0)] } ?? []
  let turns = [Message(role: .user, content: question), Message(role: .assistant, content: answer)]
  return DatasetRecord(content: .messages(opening + turns), conversation: conversation)
}

func textLine(_ text: String, conversation: String? = nil) -> String {
  var members: [String: JSONValue] = ["text": .string(text)]
  if let conversation { members["conversation"] = .string(conversation) }
  return String(decoding: JSONValue.object(members).canonical, as: UTF8.self)
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers on every run.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

extension StoredDataset {
  /// A dataset in memory, as one shard.
  init(_ whole: CuratedDataset) {
    let shard = Shard(recordCount: whole.count, byteCount: whole.bytes.count, digest: Digest(hashing: whole.bytes))
    self.init(shards: whole.count == 0 ? [] : [shard]) { _ in whole.bytes }
  }
}

/// A split with its parts in memory.
struct MemorySplit {
  let parts: [Partition: CuratedDataset]
  let conversations: [Partition: Int]

  init(_ dataset: CuratedDataset, _ parameters: SplitParameters) async throws {
    let memory = MemoryShelf()
    let split = try await Split(StoredDataset(dataset), parameters, shelf: memory.shelf, get: memory.get)
    parts = try split.parts.mapValues { try $0.whole() }
    conversations = split.conversations
  }

  subscript(part: Partition) -> CuratedDataset { parts[part]! }
  var train: CuratedDataset { self[.train] }
  var validation: CuratedDataset { self[.validation] }
  var holdout: CuratedDataset { self[.holdout] }
}
