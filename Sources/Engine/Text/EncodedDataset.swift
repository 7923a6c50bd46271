internal import Artifacts

/// The examples of a dataset, and what became of its records.
package struct EncodedDataset: Sendable {
  package struct Counts: Hashable, Sendable {
    package internal(set) var records = 0
    package internal(set) var examples = 0
    package internal(set) var tokens = 0
    package internal(set) var supervisedTokens = 0
    /// Conversations that were longer than the context and lost their end.
    package internal(set) var cutRecords = 0
    /// Records that gave no example, since no token of theirs would have been learnt.
    package internal(set) var recordsWithoutTarget = 0
  }

  package internal(set) var examples: [EncodedExample] = []
  package internal(set) var counts = Counts()

  /// Takes an example in, unless nothing in it is learnt. The first token follows nothing, so it is no target.
  mutating func append(_ id: RecordID, _ tokens: some Sequence<Int32>, _ supervised: some Sequence<Bool>) {
    var supervised = Array(supervised)
    if !supervised.isEmpty { supervised[0] = false }
    let targets = supervised.count { $0 }
    guard targets > 0 else { return }
    examples.append(EncodedExample(recordID: id, tokens: Array(tokens), supervised: supervised))
    counts.examples += 1
    counts.tokens += supervised.count
    counts.supervisedTokens += targets
  }
}

extension EncodedDataset {
  /// The same examples in the same places, of which those of `rest` alone are learned from: records with the same id are in both or in neither.
  package func learning(only rest: EncodedDataset) -> EncodedDataset {
    let kept = Set(rest.examples.map(\.recordID))
    var dataset = self
    for index in examples.indices where !kept.contains(examples[index].recordID) { dataset.examples[index].isLeftOut = true }
    dataset.counts = rest.counts
    return dataset
  }

  /// The first example in which some tokens are learnt and others only read (beyond the first, which never is learnt).
  package var firstMaskedExample: EncodedExample? {
    examples.first { $0.supervised.dropFirst().contains(false) }
  }
}
