internal import Artifacts
package import Foundation

/// The runs of words of all evaluation records, to be looked up for each record of a dataset.
package struct EvaluationIndex: Sendable {
  /// A file that is compared with. `name` is what the ledger calls it.
  package struct File: Sendable {
    package let name: String
    package let data: Data

    package init(name: String, data: Data) { (self.name, self.data) = (name, data) }
  }

  /// Evaluation records, and those of them that are too short, or whose runs are all a template's, so that nothing can be looked for.
  package let recordCount: Int
  package let unsearchableCount: Int

  private let places: [RecordPlace]
  /// Of each record.
  private let runCounts: [Int]
  private let runs: WordRuns
  /// The records that have a run, by its hash.
  private let owners: [UInt64: [Int32]]
  private let filter: HashFilter

  /// A run in more evaluation records than this is the evaluation's own template, and no evidence (Brown et al. 2020 leave out what collides
  /// more than ten times).
  package static let mostRecordsOfRun = 10

  /// Reads the files as curation reads any other, and brings their text into one form first. Nil where the parameters have no such stage.
  package init?(_ files: [File], for parameters: CurationParameters) throws {
    guard let rule = parameters.decontamination else { return nil }
    let records = try files.flatMap(EvaluationIndex.records)
    guard !records.isEmpty else { throw EvaluationError.noRecords(files: files.map(\.name)) }
    var runs = WordRuns(wordsInRun: rule.wordsInRun)
    let hashes = records.map { runs.collect($0.content) }
    var frequency: [UInt64: Int] = [:]
    for hash in hashes.joined() { frequency[hash, default: 0] += 1 }
    var owners: [UInt64: [Int32]] = [:]
    var runCounts: [Int] = []
    for (number, record) in hashes.enumerated() {
      let own = record.filter { frequency[$0, default: 0] <= Self.mostRecordsOfRun }
      runCounts.append(own.count)
      for hash in own { owners[hash, default: []].append(Int32(number)) }
    }
    recordCount = records.count
    unsearchableCount = runCounts.count { $0 == 0 }
    guard unsearchableCount < recordCount else { throw EvaluationError.nothingToLookFor(records: records.count, wordsInRun: rule.wordsInRun) }
    places = records.map(\.place)
    filter = HashFilter(owners.keys)
    (self.runCounts, self.runs, self.owners) = (runCounts, runs, owners)
  }

  private static func records(_ file: File) throws -> [(place: RecordPlace, content: DatasetRecord.Content)] {
    guard let kind = FileKind(path: file.name) else { throw EvaluationError.unknownKind(file.name) }
    let normalize = NormalizeStage(repairsMojibake: true)
    return try FilePart.outcomes(ofAll: file.data, path: file.name, kind).map { outcome in
      guard case .alive(let draft) = outcome.passing([normalize]) else { throw EvaluationError.unreadableRecord(outcome) }
      return (draft.source.place, draft.record.content)
    }
  }

  /// The evaluation record that shares the largest share of its runs, of several the first; nil where none shares any.
  func overlap(with content: DatasetRecord.Content) -> EvaluationOverlap? {
    var shared: [Int32: Set<UInt64>] = [:]
    runs.forEach(in: content) { hash in
      guard filter.mayHold(hash), let owners = owners[hash] else { return }
      for owner in owners { shared[owner, default: []].insert(hash) }
    }
    // a/b > c/d without division; of equal ones the smaller number.
    let best = shared.max { left, right in
      let (first, second) = (left.value.count * runCounts[Int(right.key)], right.value.count * runCounts[Int(left.key)])
      return first == second ? left.key > right.key : first < second
    }
    return best.map { EvaluationOverlap(place: places[Int($0.key)], sharedRuns: $0.value.count, runs: runCounts[Int($0.key)]) }
  }
}

/// The hashes of runs of words, within one content: no run goes from one turn into the next.
struct WordRuns: Sendable {
  /// Shorter texts are not looked for: they are said by chance (Brown et al. 2020: 8).
  static let fewestWords = 8

  private let wordsInRun: Int
  /// Lengths that occur. A text of fewer words than a run is one run, as long as it is.
  private var lengths: Set<Int> = []
  private let words = Words()
  private static let factor: UInt64 = 0xD6E8_FEB8_6659_FD93

  init(wordsInRun: Int) { self.wordsInRun = wordsInRun }

  /// Of an evaluation record, in no order.
  mutating func collect(_ content: DatasetRecord.Content) -> Set<UInt64> {
    var hashes: Set<UInt64> = []
    for text in content.spoken {
      var words: [UInt64] = []
      self.words.append(text, to: &words)
      let length = min(wordsInRun, words.count)
      guard length >= min(Self.fewestWords, wordsInRun) else { continue }
      lengths.insert(length)
      WordRuns.forEach(of: length, in: words) { hashes.insert($0) }
    }
    return hashes
  }

  /// Of any record, with every length that the evaluation records have.
  func forEach(in content: DatasetRecord.Content, _ body: (UInt64) -> Void) {
    var words: [UInt64] = []
    for text in content.spoken {
      words.removeAll(keepingCapacity: true)
      self.words.append(text, to: &words)
      for length in lengths { WordRuns.forEach(of: length, in: words, body) }
    }
  }

  private static func forEach(of length: Int, in words: [UInt64], _ body: (UInt64) -> Void) {
    guard words.count >= length else { return }
    let outgoing = (0..<length).reduce(1 as UInt64) { power, _ in power &* factor }
    words.withUnsafeBufferPointer { words in
      var window: UInt64 = 0
      for index in words.indices {
        window = window &* factor &+ words[index]
        if index >= length { window = window &- words[index - length] &* outgoing }
        if index >= length - 1 { body(Words.mixed(window &+ UInt64(length))) }
      }
    }
  }
}

/// Says of most hashes that they are not there, at the cost of one look (Bloom 1970, with one bit a hash).
struct HashFilter: Sendable {
  private let bits: [UInt64]
  private let shift: UInt64

  /// Sixteen bits a hash and more: one in sixteen that are not there passes.
  init(_ hashes: some Collection<UInt64>) {
    let exponent = max(10, Int.bitWidth - (hashes.count * 16).leadingZeroBitCount)
    shift = UInt64(64 - exponent)
    var bits = [UInt64](repeating: 0, count: 1 << (exponent - 6))
    for hash in hashes {
      let place = hash >> UInt64(64 - exponent)
      bits[Int(place >> 6)] |= 1 << (place & 63)
    }
    self.bits = bits
  }

  @inline(__always)
  func mayHold(_ hash: UInt64) -> Bool {
    let place = hash >> shift
    return bits[Int(place >> 6)] & 1 << (place & 63) != 0
  }
}
