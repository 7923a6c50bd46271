internal import Artifacts

/// What was found in some parts of files, record by record, as far as each record says it of itself.
struct Assessment: Sendable {
  /// A part of a file, and how many records were read from it.
  struct Part: Sendable {
    let file: Int
    let offset: Int
    let line: Int
    var recordCount = 0
  }

  /// Of the errand that it answers: its stretch in the upper half.
  let number: Int
  /// What it is remembered by.
  var key: Digest?
  /// It was recalled, and its texts were not laid aside.
  var isRecalled = false
  var parts: [Part] = []
  /// In the order of the parts, and within one in the order of its bytes.
  var rows: [AssessedRow] = []
  /// What varies in length (`DetailWriter`).
  var details: [UInt8] = []
  /// The keys of the bands of each row that has shingles, one row after the other.
  var keys: [UInt32] = []
  /// The counters of each such row's shingles (`ShingleSketch`), laid aside, and how many each row has.
  var slotsStart: UInt64 = 0
  var slotCounts: [UInt32] = []
  /// What its rows say of licence and consent.
  var terms = TermsTable()

  init(number: Int) { self.number = number }
}

extension Assessment {
  /// What the details say of one row.
  struct Details: Equatable {
    var passages: [Passage] = []
    var drop: Drop?
    var conversation: String?
    /// What the stages after the comparison said.
    var laterPassages: [Passage] = []
  }

  func details(of row: AssessedRow) -> Details {
    details.withUnsafeBytes { bytes in
      var reader = DetailReader(bytes, at: Int(row.details))
      var details = Details()
      details.conversation = reader.text()
      details.passages = reader.passages()
      if row.ending != .before { details.laterPassages = reader.passages() }
      if row.ending != .none { details.drop = reader.drop() }
      return details
    }
  }

  func conversation(of row: AssessedRow) -> String? {
    details.withUnsafeBytes { bytes in
      var reader = DetailReader(bytes, at: Int(row.details))
      return reader.text()
    }
  }
}
