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
    let standings = Self.standings(ledger.entries, glob)
    // Copies that no stage merged may lie in different parts, and which of them lies in this one no ledger says.
    let mixed = part.rows.count { standings[$0.id] == .both }
    guard mixed == 0 else { throw GroupProblem.copies(pattern, mixed) }
    dataset = part.filtered { standings[part.rows[$0].id] != .inGroup }
    leftOut = part.count - dataset.count
    guard leftOut > 0 else { throw GroupProblem.nothing(pattern) }
    guard dataset.count > 0 else { throw GroupProblem.everything(pattern) }
  }

  /// Where the kept records of one id stand.
  private enum Standing { case inGroup, elsewhere, both }

  private static func standings(_ entries: [LedgerEntry], _ glob: Glob) -> [RecordID: Standing] {
    var keeper: [RecordPlace: RecordPlace] = [:]
    for entry in entries {
      if case .merged(_, let place, _) = entry.fate { keeper[entry.source.place] = place }
    }
    var elsewhere: Set<RecordPlace> = []
    for entry in entries where !glob.matches(entry.source.place.file) {
      var place = entry.source.place
      // What was merged exactly may have been merged nearly afterwards; each step of the way is another entry.
      for _ in entries.indices {
        guard let next = keeper[place] else { break }
        place = next
      }
      elsewhere.insert(place)
    }
    var standings: [RecordID: Standing] = [:]
    for case let (entry, id?) in entries.lazy.map({ ($0, $0.id) }) where entry.fate == .kept {
      let own = elsewhere.contains(entry.source.place) ? Standing.elsewhere : .inGroup
      standings[id] = standings[id].map { $0 == own ? own : .both } ?? own
    }
    return standings
  }
}

/// Why a group of files cannot be left out.
package enum GroupProblem: ExplainedError, Hashable {
  case noFile(String, known: [String])
  case nothing(String)
  case everything(String)
  case copies(String, Int)

  package var message: String {
    switch self {
    case .noFile(let pattern, _): "\"\(pattern)\" names no file of the dataset"
    case .nothing(let pattern): "\"\(pattern)\": no training record stands in these files alone, so nothing would change"
    case .everything(let pattern): "\"\(pattern)\": every training record stands in these files alone, and nothing would be left to train on"
    case .copies(let pattern, let count):
      "\"\(pattern)\": \(count) training record\(count == 1 ? " has a copy" : "s have copies") in these files and in others, and which of them is learned from cannot be told"
    }
  }

  package var hint: String? {
    switch self {
    case .noFile(_, let known):
      "paths are relative to the dataset's source, and * stays within one part of a path: \(known.prefix(4).joined(separator: ", "))\(known.count > 4 ? ", …" : "")"
    case .nothing: "its records were dropped, lie in another part, or are held by other files too: soulpack why FILE:LINE"
    case .everything: "name fewer files"
    case .copies: "let the recipe merge copies: curate: [{deduplicate: {exact: true}}, …]"
    }
  }
}
