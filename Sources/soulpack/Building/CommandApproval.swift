internal import Artifacts
internal import Foundation
internal import Steps
internal import Synchronization

/// Asks once before a recipe's foreign command runs, and remembers the answer by the digest of the command line and its inputs.
struct CommandApproval: Sendable {
  let isAllowedByFlag: Bool
  let terminal: Terminal
  let renderer: BuildRenderer
  /// Two steps may get here at once: one question at a time, and one writer of the notebook.
  private let turn = Turn()

  private final class Turn: Sendable {
    let mutex = Mutex(())
  }

  init(isAllowedByFlag: Bool, terminal: Terminal, renderer: BuildRenderer) {
    self.isAllowedByFlag = isAllowedByFlag
    self.terminal = terminal
    self.renderer = renderer
  }

  @Sendable func approve(_ command: ForeignCommand) throws {
    if isAllowedByFlag { return }
    try turn.mutex.withLock { _ in try approveInTurn(command) }
  }

  private func approveInTurn(_ command: ForeignCommand) throws {
    var allowed = try Notebook(UserFolders().allowedCommands)
    let name = command.digest.hex
    if allowed.entries[name] != nil { return }
    guard try ask(command) else { throw CommandNotAllowed(command: command, wasAsked: true) }
    try allowed.note(name, .string(command.action))
  }

  private func ask(_ command: ForeignCommand) throws -> Bool {
    guard isatty(STDIN_FILENO) == 1, terminal.errorIsTerminal, !terminal.isJSON else { throw CommandNotAllowed(command: command, wasAsked: false) }
    renderer.finish()
    terminal.sayAlways("\(command.action) runs a command of the recipe:\n  \(command.words)")
    terminal.sayAlways("allow it, for these very bytes? [y/N] ", terminator: "")
    do {
      return String(decoding: try TypedLine.read(from: STDIN_FILENO), as: UTF8.self).lowercased().hasPrefix("y")
    } catch {
      terminal.sayAlways("")  // The question's line was left open.
      throw error
    }
  }
}

struct CommandNotAllowed: ExplainedError {
  let command: ForeignCommand
  let wasAsked: Bool

  var message: String { "\(command.action): the command \"\(command.words)\" was not allowed to run" }
  var hint: String? { wasAsked ? nil : "there is no terminal to ask on: read the command, then use --allow-run" }
}

extension ForeignCommand {
  /// On one line: line feeds in an argument could push the command off the screen.
  fileprivate var words: String { arguments.joined(separator: " ").replacing("\n", with: "\\n").harmless }
}
