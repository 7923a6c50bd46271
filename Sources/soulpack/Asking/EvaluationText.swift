internal import Artifacts
internal import Curation
internal import Foundation
internal import Hashing

/// The records of one file, read by curation's readers and held to the structure rule alone: an evaluation measures what it is given, doubles
/// included.
struct EvaluationText {
  let path: String
  let records: [DatasetRecord]
  let summary: LedgerSummary
  private let bytes: Data
  private let name: String

  init(_ path: String, in folder: URL) async throws {
    let file = URL(filePath: CommonArguments.literal(path), relativeTo: folder)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) else { throw EvaluationTextError(path, "there is no such file") }
    guard !isFolder.boolValue else { throw EvaluationTextError(path, "a folder, where one file is asked for") }
    self.path = path
    name = file.lastPathComponent
    bytes = try Data(contentsOf: file)
    let curation = try await Self.curate(bytes, name, path, CurationParameters(stages: []))
    records = try curation.dataset.records()
    summary = curation.ledger.summary
  }

  /// What became of each record under stages that change text, as `{"normalize":…}`: ids that can be held against those of a dataset that passed
  /// the same stages. Nothing where such a stage leaves no record.
  func entries(under stages: [JSONValue]) async throws -> [LedgerEntry] {
    let parameters = try CurationParameters(["stages": .array(stages)])
    do {
      return try await Self.curate(bytes, name, path, parameters).ledger.entries
    } catch is EvaluationTextError {
      return []
    }
  }

  private static func curate(_ bytes: Data, _ name: String, _ path: String, _ parameters: CurationParameters) async throws -> Curation {
    let entry = Snapshot.Entry(path: name, byteCount: Int64(bytes.count), digest: Digest(hashing: bytes))
    do {
      return try await Curator(parameters: parameters).curate(Snapshot(entries: [entry])) { _ in bytes }
    } catch let error as CurationError {
      // Some name the file themselves. Its hint speaks of a recipe's dataset.
      let own = [name + ": ", "\"\(name)\": "].first(where: error.message.hasPrefix) ?? ""
      throw EvaluationTextError(path, String(error.message.dropFirst(own.count)))
    }
  }
}

/// Why a file cannot be measured on.
struct EvaluationTextError: ExplainedError {
  let message: String
  let hint: String?

  init(_ path: String, _ problem: String, hint: String? = nil) {
    message = "\(path): \(problem)"
    self.hint = hint
  }
}
