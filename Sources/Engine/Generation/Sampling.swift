/// How the next token is chosen.
package struct Sampling: Hashable, Sendable {
  /// 0 takes the most likely token every time.
  package var temperature: Double
  /// The smallest set of likely tokens whose probabilities reach this much is drawn from.
  package var topP: Double
  package var seed: UInt64

  package init(temperature: Double = 0, topP: Double = 1, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
  }

  package static let greedy = Sampling()
}
