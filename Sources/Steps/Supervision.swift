package import Artifacts
internal import Foundation
internal import Hashing
package import Planning
internal import Running
internal import Store
internal import Substrates

/// What a step that runs foreign code asks of its caller.
package struct Supervision: Sendable {
  /// Asked before the command runs; throws where it may not.
  package typealias Approval = @Sendable (ForeignCommand) throws -> Void
  /// Says which sources no longer have, on disk, the bytes that were taken into the store.
  package typealias ChangedSources = @Sendable ([Source]) throws -> [String]
  /// Shown what a command said. It may hold record text: it is for the person who ran it, and kept nowhere.
  package typealias LastWords = @Sendable (ForeignCommand, [String]) -> Void

  let approve: Approval
  let changedSources: ChangedSources
  let showLastWords: LastWords

  /// The command worked on copies; but it may have read an original by its absolute path, and if that changed meanwhile nobody can say
  /// what it saw.
  func requireUnchanged(_ inputs: some Sequence<String>, _ command: ForeignCommand, _ context: StepContext) throws {
    let sources = inputs.compactMap { name in
      if case .source(let source)? = context.action.inputs[name] { source } else { nil }
    }
    let changed = try changedSources(sources)
    guard changed.isEmpty else { throw CommandFailure(action: command.action, problem: .tainted(changed)) }
  }
}

extension StepContext {
  /// Copies an input into a folder, whatever it is called outside: a path that a command could see would have to be in the key.
  func layOut(_ input: String, at path: String, in folder: URL) throws {
    let place = folder.appending(path: path)
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    if case .source(let source)? = action.inputs[input], source.kind == .file {
      try store.objects.export(try digest(of: input), to: place, durable: false)
    } else {
      try store.objects.export(try snapshot(input), to: place)
    }
  }
}

/// What a person is asked to allow: this command line, on these bytes.
package struct ForeignCommand: Sendable {
  /// Ends every one that runs, and what it started: at once, for this process will not be there to do it later.
  package static func endAll() { CommandGroup.endAll() }

  package let action: String
  package let arguments: [String]
  package let digest: Digest

  /// All that a run step reads can be a program, so all of it is asked about: a changed input asks again.
  init(run context: StepContext) {
    let command = context.action.parameters["command"]?.array ?? []
    self.init(action: context.action.id, command: command.compactMap(\.string), inputs: context.inputs)
  }

  /// The candidates of a target share a command and its programs. The examples are not asked about: they are the recipe's own.
  init(action: ActionID, command: [String], inputs: [String: Digest]) {
    self.action = action.name
    arguments = command
    digest = Digest(
      hashing: [
        "schema": "soulpack.command/1", "command": .array(command.map { .string($0) }), "inputs": .object(inputs.mapValues(JSONValue.digest)),
      ])
  }
}
