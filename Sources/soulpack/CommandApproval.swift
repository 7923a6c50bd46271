internal import Artifacts
internal import Foundation
internal import Steps

/// Asks once before a recipe's foreign command runs, and remembers the answer by the digest of the command line and its inputs.
struct CommandApproval: Sendable {
  let isAllowedByFlag: Bool
  let terminal: Terminal
  let renderer: BuildRenderer

  @Sendable func approve(_ command: ForeignCommand) throws {
    if isAllowedByFlag { return }
    var allowed = try Notebook(UserFolders().allowedCommands)
    let name = command.digest.hex
    if allowed.entries[name] != nil { return }
    guard try ask(command) else { throw CommandNotAllowed(command: command, wasAsked: true) }
    try allowed.note(name, .string(command.action))
  }

  private func ask(_ command: ForeignCommand) throws -> Bool {
    guard isatty(STDIN_FILENO) == 1, terminal.errorIsTerminal, !terminal.isJSON else { throw CommandNotAllowed(command: command, wasAsked: false) }
    renderer.finish()
    terminal.sayAlways("\(command.action) runs a command of the recipe:\n  \(command.arguments.joined(separator: " "))")
    terminal.sayAlways("allow it, for these very bytes? [y/N] ", terminator: "")
    return readLine()?.lowercased().hasPrefix("y") == true
  }
}

struct CommandNotAllowed: ExplainedError {
  let command: ForeignCommand
  let wasAsked: Bool

  var message: String { "\(command.action): the command \"\(command.arguments.joined(separator: " "))\" was not allowed to run" }
  var hint: String? { wasAsked ? nil : "there is no terminal to ask on: read the command, then use --allow-run" }
}
