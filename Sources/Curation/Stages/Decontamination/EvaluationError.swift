internal import Artifacts

/// Why evaluation files cannot be compared with. A record that is not understood is one whose text would be let through, so none is passed over.
package enum EvaluationError: ExplainedError, Hashable {
  case unknownKind(String)
  case noRecords(files: [String])
  case unreadable(RecordPlace, reason: String)
  /// All of them are too short, or say what all the others say.
  case nothingToLookFor(records: Int, wordsInRun: Int)
  /// The stage is there and the files are not: a defect of soulpack.
  case missing

  static func unreadableRecord(_ outcome: Outcome) -> EvaluationError {
    guard case .ended(let entry) = outcome, case .dropped(let drop) = entry.fate else { preconditionFailure("only what a reader refused is unreadable") }
    return .unreadable(entry.source.place, reason: drop.reason.rawValue)
  }

  package var message: String {
    switch self {
    case .unknownKind(let name): "\(name): an evaluation file of a kind that is not read"
    case .noRecords(let files): "no evaluation record in \(files.joined(separator: ", "))"
    case .unreadable(let place, let reason): "\(place): an evaluation record that cannot be read: \(reason)"
    case .nothingToLookFor(let records, let words):
      "none of the \(records) evaluation records has a run of \(min(words, WordRuns.fewestWords)) words or more of its own, so nothing could be found"
    case .missing: "decontamination without evaluation files"
    }
  }

  package var hint: String? {
    switch self {
    case .unknownKind: "name .jsonl, .json, .csv, .tsv, .md or .txt files"
    case .noRecords, .nothingToLookFor: nil
    case .unreadable: "mend the line: what is not understood could not be kept out of the data"
    case .missing: "this is a defect of soulpack; please report it"
    }
  }
}
