/// A set of quality rules with published or documented bounds. docs/curation.md, "quality", lists them.
package enum QualityProfile: String, CaseIterable, Hashable, Sendable {
  /// For short turns and code: it takes out only what nobody would miss.
  case chat
  /// For English prose of the web: Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
  /// appendix A.1.1, "Quality filtering" and "Repetition removal" (table A1).
  case gopher
  /// For English prose of the web: Raffel et al. 2020, section 2.2. The only ones but `fineweb` that change what they keep: lines go.
  case c4
  /// For English prose of the web, and the strictest: Penedo et al. 2024. Gopher's rules, C4's without that of terminal punctuation, and its own.
  case fineweb

  /// In the order in which they are asked; the first that is missed drops the record.
  package var rules: [QualityRule] {
    switch self {
    case .chat: ChatSignals.rules
    case .gopher: GopherSignals.rules
    case .c4: C4Cleaning.rules
    case .fineweb: GopherSignals.rules + C4Cleaning.rules + FineWebSignals.rules
    }
  }
}
