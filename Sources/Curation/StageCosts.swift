internal import Artifacts
package import Foundation

/// What each step of a record's way costs, one step after the other over the same records: the benchmark's table. Nothing else uses it.
///
/// A step gets the records as the way has them by then: read and normalized. The clock comes in as a value.
package struct StageCosts {
  package struct Cost {
    package let step: String
    /// Of the whole corpus, in the clock's unit; the least of the rounds.
    package let cost: Double
    /// What the step gave, in a number, so that it cannot be left out and two builds can be compared.
    package let witness: UInt64
  }

  package private(set) var costs: [Cost] = []
  package private(set) var records = 0
  private let clock: () -> Double
  private let rounds: Int

  package init(_ jsonLines: Data, rounds: Int = 3, clock: @escaping () -> Double) throws {
    (self.clock, self.rounds) = (clock, rounds)
    var read: [DatasetRecord] = []
    try measure("parse") {
      read = try StageCosts.parsed(jsonLines)
      return UInt64(read.count)
    }
    records = read.count
    let normalize = NormalizeStage(repairsMojibake: true)
    judge("normalize", by: normalize, read)
    let settled = read.map { record in
      guard case .change(let changed) = normalize.judge(record).decision else { return record }
      return changed
    }
    judge("structure", by: StructureStage(), settled)
    judge("quality chat", by: QualityStage(.chat), settled)
    judge("pii", by: PersonalDataStage(Dictionary(uniqueKeysWithValues: PersonalData.allCases.map { ($0, .redact) })), settled)
    judge("length", by: LengthStage(minimumInCharacters: 1, maximumInCharacters: 20_000), settled)
    measure("id") { settled.reduce(0) { $0 &+ UInt64($1.contentID.digest.bytes[0]) } }
    measure("canonical line") { settled.reduce(0) { $0 &+ UInt64($1.lineBytes.count) } }
    compare(settled)
  }

  private static func parsed(_ data: Data) throws -> [DatasetRecord] {
    let parser = try LineParser()
    var records: [DatasetRecord] = []
    try data.withUnsafeBytes { bytes in
      try parser.forEachLine(in: bytes) { line in
        if case .success(let record) = line.content { records.append(record) }
      }
    }
    return records
  }

  private mutating func judge(_ step: String, by stage: some RecordStage, _ records: [DatasetRecord]) {
    measure(step) {
      records.reduce(0) { sum, record in
        switch stage.judge(record).decision {
        case .pass: sum
        case .change: sum &+ 1
        case .drop: sum &+ 1_000_000
        }
      }
    }
  }

  private mutating func compare(_ records: [DatasetRecord]) {
    let shingler = Shingler(wordsInShingle: 5)
    var shingles: [UInt64] = []
    measure("shingles") {
      var sum: UInt64 = 0
      for record in records {
        shingler.shingles(of: record.content, into: &shingles)
        sum = (sum ^ (shingles.last ?? 0)) &+ UInt64(shingles.count)
      }
      return sum
    }
    let minhash = MinHash(thresholdPPM: 750_000)
    var scratch = [UInt32](repeating: .max, count: MinHash.bins)
    var keys: [UInt32] = []
    measure("shingles and minhash keys") {
      var sum: UInt64 = 0
      for record in records {
        shingler.shingles(of: record.content, into: &shingles)
        guard !shingles.isEmpty else { continue }
        keys.removeAll(keepingCapacity: true)
        minhash.appendKeys(of: shingles, to: &keys, scratch: &scratch)
        sum = keys.reduce(sum) { $0 &* 31 &+ UInt64($1) }
      }
      return sum
    }
  }

  private mutating func measure(_ step: String, _ body: () throws -> UInt64) rethrows {
    var least = Double.infinity
    var witness: UInt64 = 0
    for _ in 0..<rounds {
      let start = clock()
      witness = try body()
      least = min(least, clock() - start)
    }
    costs.append(Cost(step: step, cost: least, witness: witness))
  }
}
