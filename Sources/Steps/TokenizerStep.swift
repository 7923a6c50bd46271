internal import Artifacts
internal import Curation
internal import Engine
internal import Planning
internal import Running
internal import Store

/// A byte-level BPE tokenizer is trained on the texts of a train split.
struct TokenizerStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let parameters = ParameterReader(context.action)
    let records = try context.dataset("train").records()
    let trainer = try TokenizerTrainer(vocabularySize: try parameters.count("vocabulary"), specialTokens: ChatFormat.specialTokens)
    let tokenizer = try trainer.train(on: records.flatMap(\.texts))
    return ["tokenizer": try context.store.objects.put(TokenizerFile.canonical(of: tokenizer))]
  }
}

extension DatasetRecord {
  /// What the record says, without the roles.
  fileprivate var texts: [String] { content.texts { _ in true } }
}
