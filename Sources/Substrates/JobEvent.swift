internal import Artifacts
internal import Foundation

/// A line of a program's standard output.
enum JobEvent: Equatable {
  case progress(step: Int64, steps: Int64, lossNatsPerToken: Double?)
  /// For the person who watches. It may hold record text, so it is shown and not kept.
  case note(String)
  /// How many steps were sound.
  case diverged(step: Int64)
  case done(Answer)

  /// What the program says it has done: every word of it is checked or recorded as a claim.
  struct Answer: Equatable {
    let job: Digest
    /// Under the output folder.
    let adapter: String
    /// Digits with a point at most, as the claim was written.
    let claimedLossNatsPerToken: String?
  }

  /// Nil where the line is no event of this protocol. An event that comes to nothing with a typing error must not pass for one.
  init?(line: Data) {
    guard let value = try? JSONValue(parsing: line) else { return nil }  // What is wrong with it would quote a foreign program.
    switch value["event"]?.string {
    case "progress": self.init(progress: value)
    case "note":
      guard let text = value["text"]?.string else { return nil }
      self = .note(text)
    case "diverged":
      guard let step = value["step"]?.integer, step >= 0 else { return nil }
      self = .diverged(step: step)
    case "done": self.init(done: value)
    default: return nil
    }
  }

  /// More than any training takes; times that are worked out from it stay times.
  private static let mostSteps: Int64 = 1 << 40

  private init?(progress value: JSONValue) {
    guard let step = value["step"]?.integer, let steps = value["steps"]?.integer, (1...Self.mostSteps).contains(steps), (0...steps).contains(step) else { return nil }
    let loss = value["loss"]
    guard loss == nil || loss?.number != nil else { return nil }
    self = .progress(step: step, steps: steps, lossNatsPerToken: loss?.number)
  }

  private init?(done value: JSONValue) {
    guard let job = value["job"]?.digest, let adapter = value["adapter"]?.string else { return nil }
    let claim = value["claimed-loss"]
    guard claim == nil || claim?.number.map({ (0..<1_000_000).contains($0) }) == true else { return nil }
    self = .done(Answer(job: job, adapter: adapter, claimedLossNatsPerToken: claim.map(Self.decimal)))
  }

  /// RFC 8785 writes small numbers with an exponent: less than a millionth of a nat is called nothing.
  private static func decimal(_ claim: JSONValue) -> String {
    let text = JSONValue.number(claim.number ?? 0).canonicalText
    return text.contains("e") ? "0" : text
  }
}
