/// What the language of a record was found to be.
package struct LanguageReading: Hashable, Sendable {
  /// ISO 639, with a script where the detector tells two apart (`zh-Hant`); `und`, ISO's word for undetermined, where nothing was found.
  package let code: String
  /// Its share of the record's letters, in percent.
  package let percent: Int
  /// The detector's own word on whether the language is far enough ahead of others.
  package let isReliable: Bool

  package static let undetermined = "und"

  /// What is not reliable counts as undetermined.
  var certainCode: String { isReliable ? code : Self.undetermined }

  package init(code: String, percent: Int, isReliable: Bool) {
    (self.code, self.percent, self.isReliable) = (code, percent, isReliable)
  }
}
