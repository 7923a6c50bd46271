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
  package let license: String
  package let contributor: String?
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
