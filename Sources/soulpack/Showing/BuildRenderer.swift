internal import Artifacts
internal import Foundation
internal import Synchronization

/// Shows build events on standard error: one live line at the bottom of a terminal, plain lines elsewhere, one JSON object a line with
/// `--json`.
final class BuildRenderer: Sendable {
  private let terminal: Terminal
  private let state = Mutex(State())

  private struct State {
    var total = 0
    var settled = 0
    var began: [String: (time: ContinuousClock.Instant, done: Int64)] = [:]
    var lastPlainLine: [String: ContinuousClock.Instant] = [:]
    var lastLiveLine: ContinuousClock.Instant?
    var liveLineIsShown = false
  }

  /// Without a terminal, a long step says how far it is this often.
  private static let plainInterval = Duration.seconds(10)
  private static let liveInterval = Duration.milliseconds(100)

  init(terminal: Terminal) { self.terminal = terminal }

  func show(_ event: BuildEvent) {
    state.withLock { state in
      if terminal.isJSON {
        showJSON(event, &state)
      } else {
        showText(event, &state)
      }
    }
  }

  /// Takes the live line away, so that what is printed next stands on a line of its own.
  func finish() {
    state.withLock { clearLiveLine(&$0) }
  }

  // MARK: Text

  private func showText(_ event: BuildEvent, _ state: inout State) {
    switch event {
    case .planned(let actions):
      state.total = actions
    case .waiting(let processID, let command):
      // A holder that has just come has not yet written who it is.
      line("waiting for " + (processID == 0 ? command : "process \(processID) (\(command.harmless))") + ", which has the store", &state)
    case .reused(let action, let key):
      state.settled += 1
      if terminal.talk == .verbose { line(tag("same", .dim) + action + "  " + key.short, &state) }
    case .started(let action, _):
      if !terminal.errorIsTerminal { line(tag("start", .dim) + action, &state) }
    case .progress(let action, let progress):
      showProgress(action, progress, &state)
    case .note(let action, let text):
      line(tag("", .dim) + action + ": " + text.harmless, &state)
    case .finished(let action, let key, let seconds):
      state.settled += 1
      line(tag("done", .green) + action + "  " + terminal.style("\(Quantity.duration(seconds: seconds))  \(key.short)", .dim), &state)
    case .failed(let action, _):
      line(tag("failed", .red) + action, &state)
    case .skipped(let action, let because):
      line(tag("skip", .yellow) + "\(action) (needs \(because))", &state)
    }
  }

  private func tag(_ word: String, _ style: Terminal.Style) -> String {
    terminal.style(word, style) + String(repeating: " ", count: 8 - word.count)
  }

  private func line(_ text: String, _ state: inout State) {
    clearLiveLine(&state)
    terminal.say(text)
  }

  private func showProgress(_ action: String, _ progress: StepProgress, _ state: inout State) {
    let now = ContinuousClock.now
    begin(action, progress, now, &state)
    if terminal.errorIsTerminal {
      if let last = state.lastLiveLine, now - last < Self.liveInterval { return }
      state.lastLiveLine = now
      showLiveLine(words(action, progress, now, state), &state)
    } else {
      if let last = state.lastPlainLine[action] ?? state.began[action]?.time, now - last < Self.plainInterval { return }
      state.lastPlainLine[action] = now
      terminal.say(tag("", .dim) + words(action, progress, now, state))
    }
  }

  /// A resumed step does not begin at zero: its rate is that of this process.
  private func begin(_ action: String, _ progress: StepProgress, _ now: ContinuousClock.Instant, _ state: inout State) {
    if state.began[action] == nil { state.began[action] = (now, progress.done) }
  }

  private func words(_ action: String, _ progress: StepProgress, _ now: ContinuousClock.Instant, _ state: State) -> String {
    var words = ["[\(state.settled + 1)/\(max(state.total, state.settled + 1))]", action]
    if progress.unit == "bytes" {
      words.append(([progress.done] + (progress.total.map { [$0] } ?? [])).map(Quantity.bytes).joined(separator: " of "))
    } else if let total = progress.total, total > 0 {
      words.append("\(Quantity.count(progress.done))/\(Quantity.count(total)) \(progress.unit)")
    } else {
      words.append("\(Quantity.count(progress.done)) \(progress.unit)")
    }
    if !progress.detail.isEmpty { words.append(progress.detail) }
    if let left = secondsLeft(action, progress, now, state) { words.append(Quantity.duration(seconds: left) + " left") }
    return words.joined(separator: "  ")
  }

  private func secondsLeft(_ action: String, _ progress: StepProgress, _ now: ContinuousClock.Instant, _ state: State) -> Double? {
    guard let total = progress.total, let began = state.began[action], progress.done > began.done else { return nil }
    let elapsed = (now - began.time) / .seconds(1)
    guard elapsed > 1 else { return nil }
    return elapsed / Double(progress.done - began.done) * Double(total - progress.done)
  }

  private func showLiveLine(_ text: String, _ state: inout State) {
    guard terminal.talk != .quiet else { return }
    var size = winsize()
    let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) - 1 : 79
    terminal.sayAlways("\r\u{1B}[2K" + text.prefix(width), terminator: "")
    state.liveLineIsShown = true
  }

  private func clearLiveLine(_ state: inout State) {
    guard state.liveLineIsShown else { return }
    terminal.sayAlways("\r\u{1B}[2K", terminator: "")
    state.liveLineIsShown = false
  }

  // MARK: JSON lines

  private func showJSON(_ event: BuildEvent, _ state: inout State) {
    guard terminal.talk != .quiet else { return }
    var members = members(of: event)
    if case .progress(let action, let progress) = event {
      let now = ContinuousClock.now
      begin(action, progress, now, &state)
      if let left = secondsLeft(action, progress, now, state) { members["secondsLeft"] = .number(left.rounded()) }
      let metrics = progress.metrics.filter(\.value.isFinite).mapValues(JSONValue.number)
      if !metrics.isEmpty { members["metrics"] = .object(metrics) }
    }
    members["schema"] = "soulpack.event/1"
    terminal.say(JSONValue.object(members).canonicalText)
  }

  private func members(of event: BuildEvent) -> [String: JSONValue] {
    switch event {
    case .planned(let actions): ["event": "planned", "actions": .integer(Int64(actions))]
    case .waiting(let processID, let command):
      ["event": "waiting", "process": .integer(Int64(processID)), "command": .string(command)]
    case .reused(let action, let key): ["event": "reused", "action": .string(action), "key": .digest(key)]
    case .started(let action, let kind): ["event": "started", "action": .string(action), "kind": .string(kind)]
    case .progress(let action, let progress):
      [
        "event": "progress", "action": .string(action), "done": .integer(progress.done),
        "total": progress.total.map(JSONValue.integer) ?? .null, "unit": .string(progress.unit), "detail": .string(progress.detail),
      ]
    case .note(let action, let text): ["event": "note", "action": .string(action), "text": .string(text)]
    case .finished(let action, let key, let seconds):
      ["event": "finished", "action": .string(action), "key": .digest(key), "seconds": .number(seconds)]
    case .failed(let action, let reason): ["event": "failed", "action": .string(action), "reason": .string(reason)]
    case .skipped(let action, let because): ["event": "skipped", "action": .string(action), "because": .string(because)]
    }
  }
}
