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
