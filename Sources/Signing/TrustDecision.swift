/// What a consumer's policy says to a set of keys that signed a Soul.
package enum TrustDecision: Hashable, Sendable {
  /// `keys` are the ones that the rule counted.
  case trusted(rule: String, keys: Set<PublicKey>)
  /// A rule speaks of this Soul, and these signatures do not meet it.
  case untrusted(rule: String, reason: String)
  /// The policy does not speak of this Soul.
  case noRule
}
