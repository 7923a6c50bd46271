internal import Dispatch
package import Foundation
internal import Synchronization

/// How a command came to its end.
package enum CommandEnd: Hashable, Sendable {
  case exit(Int32)
  case signal(Int32)
}

/// A command and every process that it starts, ended together: Foundation makes each process the leader of a group of its own.
///
/// A process that leaves the group (setsid(2)) is out of reach, as it is for a shell.
package final class CommandGroup: Sendable {
  /// What a command has for saying its last words, once it was asked to end.
  private let grace: Duration
  /// How long to wait for what was killed to be gone. A zombie that nobody collects counts as there until then.
  private static let leavingMilliseconds = 500

  private struct State {
    /// The running leader. Nil before it runs, and once it has ended: its number may then be a stranger's.
    var leader: pid_t?
    var isStopped = false
    var isOverdue = false
  }

  private let state = Mutex(State())
  /// The leaders of all groups that run.
  private static let running = Mutex<Set<pid_t>>([])

  /// Ends every command that this process runs: at once, for it will not be there to do it later.
  package static func endAll() { running.withLock { leaders in for leader in leaders { kill(-leader, SIGKILL) } } }

  package init(grace: Duration = .seconds(5)) { self.grace = grace }

  /// Whether the command was still running at its deadline.
  package var isOverdue: Bool { state.withLock { $0.isOverdue } }

  /// Runs the command to its end, which cancelling the task or the deadline brings about early. When this returns nothing of the group
  /// is left that could still write.
  package func run(_ process: sending Process, deadline: ContinuousClock.Instant?) async throws -> CommandEnd {
    let alarm = deadline.map { deadline in
      Task {
        try await Task.sleep(until: deadline, clock: .continuous)
        stop(isOverdue: true)
      }
    }
    defer { alarm?.cancel() }
    return try await withTaskCancellationHandler {
      try await launch(process)
    } onCancel: {
      stop(isOverdue: false)
    }
  }

  private func launch(_ process: Process) async throws -> CommandEnd {
    let (leader, end): (pid_t, CommandEnd) = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { ended in
        let status = ended.terminationStatus
        continuation.resume(returning: (ended.processIdentifier, ended.terminationReason == .exit ? .exit(status) : .signal(status)))
      }
      do {
        try Self.withoutBlockedSignals { try process.run() }
      } catch {
        return continuation.resume(throwing: error)
      }
      let number = process.processIdentifier
      _ = Self.running.withLock { $0.insert(number) }
      // A stop that came before there was anything to stop.
      let isStopped = state.withLock { state in
        state.leader = number
        return state.isStopped
      }
      if isStopped { ask(number) }
      Thread.detachNewThread { Self.endWithLeader(number) }
    }
    state.withLock { $0.leader = nil }
    _ = Self.running.withLock { $0.remove(leader) }
    await endRest(of: leader)
    return end
  }

  /// A process begins with the signals blocked that are blocked where it is started, and Foundation leaves it so. Here they mostly are, by Dispatch's own
  /// threads: a command would never hear SIGTERM, and a shell in it not of its children.
  private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  /// Ends a command that broke its contract: at once, and without last words.
  func end() {
    let leader = state.withLock { state in
      state.isStopped = true
      return state.leader
    }
    if let leader { kill(-leader, SIGKILL) }
  }

  private func stop(isOverdue: Bool) {
    let leader = state.withLock { state in
      state.isStopped = true
      if isOverdue { state.isOverdue = true }
      return state.leader
    }
    if let leader { ask(leader) }
  }

  /// Asks, and after a while no longer asks.
  private func ask(_ leader: pid_t) {
    kill(-leader, SIGTERM)
    DispatchQueue.global().asyncAfter(deadline: .now() + grace / .seconds(1)) { [self] in
      if state.withLock({ $0.leader == leader }) { kill(-leader, SIGKILL) }
    }
  }

  /// Foundation tells of an end only once nobody holds a socket that the command inherited and passed on: what the leader left running would
  /// be waited for. It is looked at and not collected here, so that its number stays its own.
  private static func endWithLeader(_ leader: pid_t) {
    var end = siginfo_t()
    while waitid(P_PID, id_t(leader), &end, WEXITED | WNOWAIT) != 0 {
      guard errno == EINTR else { return }  // ECHILD: nothing was left, and Foundation was first.
    }
    kill(-leader, SIGKILL)
  }

  /// Ends what the leader left running. While one process of a group lives, its number is given to no other.
  private func endRest(of leader: pid_t) async {
    guard kill(-leader, SIGKILL) == 0 else { return }  // Mostly: nothing is left.
    for _ in 0..<(Self.leavingMilliseconds / 10) {
      guard kill(-leader, 0) == 0 else { return }
      try? await Task.sleep(for: .milliseconds(10))  // Cancelled, it does not sleep: then the loop only yields, and the output is dropped.
    }
  }
}
