package import Archiving
internal import Artifacts
internal import Glibc

/// Why a curation gave no dataset. Never holds the text of a record.
package enum CurationError: ExplainedError, Hashable {
  /// The bytes of a file could not be had.
  case unreadable(path: String, reason: String)
  case repeatedPath(String)
  /// An archive as a whole: it is damaged, encrypted, or more than the limits allow.
  case unusableArchive(ForeignArchiveError)
  /// No file of the source has a format that is read. `kinds` counts the files by the end of their names.
  case noReadableFile(kinds: [String: Int], patterns: [String])
  case noRecords(files: Int)
  /// Every record was dropped.
  case everythingDropped([LedgerSummary.DropCount])
  /// The conservation law is broken: a defect of soulpack.
  case recordsUnaccounted(read: Int, kept: Int, dropped: Int, merged: Int)
  case malformedDataset(line: Int, problem: String)
  case malformedLedger(line: Int)
  /// A chat was read, and nobody said whose voice is to be learned.
  case speakerNeeded(path: String, speakers: [ChatSpeaker.Count])
  case outOfMemory
  /// Lines could not be laid aside, or not be had back.
  case scratch(folder: String, code: Int32)
}

extension CurationError {
  package var message: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): the file could not be read: \(reason)"
    case .repeatedPath(let path): "\(path): the source has this path twice"
    case .unusableArchive(let error): error.message
    case .noReadableFile(let kinds, _) where kinds.isEmpty: "the source holds no file"
    case .noReadableFile(let kinds, let patterns) where patterns.isEmpty: "the source holds no file that can be read; found \(list(kinds))"
    case .noReadableFile(let kinds, let patterns):
      "no file that can be read matches \(patterns.map { "\"\($0)\"" }.joined(separator: ", ")); found \(list(kinds))"
    case .noRecords(let files): "the source holds no record: \(files) \(files == 1 ? "file was" : "files were") read"
    case .everythingDropped(let drops):
      "no record is left; dropped: " + drops.map { "\($0.count) by \($0.stage.rawValue) (\($0.reason.rawValue))" }.joined(separator: ", ")
    case .recordsUnaccounted(let read, let kept, let dropped, let merged):
      "records are unaccounted for: \(read) read, but \(kept) kept, \(dropped) dropped and \(merged) merged"
    case .malformedDataset(let line, let problem): "line \(line) of a curated dataset: \(problem)"
    case .malformedLedger(let line): "line \(line) of a ledger is not what soulpack writes"
    case .speakerNeeded(let path, let speakers):
      "\(path): a chat, and nobody said who the Soul is in it; " + ChatSpeaker.Count.list(speakers)
    case .outOfMemory: "out of memory while reading JSON"
    case .scratch(let folder, let code): "\(folder): records could not be laid aside: \(String(cString: strerror(code)))"
    }
  }

  package var hint: String? {
    switch self {
    case .noReadableFile(let kinds, _) where kinds["parquet"] != nil: CurationError.parquetHint
    case .noReadableFile: "curation reads .jsonl, .json, .csv, .tsv, .md and .txt, loose or in .zip, .tar, .gz, .zst, .xz and .bz2"
    case .unusableArchive(let error): error.hint
    case .everythingDropped(let drops) where drops.contains { $0.reason == .speakerIsNotThere }:
      "leave \"speaker\" out once, and the error lists who speaks"
    case .everythingDropped: "\"soulpack why FILE:LINE\" tells the story of one record"
    case .speakerNeeded(let path, let speakers): CurationError.hint(path, speakers)
    case .recordsUnaccounted: "this is a defect of soulpack; please report it"
    case .scratch(_, let code) where code == ENOSPC || code == EDQUOT: "make room there; for a while, it takes about as much as the text of all records"
    default: nil
    }
  }

  /// Parquet is read by way of a converter that a person runs: its libraries are larger than all of this program.
  package static let parquetHint = "turn .parquet into .jsonl with examples/parquet/to_jsonl.py (it needs Python and pyarrow), by hand or as a run step"

  private static func hint(_ path: String, _ speakers: [ChatSpeaker.Count]) -> String {
    let name = speakers.first?.speaker.spelling ?? "NAME"
    let other = path.lowercased().hasSuffix(".txt") ? "; or, if it is no chat, \"format: plain-text\"" : ""
    return "say \"speaker: \(name)\" in the dataset of the recipe, or --speaker \(name) for a folder\(other)"
  }

  private func list(_ kinds: [String: Int]) -> String {
    kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) \($0.key.isEmpty ? "without a suffix" : "." + $0.key)" }.joined(separator: ", ")
  }
}
