internal import Licensing

/// What a record says of its own licence and consent.
struct StatedTerms {
  var license = Fields.Value.absent
  var consent = Fields.Value.absent

  /// What no licence is called: a value that is there and cannot be used is not the same as none.
  static let notUnderstood = "?"

  /// One SPDX expression, not yet judged; nil where nothing is stated.
  var expression: String? {
    switch (text(license), text(consent)) {
    case (nil, nil): nil
    case (let license?, nil): license
    case (nil, let consent?): LicenseBook.consentPrefix + consent
    case (let license?, let consent?): "(\(license)) AND \(LicenseBook.consentPrefix)\(consent)"
    }
  }

  private func text(_ value: Fields.Value) -> String? {
    switch value {
    case .absent: nil
    case .string(let text): text.isEmpty ? nil : text
    case .notAString, .twice: Self.notUnderstood
    }
  }
}
