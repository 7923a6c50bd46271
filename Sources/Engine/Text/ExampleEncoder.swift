package import Artifacts
internal import Hashing

/// Turns records into the examples that a trainer takes.
package struct ExampleEncoder: Sendable {
  package let format: ChatFormat
  /// The most tokens of an example.
  package let contextLength: Int

  /// The context must hold a token and one that is predicted from it.
  package init(format: ChatFormat, contextLength: Int) {
    precondition(contextLength >= 2, "a context of fewer than two tokens predicts nothing")
    self.format = format
    self.contextLength = contextLength
  }

  /// The examples in the order of the records; the windows of a long text in their order.
  /// Refuses a conversation that the base's template refuses, and names its record.
  package func encode(_ records: some Sequence<DatasetRecord>) throws(UnusableRecord) -> EncodedDataset {
    var dataset = EncodedDataset()
    var cache = PieceCache()
    for record in records {
      dataset.counts.records += 1
      let before = dataset.examples.count
      switch record.content {
      case .messages(let messages): try append(messages, of: record.id, to: &dataset, &cache)
      case .text(let text): append(text, of: record.id, to: &dataset, &cache)
      // No example: whoever asks for one of these has been told before (`Steps`, `UntrainableRecords`).
      case .toolUse, .preference, .judged: break
      }
      if dataset.examples.count == before { dataset.counts.recordsWithoutTarget += 1 }
    }
    return dataset
  }

  /// A conversation is one example. What does not fit is left off its end: a window from the middle would have lost its beginning.
  private func append(
    _ messages: [Message], of id: RecordID, to dataset: inout EncodedDataset, _ cache: inout PieceCache
  ) throws(UnusableRecord) {
    let tokens: [Int32], supervised: [Bool]
    do throws(TokenizerError) {
      (tokens, supervised) = try format.encode(messages, upTo: contextLength, cache: &cache)
    } catch {
      throw UnusableRecord(id: id, cause: error)
    }
    if tokens.count > contextLength { dataset.counts.cutRecords += 1 }
    dataset.append(id, tokens.prefix(contextLength), supervised.prefix(contextLength))
  }

  /// Running text is learnt throughout, with the token that ends it, in consecutive windows of the context's length.
  private func append(_ text: String, of id: RecordID, to dataset: inout EncodedDataset, _ cache: inout PieceCache) {
    let tokens = format.encode(text: text, cache: &cache)
    for start in stride(from: 0, to: tokens.count, by: contextLength) {
      let window = tokens[start..<min(start + contextLength, tokens.count)]
      dataset.append(id, window, repeatElement(true, count: window.count))
    }
  }
}

/// A conversation that the base's template cannot be used for.
package struct UnusableRecord: ExplainedError {
  package let id: RecordID
  package let cause: TokenizerError

  package var message: String { "record \(id): \(cause.message)" }
  package var hint: String? { cause.hint }
}

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
  fileprivate mutating func append(_ id: RecordID, _ tokens: some Sequence<Int32>, _ supervised: some Sequence<Bool>) {
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
}

// MARK: - Looking at one

extension EncodedDataset {
  /// The first example in which some tokens are learnt and others only read (beyond the first, which never is learnt).
  package var firstMaskedExample: EncodedExample? {
    examples.first { $0.supervised.dropFirst().contains(false) }
  }
}

extension ChatFormat {
  /// An example for a person to read: a line for each of its runs, `context` or `learnt`, its text in JSON's quotes so that nothing in
  /// it steers a terminal. It shows the text of a record: only for someone who asked.
  package func view(of example: EncodedExample) -> String { runs(of: example).map { $0.line + "\n" }.joined() }

  /// A run ends where its text ends a line, too.
  package func runs(of example: EncodedExample) -> [ExampleRun] {
    var runs: [ExampleRun] = []
    var start = 0
    for index in example.tokens.indices {
      let isLast = index + 1 == example.tokens.count || example.supervised[index + 1] != example.supervised[index]
      guard isLast || tokenizer.decodeBytes(CollectionOfOne(example.tokens[index])).last == UInt8(ascii: "\n") else { continue }
      let tokens = Array(example.tokens[start...index])
      runs.append(ExampleRun(tokens: tokens, isLearnt: example.supervised[index], text: tokenizer.decode(tokens, isContinued: start > 0)))
      start = index + 1
    }
    return runs
  }
}

/// Neighbouring tokens of an example that are all learnt, or all only read.
package struct ExampleRun: Hashable, Sendable {
  package let tokens: [Int32]
  package let isLearnt: Bool
  package let text: String

  /// `context "…"` or `learnt "…"`: nothing in it steers a terminal.
  package var line: String { (isLearnt ? "learnt   " : "context  ") + escapedJSON(text) }
}

/// A JSON string in which every control and format character is escaped, not only those that JSON asks for (C1 controls and bidirectional
/// overrides are neither).
private func escapedJSON(_ text: String) -> String {
  var output = ""
  for scalar in JSONValue.string(text).canonicalText.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format: output += scalar.utf16.map { #"\u"# + hexadecimal([UInt8($0 >> 8), UInt8($0 & 0xFF)]) }.joined()
    default: output.unicodeScalars.append(scalar)
    }
  }
  return output
}
