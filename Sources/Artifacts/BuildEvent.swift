/// What Running tells while it works. The face renders it for a terminal, as plain lines, or as NDJSON; nothing else prints.
package enum BuildEvent: Sendable {
  /// The plan is known: how many actions the goal has.
  case planned(actions: Int)
  /// Another process holds the store; this one waits.
  case waiting(processID: Int32, command: String)
  /// An action had been done before with the same key.
  case reused(action: String, key: Digest)
  case started(action: String, kind: String)
  case progress(action: String, StepProgress)
  /// A fact worth a line, such as the loss on the holdout.
  case note(action: String, String)
  case finished(action: String, key: Digest, seconds: Double)
  case failed(action: String, reason: String)
  /// An action that was not tried because one before it failed.
  case skipped(action: String, because: String)
}

/// How far a long step has come.
package struct StepProgress: Hashable, Sendable {
  package var done: Int64
  /// Nil where the end is not known.
  package var total: Int64?
  /// What is counted, in the plural: `steps`, `records`, `bytes`.
  package var unit: String
  /// What stands beside the bar, such as `loss 2.31  41,200 tokens/s`.
  package var detail: String
  /// What a program may want to plot, by name: a training's `lossNatsPerToken`, `gradientNorm`, `learningRate`, `tokensPerSecond`. None of it is of a record.
  package var metrics: [String: Double]

  package init(done: Int64, total: Int64?, unit: String, detail: String = "", metrics: [String: Double] = [:]) {
    self.done = done
    self.total = total
    self.unit = unit
    self.detail = detail
    self.metrics = metrics
  }
}
