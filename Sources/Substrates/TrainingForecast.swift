package import Engine
internal import Foundation

/// What a training of the embedded engine will take on this machine, said before it begins: steps and tokens exactly, memory and time about. The
/// time is from what the machine was found to do a moment ago.
package struct TrainingForecast: Sendable {
  private let estimate: TrainingEstimate
  private let threads: Int
  package let duration: Duration

  package init(_ estimate: TrainingEstimate, threads: Int) throws {
    self.estimate = estimate
    self.threads = threads
    duration = try estimate.duration(threads: threads)
  }

  /// Numbers read the same on every machine, as all of soulpack's words do.
  private static let locale = Locale(identifier: "en_US")

  package func tell(exampleCount: Int, deadline: ContinuousClock.Instant?, _ note: (String) -> Void) {
    let tokens = estimate.tokenCount.formatted(.number.locale(Self.locale))
    let memory = estimate.peakByteCount.formatted(.byteCount(style: .decimal).locale(Self.locale))
    let time = "about \(ApproximateDuration(duration)) on \(Self.spelled(threads, "thread"))"
    note("\(estimate.stepCount) steps over \(exampleCount) examples, \(tokens) tokens in all: \(time), about \(memory) of memory")
    if estimate.economy != TrainingEconomy.all[0] { note("to fit into memory, at some cost in time: \(economyWords); the bytes are the same") }
    Self.tellBudget(duration, deadline, note)
  }

  private var economyWords: String {
    let rows = "at most \(estimate.economy.microBatchTokens.formatted(.number.locale(Self.locale))) tokens at once, or one example"
    return estimate.economy.activations == .kept ? rows : "\(rows); of each layer only the input is kept, and the backward pass computes the layer again"
  }

  package static func tellBudget(_ duration: Duration, _ deadline: ContinuousClock.Instant?, _ note: (String) -> Void) {
    guard let deadline else { return }
    let left = ContinuousClock.now.duration(to: deadline)
    guard duration > left else { return }
    note(
      "the wall budget leaves \(ApproximateDuration(max(left, .zero))): it will stop with a checkpoint then, and the next build goes on from there")
  }

  package static func spelled(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
