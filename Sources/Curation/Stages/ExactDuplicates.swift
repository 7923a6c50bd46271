internal import Artifacts
internal import Licensing

/// Merges records of one id into the one that stands first.
enum ExactDuplicates {
  /// Copies may belong to different conversations. The keeper takes the smallest key among them, by bytes, so that the dataset does not
  /// depend on which file was called what; a record without a key has no say. Terms of all of them hold for it.
  static func merge(in records: inout AssessedRecords, _ terms: TermsRule? = nil) {
    let compared = (0..<records.count).filter(records.isCompared)
    var runs: [(first: Int, others: [Int])] = []
    IDOrder.forEachRun(compared.count, { records.row(compared[$0]).id }, { runs.append(($0, $1)) })
    for (first, others) in runs {
      for other in others { merge(compared[other], into: compared[first], &records, terms) }
    }
  }

  private static func merge(_ record: Int, into keeper: Int, _ records: inout AssessedRecords, _ terms: TermsRule?) {
    records.merge(record, into: keeper, similarityPPM: nil)
    if let key = records.ownConversation(of: record), precedes(key, records.conversation(of: keeper)) { records.adopt(key, by: keeper) }
    if let terms { records.adoptTerms(of: record, by: keeper, terms) }
  }

  private static func precedes(_ key: String, _ other: String?) -> Bool {
    guard let other else { return true }
    return key.utf8.lexicographicallyPrecedes(other.utf8)
  }
}
