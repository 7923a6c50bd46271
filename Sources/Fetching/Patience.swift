internal import Foundation

/// How long a hub is waited for.
package struct Patience: Sendable {
  /// Tries of one request, or of one file without any getting further.
  package var attempts: Int
  /// Before the second try; each after it waits twice as long.
  package var firstPause: Duration
  /// A server that asks for a longer wait than this is not waited for.
  package var longestPause: Duration
  /// Whole seconds in which less than `lowestBytesPerSecond` come.
  package var stallSeconds: Int
  package var connectSeconds: Int
  /// Whole seconds for all of an answer that is no file.
  package var answerSeconds: Int

  /// A server that sends a byte now and then would otherwise hold a build for ever.
  static let lowestBytesPerSecond = 1024

  package init(
    attempts: Int = 5, firstPause: Duration = .seconds(1), longestPause: Duration = .seconds(300), stallSeconds: Int = 60, connectSeconds: Int = 20,
    answerSeconds: Int = 120
  ) {
    self.attempts = attempts
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.stallSeconds = stallSeconds
    self.connectSeconds = connectSeconds
    self.answerSeconds = answerSeconds
  }

  func pause(afterTry number: Int) -> Duration { min(firstPause * (1 << min(number - 1, 16)), longestPause) }

  /// Waits, and ends early where the task is cancelled.
  func wait(_ duration: Duration) throws {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      try Task.checkCancellation()
      usleep(UInt32(max(1, min(50_000, (end - ContinuousClock.now) / .microseconds(1)))))
    }
  }
}

/// The tries of one thing.
struct Tries {
  private let patience: Patience
  private var count = 1

  init(_ patience: Patience) { self.patience = patience }

  /// What was tried got further than ever before.
  mutating func forgive() { count = 0 }

  /// Waits for the next try, or throws where there have been enough.
  mutating func again(after trouble: PassingTrouble) throws {
    guard count < (trouble.isUnreached ? min(2, patience.attempts) : patience.attempts) else { throw trouble.error }
    try patience.wait(trouble.wait ?? patience.pause(afterTry: max(1, count)))
    count += 1
  }
}
