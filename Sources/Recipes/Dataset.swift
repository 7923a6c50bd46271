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
  /// What the files do not say themselves.
  package let reading: ReadingSettings
  /// As the recipe has it: an SPDX expression, `per-record`, `from-inputs` or `NOASSERTION`.
  package let license: String
  /// The licence and consents resolved, the use that they are held against, and the choice that was made where there is one. Nil where nobody has named a
  /// licence.
  package let terms: TermsRule?
  package let contributor: String?
  /// Whom to credit, in the words that the licence asks for.
  package let attribution: String?
  package let stages: [CurationStage]
  package let split: SplitRule
}

/// What a recipe says about the files of a dataset.
package struct ReadingSettings: Hashable, Sendable {
  package struct Format: Hashable, Sendable {
    /// Nil: every file.
    package let files: String?
    package let word: String

    package init(files: String? = nil, word: String) {
      self.files = files
      self.word = word
    }
  }

  package var formats: [Format] = []
  package var columns: [String]?
  package var speakers: [String] = []
  package var pauseInSeconds: Int64 = 6 * 3_600
  package var namesOthers = false

  package init() {}
}

/// A step of curation, with its settings.
package enum CurationStage: Hashable, Sendable {
  case normalize(unicode: String, mojibake: String)
  /// `keep` sorted, each once; nil: all.
  case language(keep: [String]?, minShare: Percentage, undecided: String)
  case quality(profile: String)
  case deduplicate(exact: Bool, near: NearDuplicates?)
  case decontaminate(Decontamination)
  /// By kind, all of them.
  case pii(actions: [String: String])
  case length(minCharacters: Int64, maxCharacters: Int64)
}

/// Which evaluation files a dataset is kept clear of, and what counts as their text.
package struct Decontamination: Hashable, Sendable {
  /// Files or folders, sorted, each once.
  package let against: [String]
  package let ngram: Int64
  /// Of an evaluation record's word runs.
  package let threshold: DecimalNumber

  /// With the schema's defaults.
  package init(against: [String], ngram: Int64 = 13, threshold: DecimalNumber = 0) {
    (self.against, self.ngram, self.threshold) = (against, ngram, threshold)
  }
}

extension Dataset {
  /// Nil where no stage asks for it.
  package var decontamination: Decontamination? {
    for case .decontaminate(let settings) in stages { return settings }
    return nil
  }
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
