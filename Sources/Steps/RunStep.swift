internal import Artifacts
internal import Foundation
internal import Planning
internal import Running
internal import Store
package import Substrates

/// A foreign command with declared inputs and outputs.
///
/// It runs in a work folder that holds copies of its declared inputs, taken from the store, so that what it reads is what the action key
/// says. Whatever it leaves in `{output}` becomes the action's files. Whether it may run at all is the caller's decision.
///
/// The key holds the command line and the inputs, and not the programs: which interpreter PATH finds, and what that reads of the system,
/// is the machine's. What a manifest calls `reproducible` speaks of the training alone.
struct RunStep: Step {
  let supervision: Supervision

  func run(_ context: StepContext) async throws -> [String: Digest] {
    let command = ForeignCommand(run: context)
    try supervision.approve(command)
    let output = context.workFolder.appending(path: "output")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    for name in context.action.inputs.keys { try context.layOut(name, at: "inputs/\(name)", in: context.workFolder) }
    let placeholders = Placeholders(inputs: context.action.inputs.keys, output: "output")
    try await execute(command.arguments.map(placeholders.expand), of: command, context)
    try supervision.requireUnchanged(context.action.inputs.keys, command, context)
    try requireVisible(output, command)
    let scan = try await FolderScanner(context.store, readsIgnoreFiles: false).scan(output)
    guard !scan.snapshot.entries.isEmpty else { throw CommandFailure(action: command.action, problem: .noOutput) }
    return ["files": scan.digest]
  }

  private func execute(_ arguments: [String], of command: ForeignCommand, _ context: StepContext) async throws {
    let talk = try ProgramOutput(in: context.workFolder)
    let group = CommandGroup()
    let program = ForeignProgram(arguments: arguments, folder: context.workFolder, output: talk)
    let end = try await group.run(try process(of: program, command), deadline: context.deadline)
    try Task.checkCancellation()
    guard !group.isOverdue else { throw OverBudget(action: context.action.id, progress: nil) }
    guard end != .exit(0) else { return }
    supervision.showLastWords(command, try talk.lastWords())
    throw CommandFailure(action: command.action, problem: .ended(end))
  }

  private func process(of program: ForeignProgram, _ command: ForeignCommand) throws -> sending Process {
    do {
      return try program.process()
    } catch let error as ProgramNotFound {
      throw CommandFailure(action: command.action, problem: .notFound(error))
    }
  }

  /// A scan passes over names that begin with a dot. Of what a command was told to write, nothing may be lost in silence.
  private func requireVisible(_ output: URL, _ command: ForeignCommand) throws {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: output.path)
    let hidden = paths.filter { ($0 as NSString).lastPathComponent.hasPrefix(".") }.sorted()
    guard hidden.isEmpty else { throw CommandFailure(action: command.action, problem: .hidden(hidden)) }
  }
}

package struct CommandFailure: ExplainedError {
  package enum Problem: Hashable, Sendable {
    case notFound(ProgramNotFound)
    case ended(CommandEnd)
    case noOutput
    /// Paths under `{output}`.
    case hidden([String])
    case tainted([String])
  }

  package let action: String
  package let problem: Problem

  package var message: String {
    switch problem {
    case .notFound(let error): "\(action): \(error.message)"
    case .ended(.exit(let status)): "\(action): the command ended with status \(status)"
    case .ended(.signal(let number)): "\(action): the command was ended by signal \(number)"
    case .hidden(let paths): "\(action): the command wrote \(Self.some(paths)); names that begin with a dot are not kept"
    case .noOutput: "\(action): the command wrote nothing into {output}"
    case .tainted(let paths): "\(action): \(paths.joined(separator: ", ")) changed while the command ran; its output is not kept"
    }
  }

  package var hint: String? {
    switch problem {
    case .notFound(let error): error.hint
    case .ended: "its last lines stand above (with --json they are not shown: they may hold record text)"
    case .hidden: "let it write under other names, or remove what it does not need"
    case .noOutput: "{output} is a folder that is there already; the command must put its files into it"
    case .tainted: "build again once nothing writes there"
    }
  }

  private static func some(_ paths: [String]) -> String {
    let quoted = paths.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
    return paths.count > 3 ? "\(quoted) and \(paths.count - 3) more" : quoted
  }
}
