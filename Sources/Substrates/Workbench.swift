package import Artifacts
package import Foundation

/// What a substrate may use while it works. Nothing here may reach a result.
package struct Workbench: Sendable {
  /// Where a substrate that resumes keeps what it has not finished.
  package struct State: Sendable {
    /// Hands on a state piece by piece: it may be as large as all else that a training takes.
    package typealias Writing = (_ write: ([UInt8]) throws -> Void) throws -> Void

    /// Perhaps as a mapped file: whoever reads it should not copy it.
    package let load: @Sendable () throws -> Data?
    package let save: @Sendable (Writing) throws -> Void
    package let remove: @Sendable () throws -> Void

    package init(
      load: @escaping @Sendable () throws -> Data?, save: @escaping @Sendable (Writing) throws -> Void, remove: @escaping @Sendable () throws -> Void
    ) {
      self.load = load
      self.save = save
      self.remove = remove
    }
  }

  package let threads: Int
  /// When the work is to have stopped. Nil: it may take as long as it does.
  package let deadline: ContinuousClock.Instant?
  /// The most memory that a substrate may take which can do with less. Nil: what the machine has.
  package let memoryByteCount: Int64?
  /// A folder of this job's own, removed afterwards by whoever made it.
  package let folder: URL
  package let state: State
  package let report: @Sendable (StepProgress) -> Void
  /// A fact worth a line, in our own words.
  package let note: @Sendable (String) -> Void

  package init(
    threads: Int, deadline: ContinuousClock.Instant?, memoryByteCount: Int64? = nil, folder: URL, state: State,
    report: @escaping @Sendable (StepProgress) -> Void, note: @escaping @Sendable (String) -> Void
  ) {
    self.threads = threads
    self.deadline = deadline
    self.memoryByteCount = memoryByteCount
    self.folder = folder
    self.state = state
    self.report = report
    self.note = note
  }
}

/// The work did not end before the bench's deadline.
package struct DeadlinePassed: Error, Hashable {
  package struct Progress: Hashable, Sendable {
    package let completed: Int
    package let total: Int
  }

  /// What was done and is kept. Nil where nothing is, and the work begins anew.
  package let kept: Progress?

  package init(kept: Progress?) { self.kept = kept }
}
