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
    Self.tellBudget(duration, deadline, note)
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
