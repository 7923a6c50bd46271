/// What one step came to. Its time is for people; nothing that is built depends on it.
package struct StepReport: Sendable {
  package let completedSteps: Int
  package let totalSteps: Int
  /// The mean over the step's supervised tokens, before its update.
  package let lossNatsPerToken: Double
  /// Before clipping.
  package let gradientNorm: Double
  package let learningRate: Double
  package let supervisedTokenCount: Int
  /// Rows computed, supervised or not.
  package let tokenCount: Int
  package let duration: Duration

  package var tokensPerSecond: Double { Double(tokenCount) / (duration / .seconds(1)) }
}
