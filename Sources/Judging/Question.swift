package import Artifacts
internal import Hashing
package import Signing

/// What a round is to answer: which candidate beats this incumbent on this holdout by at least so much.
///
/// Nothing in it depends on a key, a nonce or a clock, so a build without an identity decides by the same question as the committee that signs
/// the answer later. Its digest is what breaks ties, for the same reason: the round's id holds the keys.
package struct Question: Hashable, Sendable {
  package static let schema = "soulpack.question/1"

  package struct Holdout: Hashable, Sendable {
    /// A commitment to the records that are scored and to how many tokens each has.
    package let root: Digest
    package let records: Int64
    package let tokens: Int64

    package init(root: Digest, records: Int64, tokens: Int64) {
      self.root = root
      self.records = records
      self.tokens = tokens
    }
  }

  /// How many rounds came before in the life of this Soul.
  package let height: Int64
  package let incumbent: Digest
  package let holdout: Holdout
  /// η: what a winner must gain.
  package let improvement: Margin
  /// ε: how far honest measurements may be apart. Zero for the embedded engine, whose results are equal to the bit.
  package let tolerance: Margin

  package init(height: Int64 = 0, incumbent: Digest, holdout: Holdout, improvement: Margin, tolerance: Margin = .zero) {
    self.height = height
    self.incumbent = incumbent
    self.holdout = holdout
    self.improvement = improvement
    self.tolerance = tolerance
  }

  package var digest: Digest { Digest(hashing: document) }
}

extension Question {
  package var document: JSONValue {
    [
      "schema": .string(Self.schema), "height": .integer(height), "incumbent": .digest(incumbent),
      "holdout": ["root": .digest(holdout.root), "records": .integer(holdout.records), "tokens": .integer(holdout.tokens)],
      "improvement": improvement.document, "tolerance": tolerance.document,
    ]
  }

  package init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["height", "incumbent", "holdout", "improvement", "tolerance"], schema: Self.schema)
    let holdout = try reader.member("holdout")
    try holdout.object(["root", "records", "tokens"])
    self.init(
      height: try reader.member("height").count(), incumbent: try reader.member("incumbent").digest(),
      holdout: Holdout(
        root: try holdout.member("root").digest(), records: try holdout.member("records").count(), tokens: try holdout.member("tokens").count()),
      improvement: try Margin(reader.member("improvement")), tolerance: try Margin(reader.member("tolerance")))
  }
}

extension Margin {
  var document: JSONValue { ["numerator": .integer(numerator), "denominator": .integer(denominator)] }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["numerator", "denominator"])
    guard let margin = Margin(numerator: try reader.member("numerator").count(), denominator: try reader.member("denominator").count()) else {
      throw reader.failure("has no positive denominator")
    }
    self = margin
  }
}
