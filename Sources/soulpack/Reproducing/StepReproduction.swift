internal import Artifacts
internal import Engine
internal import Foundation
internal import Packaging
internal import Planning
internal import Running
internal import Steps
internal import Store

/// One step of a Soul's training, checked from an opened state: seconds where the whole training takes hours.
extension Reproduction {
  struct StepOutcome {
    let whole: Outcome
    let step: Int
    /// Steps before the state from which it was done again.
    let opening: Int
  }

  /// The steps from the last state that the archive commits to, up to `step`. `state` is needed where that is not the start.
  func check(step: Int, state: URL?, storeFolder: URL, _ arguments: BuildArguments) async throws -> StepOutcome {
    let opening = try opening(before: step)
    if opening > 0, state == nil { throw CannotReproduce(.closed(step: step, opening: opening, contact: archive.manifest.contact)) }
    if opening == 0, state != nil { throw CannotReproduce(.needless(step: step)) }
    let opened = try state.map(read)
    let (parts, trainer) = try await begin(storeFolder, arguments)
    guard let trainer else { return StepOutcome(whole: try given(parts), step: step, opening: opening) }
    do {
      let difference = try trainer.difference(atStep: step, of: claimed.trace, opened: opened)
      return StepOutcome(whole: try outcome(parts, difference, "step \(step)", upTo: step, trainer), step: step, opening: opening)
    } catch let error as TrainingError where error.isOfOpenedState {
      throw CannotReproduce(.opened(error.message))
    }
  }

  /// The state that whoever checks `step` begins from. Nil where the training here is not the Soul's: a state that nobody would believe.
  func open(before step: Int, storeFolder: URL, _ arguments: BuildArguments) async throws -> (outcome: StepOutcome, state: Data?) {
    let opening = try opening(before: step)
    guard opening > 0 else { throw CannotReproduce(.needless(step: step)) }
    let (parts, trainer) = try await begin(storeFolder, arguments)
    guard let trainer else { return (StepOutcome(whole: try given(parts), step: step, opening: opening), nil) }
    let difference = try trainer.difference(upTo: opening, of: claimed.trace)
    try consent.requireUnchanged()
    let outcome = StepOutcome(
      whole: try outcome(parts, difference, "steps 1 to \(opening)", upTo: opening, trainer), step: step, opening: opening)
    return (outcome, difference == nil ? trainer.checkpoint() : nil)
  }

  private func read(_ state: URL) throws(CannotReproduce) -> Data {
    do {
      return try Data(contentsOf: state)
    } catch {
      let reason = FileManager.default.fileExists(atPath: state.path) ? "it cannot be read, or is no file" : "there is no such file"
      throw CannotReproduce(.opened("\(state.relativePath): \(reason)"))
    }
  }

  private func opening(before step: Int) throws(CannotReproduce) -> Int {
    guard step >= 1, step <= claimed.trace.steps.count else { throw CannotReproduce(.noStep(step, of: claimed.trace.steps.count)) }
    return TrainingTrace.opening(before: step)
  }

  /// The trainer before its first step; nil where data or base are others.
  private func begin(_ storeFolder: URL, _ arguments: BuildArguments) async throws -> ([Part], Trainer?) {
    let result = try await prepare(actionRun(storeFolder, arguments))
    let parts = given(result)
    guard parts.allSatisfy(\.isSame) else { return (parts, nil) }
    let inputs = Dictionary(uniqueKeysWithValues: training.inputs.keys.compactMap { name in input(name, result).map { (name, $0) } })
    let context = StepContext(lookingAt: training, inputs: inputs, store: result.store, threads: arguments.threads, folder: storeFolder)
    return (parts, try OpenTraining.trainer(context))
  }

  private func given(_ parts: [Part]) throws -> Outcome {
    outcome(parts, try parts.first { !$0.isSame }.map { try difference($0.name, nil) })
  }

  private func outcome(_ parts: [Part], _ difference: TraceDifference?, _ name: String, upTo step: Int, _ trainer: Trainer) throws -> Outcome {
    let part = Part(name: name, claimed: claimed.trace.prefix(step).root, found: trainer.trace.root)
    return outcome(parts + [part], try difference.map { try self.difference(name, $0) })
  }
}

extension TrainingError {
  fileprivate var isOfOpenedState: Bool {
    switch self {
    case .checkpointDamaged, .checkpointOfAnotherRun, .stateOfAnotherStep, .stateNotCommitted: true
    default: false
    }
  }
}

struct StepReproductionReport: Report {
  let outcome: Reproduction.StepOutcome
  /// Where an opened state was written.
  var written: String?

  let schema = "soulpack.step-reproduction/1"

  var members: [String: JSONValue] {
    var members = ReproductionReport(outcome: outcome.whole).members
    members["step"] = .integer(Int64(outcome.step))
    members["from"] = .integer(Int64(outcome.opening))
    if let written { members["state"] = .string(written) }
    return members
  }

  var lines: [String] {
    let lines = ReproductionReport(outcome: outcome.whole).lines
    guard outcome.whole.difference == nil else { return lines }
    let start = outcome.opening == 0 ? "the training's start" : "the state after step \(outcome.opening)"
    let word = written.map { "written: \($0), \(start), from which step \(outcome.step) is checked" }
      ?? "same: step \(outcome.step) of \(outcome.whole.steps), done again from \(start)"
    return lines.dropLast() + [word]
  }
}
