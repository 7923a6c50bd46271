package import Artifacts
internal import Foundation
internal import Hashing
package import Planning
package import Running
internal import Store

/// A foreign command with declared inputs and outputs.
///
/// It runs in a work folder that holds copies of its declared inputs, taken from the store, so that what it reads is what the action key
/// says. Whatever it leaves in `{output}` becomes the action's files. Whether it may run at all is the caller's decision.
///
/// The key holds the command line and the inputs, and not the programs: which interpreter PATH finds, and what that reads of the system,
/// is the machine's. What a manifest calls `reproducible` speaks of the training alone.
package struct RunStep: Step {
  /// Asked once before the command runs. The digest covers the command line and all inputs: a changed script asks again.
  package typealias Approval = @Sendable (ForeignCommand) throws -> Void
  package typealias ChangedSources = @Sendable ([Source]) throws -> [String]
  /// Shown the last lines of a command that failed. They may hold record text: they are for the person who ran it, and kept nowhere.
  package typealias LastWords = @Sendable (ForeignCommand, [String]) -> Void

  private let approve: Approval
  /// Says which of the action's sources no longer have, on disk, the bytes that were taken into the store.
  private let changedSources: ChangedSources
  private let showLastWords: LastWords

  package init(approve: @escaping Approval, changedSources: @escaping ChangedSources, showLastWords: @escaping LastWords) {
    self.approve = approve
    self.changedSources = changedSources
    self.showLastWords = showLastWords
  }

  package func run(_ context: StepContext) async throws -> [String: Digest] {
    let command = ForeignCommand(context)
    try approve(command)
    let output = context.workFolder.appending(path: "output")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    try layOutInputs(context)
    try await execute(command.arguments.map { expand($0, inputs: context.action.inputs.keys) }, of: command, context)
    try checkSources(of: command, context)
    try requireVisible(output, command)
    let scan = try await FolderScanner(context.store).scan(output)
    guard !scan.snapshot.entries.isEmpty else { throw CommandFailure(action: command.action, problem: .noOutput) }
    return ["files": scan.digest]
  }

  /// Each input stands at `inputs/NAME`, whatever it is called outside: a path that the command could see would have to be in the key.
  private func layOutInputs(_ context: StepContext) throws {
    let folder = context.workFolder.appending(path: "inputs")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, reference) in context.action.inputs {
      let place = folder.appending(path: name)
      if case .source(let source) = reference, source.kind == .file {
        try context.store.objects.export(try context.digest(of: name), to: place, durable: false)
      } else {
        try context.store.objects.export(try context.snapshot(name), to: place)
      }
    }
  }

  /// Paths relative to the work folder, in which the command runs: the folder's own name is another each time, and a command that writes
  /// its arguments down would give other bytes.
  private func expand(_ argument: String, inputs: some Sequence<String>) -> String {
    var expanded = argument.replacing("{output}", with: "output")
    for name in inputs { expanded = expanded.replacing("{input.\(name)}", with: "inputs/\(name)") }
    return expanded
  }

  private func execute(_ arguments: [String], of command: ForeignCommand, _ context: StepContext) async throws {
    let talk = context.workFolder.appending(path: "talk")
    try Data().write(to: talk)
    let group = CommandGroup()
    let process = try process(arguments, in: context.workFolder, talk: talk)
    let end = try await group.run(process, deadline: context.deadline)
    try Task.checkCancellation()
    guard !group.isOverdue else { throw OverBudget(action: context.action.id, progress: nil) }
    guard end != .exit(0) else { return }
    let lines = String(decoding: try Data(contentsOf: talk).suffix(4096), as: UTF8.self).split(separator: "\n").suffix(8)
    showLastWords(command, lines.map(String.init))
    throw CommandFailure(action: command.action, problem: .ended(end))
  }

  private func process(_ arguments: [String], in folder: URL, talk: URL) throws -> sending Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = cleanEnvironment()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: talk)
    process.standardError = process.standardOutput
    return process
  }

  /// Only what a program needs to be found and to behave the same everywhere.
  private func cleanEnvironment() -> [String: String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return ["PATH": path, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "0", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"]
  }

  /// The command worked on copies; but it may have read an original by its absolute path, and if that changed meanwhile nobody can say
  /// what it saw.
  private func checkSources(of command: ForeignCommand, _ context: StepContext) throws {
    let sources = context.action.inputs.values.compactMap { if case .source(let source) = $0 { source } else { nil } }
    let changed = try changedSources(sources)
    guard changed.isEmpty else { throw CommandFailure(action: command.action, problem: .tainted(changed)) }
  }

  /// A scan passes over names that begin with a dot. Of what a command was told to write, nothing may be lost in silence.
  private func requireVisible(_ output: URL, _ command: ForeignCommand) throws {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: output.path)
    let hidden = paths.filter { ($0 as NSString).lastPathComponent.hasPrefix(".") }.sorted()
    guard hidden.isEmpty else { throw CommandFailure(action: command.action, problem: .hidden(hidden)) }
  }
}

/// What a person is asked to allow: this command line, on these bytes.
package struct ForeignCommand: Sendable {
  package let action: String
  package let arguments: [String]
  package let digest: Digest

  init(_ context: StepContext) {
    action = context.action.id.name
    let command = context.action.parameters["command"]?.array ?? []
    arguments = command.compactMap(\.string)
    digest = Digest(
      hashing: ["schema": "soulpack.command/1", "command": .array(command), "inputs": .object(context.inputs.mapValues(JSONValue.digest))])
  }
}

package struct CommandFailure: ExplainedError {
  package enum Problem: Hashable, Sendable {
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
    case .ended(.exit(let status)): "\(action): the command ended with status \(status)"
    case .ended(.signal(let number)): "\(action): the command was ended by signal \(number)"
    case .hidden(let paths): "\(action): the command wrote \(Self.some(paths)); names that begin with a dot are not kept"
    case .noOutput: "\(action): the command wrote nothing into {output}"
    case .tainted(let paths): "\(action): \(paths.joined(separator: ", ")) changed while the command ran; its output is not kept"
    }
  }

  package var hint: String? {
    switch problem {
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
