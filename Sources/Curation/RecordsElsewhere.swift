internal import Artifacts

/// What is left of a dataset without some of its files: the records that stand, or stood, in another one too.
///
/// A record goes when its own file is one of them, and that of everything that was merged into it: what another file holds as well, or nearly,
/// would be in the dataset without them.
package struct RecordsElsewhere: Sendable {
  package let dataset: CuratedDataset
  /// How many records went.
  package let leftOut: Int

  /// `part` is a part of the dataset that the ledger is of; `pattern` names files as `files` of a recipe does. Throws `GroupProblem` where it
  /// names none, or none of the part's records stand in them alone, or all.
  package init(of part: CuratedDataset, ledger: Ledger, notIn pattern: String) throws {
    let glob = Glob(pattern)
    guard ledger.files.contains(where: { glob.matches($0.path) }) else { throw GroupProblem.noFile(pattern, known: ledger.files.map(\.path)) }
    var copies = Self.copiesElsewhere(ledger.entries, glob)
    dataset = part.filtered { index in
      let id = part.rows[index].id
      guard let count = copies[id], count > 0 else { return false }
      copies[id] = count - 1
      return true
    }
    leftOut = part.count - dataset.count
    guard leftOut > 0 else { throw GroupProblem.nothing(pattern) }
    guard dataset.count > 0 else { throw GroupProblem.everything(pattern) }
  }

  /// How many records of each id stand in another file, by themselves or by what was merged into them.
  private static func copiesElsewhere(_ entries: [LedgerEntry], _ glob: Glob) -> [RecordID: Int] {
    var keeper: [RecordPlace: RecordPlace] = [:]
    for entry in entries {
      if case .merged(_, let place, _) = entry.fate { keeper[entry.source.place] = place }
    }
    var elsewhere: Set<RecordPlace> = []
    for entry in entries where !glob.matches(entry.source.place.file) {
      var place = entry.source.place
      // What was merged exactly may have been merged nearly afterwards.
      while let next = keeper[place] { place = next }
      elsewhere.insert(place)
    }
    var copies: [RecordID: Int] = [:]
    for case let (entry, id?) in entries.lazy.map({ ($0, $0.id) }) where entry.fate == .kept && elsewhere.contains(entry.source.place) {
      copies[id, default: 0] += 1
    }
    return copies
  }
}

/// Why a group of files cannot be left out.
package enum GroupProblem: ExplainedError, Hashable {
  case noFile(String, known: [String])
  case nothing(String)
  case everything(String)

  package var message: String {
    switch self {
    case .noFile(let pattern, _): "\"\(pattern)\" names no file of the dataset"
    case .nothing(let pattern): "\"\(pattern)\": no training record stands in these files alone, so nothing would change"
    case .everything(let pattern): "\"\(pattern)\": every training record stands in these files alone, and nothing would be left to train on"
    }
  }

  package var hint: String? {
    switch self {
    case .noFile(_, let known):
      "paths are relative to the dataset's source, and * stays within one part of a path: \(known.prefix(4).joined(separator: ", "))\(known.count > 4 ? ", …" : "")"
    case .nothing: "its records were dropped, lie in another part, or are held by other files too: soulpack why FILE:LINE"
    case .everything: "name fewer files"
    }
  }
}
