internal import Foundation

/// How long a hub is waited for.
package struct Patience: Sendable {
  /// Tries of one request, or of one file without any getting further.
  package var attempts: Int
  /// Before the second try; each after it waits twice as long.
  package var firstPause: Duration
  /// A server that asks for a longer wait than this is not waited for.
  package var longestPause: Duration
  /// Whole seconds in which not one byte comes.
  package var stallSeconds: Int
  package var connectSeconds: Int

  package init(
    attempts: Int = 5, firstPause: Duration = .seconds(1), longestPause: Duration = .seconds(300), stallSeconds: Int = 30, connectSeconds: Int = 20
  ) {
    self.attempts = attempts
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.stallSeconds = stallSeconds
    self.connectSeconds = connectSeconds
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
