internal import Artifacts
internal import Curation
internal import Foundation
internal import Planning
internal import Recipes
internal import Store

/// A folder looked at without a store: everything is read and curated in memory, and nothing is written anywhere.
struct FolderSight {
  let overview: CurationOverview
  let fileCount: Int
  let byteCount: Int64
  let sight: RecipeProposal.Sight

  /// `salt` is that of the split to come, which decides where each conversation falls.
  init(_ folder: FolderToCurate, salt: String) async throws {
    let snapshot = try FolderProbe(nil, storeRoot: folder.storeFolder).scan(folder.place).snapshot
    let start = snapshot.entries.count == 1 && !folder.isFolder ? folder.place.deletingLastPathComponent() : folder.place
    let consent = try folder.consent()
    var parameters = try CurationParameters(folder.action(consent).parameters)
    parameters.retractions = consent.retractions
    let (dataset, ledger) = try await Curator(parameters: parameters).curateInMemory(snapshot) { entry in
      try Data(contentsOf: start.appending(path: entry.path))
    }
    var (lengths, chats): ([Int], Int) = ([], 0)
    try dataset.forEachRecord { _, record in
      lengths.append(record.content.characterCount)
      if case .messages = record.content { chats += 1 }
    }
    lengths.sort()
    overview = CurationOverview(files: ledger.files, ledger.summary)
    fileCount = snapshot.entries.count
    byteCount = snapshot.byteCount
    sight = RecipeProposal.Sight(
      records: Int64(lengths.count), chats: Int64(chats), characters: Int64(lengths.reduce(0, +)),
      usualLengthInCharacters: Int64(lengths[lengths.count * 9 / 10]), holdoutPercent: try await FolderSight.holdoutPercent(of: dataset, salt: salt))
  }

  /// The first share that leaves neither the holdout nor the training empty: with few conversations, ten in a hundred may be none.
  private static func holdoutPercent(of dataset: StoredDataset, salt: String) async throws -> Int64 {
    let percents = stride(from: 10, through: 40, by: 5)
    for percent in percents {
      let parameters = SplitParameters(validationPPM: percent * 10_000, holdoutPPM: percent * 10_000, salt: salt)
      do {
        let memory = MemoryShelf()
        _ = try await Split(dataset, parameters, shelf: memory.shelf, get: memory.get)
        return Int64(percent)
      } catch {
        if percent == 40 { throw error }  // Its words say how many conversations there are.
      }
    }
    return 40
  }

  /// `45 files, 412.3 kB: 9 jsonl, 36 markdown; not read: 1 .png`, and what is in them.
  var lines: [String] {
    let kinds = overview.read.map { "\(Quantity.count($0.files)) \($0.kind)" }
    let unread = overview.unread.map { "\(Quantity.count($0.files)) \($0.suffix.isEmpty ? "without a suffix" : "." + $0.suffix)" }
    let texts = Int(sight.records - sight.chats)
    let contents = [(Int(sight.chats), "conversation"), (texts, "text")].filter { $0.0 > 0 }.map { Quantity.counted($0.0, $0.1) }
    return [
      "\(Quantity.counted(fileCount, "file")), \(Quantity.bytes(byteCount)): " + kinds.joined(separator: ", ")
        + (unread.isEmpty ? "" : "; not read: " + unread.prefix(6).joined(separator: ", ")),
      "\(Quantity.counted(overview.summary.recordsRead, "record")), \(Quantity.count(overview.summary.kept)) kept: "
        + "\(contents.joined(separator: ", ")), median \(Quantity.counted(overview.summary.lengths.median, "character"))",
    ]
  }
}
