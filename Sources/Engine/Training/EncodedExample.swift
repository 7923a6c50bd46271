package import Artifacts

/// One training example after the tokenizer: its token ids, and which of them the model must learn to predict.
package struct EncodedExample: Hashable, Sendable {
  package let recordID: RecordID
  package let tokens: [Int32]
  /// supervised[i]: token i is a target to predict. The first token has nothing before it and is never predicted.
  package let supervised: [Bool]
  /// It has its place in the plan, and nothing is learned from it: the training is the one without it.
  package var isLeftOut = false

  /// Traps unless there is a flag for each token.
  package init(recordID: RecordID, tokens: [Int32], supervised: [Bool]) {
    precondition(tokens.count == supervised.count, "one flag for each token")
    self.recordID = recordID
    self.tokens = tokens
    self.supervised = supervised
  }

  /// How many terms the example adds to the loss.
  package var supervisedTokenCount: Int { supervised.dropFirst().count { $0 } }

  /// Rows of computation: every token but the last.
  var rowCount: Int { max(tokens.count - 1, 0) }

  func truncated(to limit: Int) -> EncodedExample {
    var short = EncodedExample(recordID: recordID, tokens: Array(tokens.prefix(limit)), supervised: Array(supervised.prefix(limit)))
    short.isLeftOut = isLeftOut
    return short
  }
}
