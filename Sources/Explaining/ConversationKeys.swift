internal import Artifacts
internal import Curation
internal import Foundation
internal import Hashing

/// The conversation keys of a few records of a curated dataset.
///
/// A dataset's lines hold no ids, but they stand in the order of the ids (docs/curation.md): a kept record's place among the sorted ids of all
/// kept ones is the number of its line. So only the lines that are asked for are decoded, and each is held against the id that led to it.
struct ConversationKeys {
  private let keys: [RecordKey: String]

  subscript(id: RecordKey) -> String? { keys[id] }

  init(of wanted: [RecordKey], kept: some Sequence<RecordKey>, in dataset: Data) throws {
    let wanted = Array(Set(wanted)).sorted()
    var keys: [RecordKey: String] = [:]
    guard !wanted.isEmpty else {
      self.keys = keys
      return
    }
    let ranks = Self.ranks(of: wanted, among: kept)
    for (id, line) in zip(wanted, Self.lines(ranks, of: dataset)) {
      let record = try line.map { DatasetRecord(line: try JSONValue(parsing: $0)) } ?? nil
      guard let record, record.id == id.id else { throw RecordsDisagree(record: id.id) }
      keys[id] = record.conversation
    }
    self.keys = keys
  }

  /// How many of the kept ids are below each of the wanted ones, which are sorted.
  private static func ranks(of wanted: [RecordKey], among kept: some Sequence<RecordKey>) -> [Int] {
    // below[i]: the kept ids after wanted[i - 1] and before wanted[i]. Without deduplication, an id can be kept more than once.
    var below = [Int](repeating: 0, count: wanted.count + 1)
    var same = [Int](repeating: 0, count: wanted.count)
    for id in kept {
      let index = firstIndex(in: wanted, notLessThan: id)
      if index < wanted.count, wanted[index] == id { same[index] += 1 } else { below[index] += 1 }
    }
    var rank = 0
    return wanted.indices.map { index in
      rank += below[index]
      defer { rank += same[index] }
      return rank
    }
  }

  /// The lines of these numbers, counted from 0 and rising. Nil for one that is not there.
  private static func lines(_ numbers: [Int], of dataset: Data) -> [Data?] {
    dataset.withUnsafeBytes { raw in
      let bytes = raw.bindMemory(to: UInt8.self)
      var lines: [Data?] = []
      var (start, number) = (0, 0)
      for wanted in numbers {
        while number < wanted, start < bytes.count {
          start = bytes.endOfLine(from: start) + 1
          number += 1
        }
        lines.append(start < bytes.count ? Data(bytes[start..<bytes.endOfLine(from: start)]) : nil)
      }
      return lines
    }
  }
}

/// A ledger and a dataset that are said to come from one curation, and do not.
struct RecordsDisagree: ExplainedError {
  let record: RecordID

  var message: String { "record \(record.digest.short): the ledger and the dataset of one curation disagree" }
  var hint: String? { "run `soulpack fsck`; if the store is sound, this is a defect of soulpack: please report it" }
}

/// The first index of a sorted array whose element is not below `key`; its count where there is none.
private func firstIndex(in sorted: [RecordKey], notLessThan key: RecordKey) -> Int {
  var (low, high) = (0, sorted.count)
  while low < high {
    let middle = (low + high) / 2
    if sorted[middle] < key { low = middle + 1 } else { high = middle }
  }
  return low
}
