internal import Artifacts
internal import Licensing

/// All records that were read, in the order of their sources, and what became of each when they were compared.
struct AssessedRecords: Sendable {
  /// A record that gave way to another.
  struct Merge: Hashable, Sendable {
    /// By its number in the order of the sources.
    let keeper: Int
    /// Nil for an exact copy.
    let similarityPPM: Int?
  }

  /// A run of records that were read from one part of a file.
  struct Run: Sendable {
    let assessment: Int
    let part: Assessment.Part
    /// Of its assessment's rows.
    let rows: Range<Int>
    /// The number of its first record.
    let first: Int
  }

  private(set) var assessments: [Assessment]
  /// In the order of the sources.
  let runs: [Run]
  let files: [Ledger.File]
  /// Where each record stands: its assessment, and its row there.
  private let places: [(assessment: UInt32, row: UInt32)]
  private(set) var merges: [Merge?]
  /// The conversation key that a keeper took from a copy.
  private(set) var adopted: [Int: String] = [:]
  /// The terms of a keeper that are not its own alone.
  private(set) var adoptedTerms: [Int: UInt32] = [:]
  /// All terms that are met, and under which numbers those of each assessment are among them.
  private var terms = TermsTable()
  private let termsOfAssessments: [[UInt32]]
  private var strictest: [TermsPair: UInt32] = [:]

  var count: Int { places.count }

  /// `listing` has what was found in archives, and knows in which order files stand.
  init(_ assessments: [Assessment], _ listing: Listing) {
    self.assessments = assessments.sorted { $0.number < $1.number }
    var terms = TermsTable()
    termsOfAssessments = self.assessments.map { assessment in [TermsTable.datasetsOwn] + assessment.terms.expressions.map { terms.number(of: $0) } }
    self.terms = terms
    files = listing.files
    var parts: [(assessment: Int, part: Assessment.Part, rows: Range<Int>)] = []
    for (index, assessment) in self.assessments.enumerated() {
      var start = 0
      for part in assessment.parts {
        parts.append((index, part, start..<start + part.recordCount))
        start += part.recordCount
      }
    }
    // The members of an archive come in its own order, and a file may sort between two of them.
    let order = parts.indices.sorted { left, right in
      parts[left].part.file == parts[right].part.file ? left < right : listing.precedes(parts[left].part.file, parts[right].part.file)
    }
    var runs: [Run] = []
    var places: [(assessment: UInt32, row: UInt32)] = []
    for index in order {
      let (assessment, part, rows) = parts[index]
      runs.append(Run(assessment: assessment, part: part, rows: rows, first: places.count))
      for row in rows { places.append((UInt32(assessment), UInt32(row))) }
    }
    (self.runs, self.places) = (runs, places)
    merges = Array(repeating: nil, count: places.count)
  }

  func row(_ record: Int) -> AssessedRow {
    let place = places[record]
    return assessments[Int(place.assessment)].rows[Int(place.row)]
  }

  func assessmentIndex(of record: Int) -> Int { Int(places[record].assessment) }

  func assessment(of record: Int) -> Assessment { assessments[Int(places[record].assessment)] }

  func details(of record: Int) -> Assessment.Details { assessment(of: record).details(of: row(record)) }

  /// The record's own, before it took another's.
  func ownConversation(of record: Int) -> String? { assessment(of: record).conversation(of: row(record)) }

  func conversation(of record: Int) -> String? { adopted[record] ?? ownConversation(of: record) }

  /// Its own terms, or those that it took on; nil for the dataset's.
  func license(of record: Int) -> String? { terms[terms(of: record)] }

  private func terms(of record: Int) -> UInt32 {
    adoptedTerms[record] ?? termsOfAssessments[Int(places[record].assessment)][Int(row(record).terms)]
  }

  func place(of record: Int) -> RecordPlace { source(of: record).place }

  func source(of record: Int) -> RecordSource {
    let row = row(record)
    let part = assessment(of: record).parts[Int(row.part)]
    let start = part.offset + row.offset
    return RecordSource(file: files[part.file].path, line: part.line + Int(row.line), byteRange: start..<start + row.byteCount)
  }

  func hasAdoptedTerms(_ record: Int) -> Bool { adoptedTerms[record] != nil }

  /// Whether it goes into the comparison of records.
  func isCompared(_ record: Int) -> Bool { row(record).ending != .before }

  func isMerged(_ record: Int) -> Bool { merges[record] != nil }

  func isKept(_ record: Int) -> Bool { merges[record] == nil && row(record).ending == .none }

  mutating func merge(_ record: Int, into keeper: Int, similarityPPM: Int?) {
    merges[record] = Merge(keeper: keeper, similarityPPM: similarityPPM)
  }

  /// How many assessments were recalled, and not even read for their texts.
  var recalledCount: Int { assessments.count { $0.isRecalled } }

  /// Records that took something from others.
  var adopters: [Int] { Set(adopted.keys).union(adoptedTerms.keys).sorted() }

  /// Takes on where the texts of an assessment that was recalled were laid aside, now that it was made once more.
  mutating func restore(_ index: Int, from fresh: Assessment) throws(RecallMiss) {
    let rows = assessments[index].rows
    guard rows.count == fresh.rows.count, zip(rows, fresh.rows).allSatisfy({ $0.id == $1.id && $0.finalID == $1.finalID }) else { throw RecallMiss() }
    assessments[index].rows = fresh.rows
    (assessments[index].details, assessments[index].isRecalled) = (fresh.details, false)
  }

  /// Takes on where a record's final line was laid aside.
  mutating func setFinalLine(_ span: LineSpan, of record: Int) {
    let place = places[record]
    assessments[Int(place.assessment)].rows[Int(place.row)].finalLine = span
  }

  mutating func adopt(_ conversation: String, by record: Int) { adopted[record] = conversation }

  /// A keeper stands for what was merged into it, so the terms of both hold.
  mutating func adoptTerms(of record: Int, by keeper: Int, _ rule: TermsRule) {
    let (own, other) = (terms(of: keeper), terms(of: record))
    guard own != other else { return }
    let pair = TermsPair(own: own, other: other)
    let both = strictest[pair] ?? terms.number(of: rule.strictest(terms[own], terms[other]))
    strictest[pair] = both
    if both != own { adoptedTerms[keeper] = both }
  }
}

/// Terms that meet when one record is merged into another: few pairs, many times.
private struct TermsPair: Hashable {
  let own: UInt32
  let other: UInt32
}
