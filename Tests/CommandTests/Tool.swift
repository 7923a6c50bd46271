import Artifacts
import Foundation
import Testing

/// The built program, run as a user runs it: in a folder of the test's own, with user folders of its own.
struct Tool {
  let folder: URL

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    /// The last line of the output as JSON.
    func json() throws -> JSONValue { try JSONValue(parsing: Data((output.split(separator: "\n").last.map(String.init) ?? "").utf8)) }
  }

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Beside the test bundle, wherever that was built.
  static let executable: URL = {
    let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let beside = bundle.appending(path: "soulpack")
    return FileManager.default.isExecutableFile(atPath: beside.path) ? beside : repository.appending(path: ".build/release/soulpack")
  }()

  /// Makes a project folder, gives it to `body`, and removes it.
  static func inProject(_ files: [String: String] = Project.tiny, _ body: (Tool) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "soulpack-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { removeFolder(folder) }
    let tool = Tool(folder: folder.resolvingSymlinksInPath().appending(path: "project"))
    try FileManager.default.createDirectory(at: tool.folder, withIntermediateDirectories: true)
    for (path, text) in files { try tool.write(text, to: path) }
    try await body(tool)
  }

  private static func removeFolder(_ folder: URL) {
    do { try FileManager.default.removeItem(at: folder) } catch { Issue.record("could not remove \(folder.path): \(error)") }
  }

  func write(_ text: String, to path: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func read(_ path: String) throws -> Data { try Data(contentsOf: folder.appending(path: path)) }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: path).path) }

  /// Starts the program; standard input is empty, and neither stream is a terminal.
  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
    let process = Process()
    process.executableURL = Tool.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let home = folder.deletingLastPathComponent().appending(path: "home").path
    let defaults = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home, "XDG_CONFIG_HOME": home + "/config",
      "XDG_DATA_HOME": home + "/data", "XDG_STATE_HOME": home + "/state", "SOURCE_DATE_EPOCH": "1700000000",
    ]
    process.environment = defaults.merging(environment) { _, given in given }
    let scratch = folder.deletingLastPathComponent().appending(path: "streams-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    let running = Running(process: process, output: scratch.appending(path: "output"), errors: scratch.appending(path: "errors"))
    for file in [running.output, running.errors] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: running.output)
    process.standardError = try FileHandle(forWritingTo: running.errors)
    try process.run()
    return running
  }

  struct Running {
    let process: Process
    let output: URL
    let errors: URL

    func wait() throws -> Outcome {
      process.waitUntilExit()
      return Outcome(
        status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
  }

  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try start(arguments, environment: environment).wait()
  }

  /// Runs, and expects success.
  func must(_ arguments: String..., environment: [String: String] = [:], at place: SourceLocation = #_sourceLocation) throws -> Outcome {
    let outcome = try start(arguments, environment: environment).wait()
    #expect(outcome.status == 0, "soulpack \(arguments.joined(separator: " ")): \(outcome.errors)", sourceLocation: place)
    return outcome
  }
}
