package import Artifacts

/// One example as a trainer takes it: token ids, and which of them are learnt.
package struct EncodedExample: Sendable {
  package let recordID: RecordID
  package let tokens: [Int32]
  /// As long as `tokens`: true where the token is a target, predicted from those before it. The first never is.
  package let supervised: [Bool]

  package init(recordID: RecordID, tokens: [Int32], supervised: [Bool]) {
    self.recordID = recordID
    self.tokens = tokens
    self.supervised = supervised
  }
}
