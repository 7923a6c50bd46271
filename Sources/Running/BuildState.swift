internal import Artifacts
internal import Planning

/// Where each action of a running build stands. A value: `Build` is the only one who changes it, on one task.
struct BuildState {
  enum Standing {
    /// Its producers are not all done, or its turn has not come.
    case waiting
    /// Handed to a task; the key is known, the outputs are not.
    case running(ActionKey)
    /// Found in the store under its key.
    case reused(ActionKey, [String: Digest])
    /// Done in this build.
    case ran(Execution)
    case failed(any Error)
    case interrupted
  }

  private let actions: [Action]
  private let sources: [Source: Digest]
  private var standings: [ActionID: Standing] = [:]
  /// Set after a failure or an interruption: what runs may end, nothing else begins.
  private var isStopped = false

  init(actions: [Action], sources: [Source: Digest]) {
    self.actions = actions
    self.sources = sources
  }

  mutating func start(_ id: ActionID, _ key: ActionKey) { standings[id] = .running(key) }
  mutating func settle(_ id: ActionID, as standing: Standing) { standings[id] = standing }
  mutating func stop() { isStopped = true }

  /// The first action that can begin now, with the digests of its inputs and its key. One with the key of one that runs waits: there will be
  /// nothing left for it to do.
  func nextReady(jobs: Int) -> (Action, [String: Digest], ActionKey)? {
    guard !isStopped, running.count < jobs else { return nil }
    let runningKeys = Set(running.compactMap { key(of: $0.id) })
    let laneIsTaken = running.contains { $0.kind.usesEngine }
    for action in scoresFirst where isWaiting(action.id) && !(laneIsTaken && action.kind.usesEngine) {
      guard let inputs = inputs(of: action) else { continue }
      let key = ActionKey(action: action, inputs: inputs)
      if !runningKeys.contains(key) { return (action, inputs, key) }
    }
    return nil
  }

  /// A score is soon done, and may say that a training is in vain; all else goes in the order of the plan.
  private var scoresFirst: [Action] { actions.filter { $0.kind == .score } + actions.filter { $0.kind != .score } }

  /// Every action of a kind whose inputs are known and that has not begun, whether or not its turn has come.
  func ready(_ kind: ActionKind) -> [(Action, [String: Digest])] {
    actions.filter { $0.kind == kind && isWaiting($0.id) }.compactMap { action in inputs(of: action).map { (action, $0) } }
  }

  private var running: [Action] {
    actions.filter { if case .running = standings[$0.id] { true } else { false } }
  }

  private func isWaiting(_ id: ActionID) -> Bool {
    switch standings[id] {
    case nil, .waiting: true
    default: false
    }
  }

  /// Nil while an input is not known.
  private func inputs(of action: Action) -> [String: Digest]? {
    var digests: [String: Digest] = [:]
    for (name, reference) in action.inputs {
      guard let digest = digest(of: reference) else { return nil }
      digests[name] = digest
    }
    return digests
  }

  private func digest(of reference: InputReference) -> Digest? {
    switch reference {
    case .source(let source): sources[source]
    case .output(let id, let name): outputs(of: id)?[name]
    }
  }

  private func outputs(of id: ActionID) -> [String: Digest]? {
    switch standings[id] {
    case .reused(_, let outputs): outputs
    case .ran(let execution): execution.outputs
    default: nil
    }
  }

  func report() -> BuildReport {
    var causes: [ActionID: ActionID] = [:]
    let rows = actions.map { action in
      let outcome = self.outcome(of: action, causes: causes)
      switch outcome {
      case .failed: causes[action.id] = action.id
      case .skipped(let cause): causes[action.id] = cause
      default: break
      }
      return BuildReport.Row(action: action, key: key(of: action.id), outputs: outputs(of: action.id) ?? [:], outcome: outcome)
    }
    return BuildReport(rows: rows)
  }

  private func key(of id: ActionID) -> ActionKey? {
    switch standings[id] {
    case .running(let key), .reused(let key, _): key
    case .ran(let execution): execution.key
    default: nil
    }
  }

  /// `causes` holds, for the actions before this one, the failure that each of them goes back to.
  private func outcome(of action: Action, causes: [ActionID: ActionID]) -> BuildReport.Outcome {
    switch standings[action.id] {
    case .reused: return .reused
    case .ran(let execution): return .ran(seconds: execution.seconds)
    case .failed(let error): return .failed(error)
    case .interrupted, .running: return .interrupted
    case nil, .waiting:
      let producers = action.inputs.values.compactMap { if case .output(let id, _) = $0 { id } else { nil } }
      guard let cause = producers.compactMap({ causes[$0] }).min() else { return .interrupted }
      return .skipped(because: cause)
    }
  }
}

extension ActionKind {
  /// The engine uses every thread it is given: two such actions at once would only share them.
  fileprivate var usesEngine: Bool { self == .train || self == .score }
}
