/// A kind of personal data that is looked for. The raw value is what recipes and the ledger call it.
package enum PersonalData: String, CaseIterable, Hashable, Sendable {
  /// The number of a payment card.
  case card
  case email
  /// The international number of a bank account.
  case iban
  /// The address of a machine on the internet.
  case ip
  case phone
  /// A key or token that opens something.
  case secret

  package enum Action: String, CaseIterable, Hashable, Sendable {
    case redact, drop
    /// Nothing but a note in the ledger.
    case tag
  }

  /// How many of a kind were found in a record. Never what was found.
  package struct Finding: Hashable, Sendable {
    package let kind: PersonalData
    package let count: Int

    package init(kind: PersonalData, count: Int) {
      self.kind = kind
      self.count = count
    }
  }

  var placeholder: String {
    switch self {
    case .card: "[CARD]"
    case .email: "[EMAIL]"
    case .iban: "[IBAN]"
    case .ip: "[IP]"
    case .phone: "[PHONE]"
    case .secret: "[SECRET]"
    }
  }
}

/// A place in the UTF-8 of a text that holds personal data.
struct PersonalDatum: Hashable {
  let kind: PersonalData
  let range: Range<Int>
}
