package import Licensing

/// A dataset: where it comes from, how it is curated and parted.
package struct Dataset: Hashable, Sendable {
  package enum Origin: Hashable, Sendable {
    /// A folder or a file.
    case path(String)
    case run(String)
  }

  package let name: String
  package let origin: Origin
  /// Patterns relative to the origin, sorted, each once; nil: every file.
  package let files: [String]?
  /// As the recipe has it: an SPDX expression, `per-record`, `from-inputs` or `NOASSERTION`.
  package let license: String
  /// The licence and consents resolved, the use that they are held against, and the choice that was made where there is one. Nil where nobody has named a licence.
  package let terms: TermsRule?
  package let contributor: String?
  /// Whom to credit, in the words that the licence asks for.
  package let attribution: String?
  package let stages: [CurationStage]
  package let split: SplitRule
}

/// A step of curation, with its settings.
package enum CurationStage: Hashable, Sendable {
  case normalize(unicode: String, mojibake: String)
  case quality(profile: String)
  case deduplicate(exact: Bool, near: NearDuplicates?)
  case pii(action: String)
  case length(minCharacters: Int64, maxCharacters: Int64)
}

/// When two records are nearly the same.
package struct NearDuplicates: Hashable, Sendable {
  package let ngram: Int64
  /// Jaccard similarity of the shingles.
  package let threshold: DecimalNumber
}

/// How records are parted.
package struct SplitRule: Hashable, Sendable {
  package let by: String
  package let validation: Percentage
  package let holdout: Percentage
  package let salt: String
}
