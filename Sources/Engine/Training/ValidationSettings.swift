internal import Artifacts

/// How often a run is measured on examples that it does not learn from, and whether it ends where that no longer gets better.
package struct ValidationSettings: Hashable, Sendable {
  package enum Interval: Hashable, Sendable {
    case epoch
    /// Counted through all epochs.
    case steps(Int)
  }

  /// Early stopping (Prechelt, "Early Stopping – But When?", LNCS 1524, 1998).
  package struct Stopping: Hashable, Sendable {
    /// How many validations in a row may bring no progress before the run ends.
    package let patience: Int
    /// By how many nats a token a loss must be below that of the last progress to be one.
    package let minimumChange: Double

    package init(patience: Int, minimumChange: Double) {
      self.patience = patience
      self.minimumChange = minimumChange
    }
  }

  package let interval: Interval
  /// Nil where the losses are told and nothing follows from them.
  package let stopping: Stopping?

  package init(interval: Interval, stopping: Stopping? = nil) {
    self.interval = interval
    self.stopping = stopping
  }

  /// The largest change that can be asked for: more than any loss.
  package static let largestChange = 1000.0

  var isPossible: Bool {
    if case .steps(let count) = interval, count < 1 { return false }
    guard let stopping else { return true }
    return stopping.patience > 0 && (0...Self.largestChange).contains(stopping.minimumChange)
  }

  var canonical: JSONValue {
    var members: [String: JSONValue] = [:]
    switch interval {
    case .epoch: members["every"] = "epoch"
    case .steps(let count): members["every"] = .integer(Int64(count))
    }
    if let stopping { members["stopping"] = ["patience": .integer(Int64(stopping.patience)), "minimumChange": .number(stopping.minimumChange)] }
    return .object(members)
  }
}

extension TrainingParameters {
  /// After how many planned steps each validation comes. `stepCount`: of the whole plan, over that many examples with something to learn.
  func validationInterval(stepCount: Int, exampleCount: Int) -> Int? {
    switch validation?.interval {
    case nil: return nil
    case .steps(let count): return count
    case .epoch: break
    }
    switch length {
    case .epochs(let epochs), .paced(let epochs, _): return stepCount / epochs  // Every epoch has as many steps as the others.
    case .steps: return (exampleCount + examplesPerBatch - 1) / examplesPerBatch
    }
  }
}
