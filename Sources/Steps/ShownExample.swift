package import Artifacts
internal import Curation
package import Engine
internal import Planning
package import Running

/// What a training learns from, for a person who asks to see it: the first example in which some tokens are learnt and others only read; where there is
/// none, the first.
///
/// It holds the text of a record, and is for whoever asked alone: no log and no file has it.
package struct ShownExample: Sendable {
  package let record: RecordID
  package let runs: [ExampleRun]
  /// From 1, among `count`.
  package let number: Int
  package let count: Int
  /// Whether tokens of it are only read, beyond the first.
  package let isMasked: Bool

  /// Of a train action. Throws what its training would.
  package init(_ context: StepContext) throws {
    let format = try Self.format(context)
    let contextLength = try ParameterReader(context.action).count("context")
    let records = try context.dataset("train").records()
    if let untrainable = UntrainableRecords(records) { throw untrainable }
    let dataset = try ExampleEncoder(format: format, contextLength: contextLength).encode(records)
    if let endless = try EndlessExamples(dataset, of: { records }, format, contextLength: contextLength) { throw endless }
    let masked = dataset.firstMaskedExample
    guard let example = masked ?? dataset.examples.first, let place = dataset.examples.firstIndex(of: example) else {
      throw TrainingError.nothingSupervised(exampleCount: dataset.counts.examples)
    }
    record = example.recordID
    runs = format.runs(of: example)
    (number, count, isMasked) = (place + 1, dataset.examples.count, masked != nil)
  }

  /// The base's own; its weights are not looked at.
  private static func format(_ context: StepContext) throws -> ChatFormat {
    guard context.inputs["tokenizer"] == nil else { return try ChatFormat(tokenizer: try TokenizerFile.read(try context.input("tokenizer"))) }
    return try BaseModel.format(context, "base")
  }
}
