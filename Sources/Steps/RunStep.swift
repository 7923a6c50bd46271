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
package struct RunStep: Step {
  /// Asked once before the command runs. The digest covers the command line and all inputs: a changed script asks again.
  package typealias Approval = @Sendable (ForeignCommand) throws -> Void
  package typealias ChangedSources = @Sendable ([Source]) throws -> [String]

  private let approve: Approval
  /// Says which of the action's sources no longer have, on disk, the bytes that were taken into the store.
  private let changedSources: ChangedSources

  package init(approve: @escaping Approval, changedSources: @escaping ChangedSources) {
    self.approve = approve
    self.changedSources = changedSources
  }

  package func run(_ context: StepContext) async throws -> [String: Digest] {
    let command = ForeignCommand(context)
    try approve(command)
    let output = context.workFolder.appending(path: "output")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    let places = try layOutInputs(context)
    let arguments = command.arguments.map { expand($0, places: places, output: output) }
    try await execute(arguments, of: command, context)
    try checkSources(of: command, context)
    let scan = try await FolderScanner(context.store).scan(output)
    guard !scan.snapshot.entries.isEmpty else { throw CommandFailure(action: command.action, problem: .noOutput) }
    return ["files": scan.digest]
  }

  /// Each input stands at `inputs/NAME`, whatever it is called outside: a path that the command could see would have to be in the key.
  private func layOutInputs(_ context: StepContext) throws -> [String: URL] {
    var places: [String: URL] = [:]
    let folder = context.workFolder.appending(path: "inputs")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, reference) in context.action.inputs {
      let place = folder.appending(path: name)
      places[name] = place
      if case .source(let source) = reference, source.kind == .file {
        try context.store.objects.export(try context.digest(of: name), to: place, durable: false)
      } else {
        try context.store.objects.export(try context.snapshot(name), to: place)
      }
    }
    return places
  }

  private func expand(_ argument: String, places: [String: URL], output: URL) -> String {
    var expanded = argument.replacing("{output}", with: output.path)
    for (name, place) in places { expanded = expanded.replacing("{input.\(name)}", with: place.path) }
    return expanded
  }

  private func execute(_ arguments: [String], of command: ForeignCommand, _ context: StepContext) async throws {
    let talk = context.workFolder.appending(path: "talk")
    try Data().write(to: talk)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = context.workFolder
    process.environment = cleanEnvironment()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: talk)
    process.standardError = process.standardOutput
    try await runToEnd(process)
    guard process.terminationStatus == 0 else {
      // What a command prints may hold record text: it is shown to the person who ran it, and kept nowhere.
      let lines = String(decoding: try Data(contentsOf: talk).suffix(4096), as: UTF8.self).split(separator: "\n").suffix(8)
      for line in lines { context.note(String(line)) }
      throw CommandFailure(action: command.action, problem: .exit(process.terminationStatus, signalled: process.terminationReason == .uncaughtSignal))
    }
  }

  private func runToEnd(_ process: Process) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try process.run() } catch { continuation.resume(throwing: error) }
      }
    } onCancel: {
      RunStep.terminate(process)
    }
    try Task.checkCancellation()
  }

  /// The command and what it started: Foundation makes each process the leader of a group of its own.
  private static func terminate(_ process: Process) {
    guard process.isRunning else { return }
    let leader = process.processIdentifier
    if getpgid(leader) != leader || kill(-leader, SIGTERM) != 0 { process.terminate() }
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
    case exit(Int32, signalled: Bool)
    case noOutput
    case tainted([String])
  }

  package let action: String
  package let problem: Problem

  package var message: String {
    switch problem {
    case .exit(let code, signalled: false): "\(action): the command ended with status \(code)"
    case .exit(let signal, signalled: true): "\(action): the command was ended by signal \(signal)"
    case .noOutput: "\(action): the command wrote nothing into {output}"
    case .tainted(let paths): "\(action): \(paths.joined(separator: ", ")) changed while the command ran; its output is not kept"
    }
  }

  package var hint: String? {
    switch problem {
    case .exit: "its last lines stand above"
    case .noOutput: "{output} is a folder that is there already; the command must put its files into it"
    case .tainted: "build again once nothing writes there"
    }
  }
}
