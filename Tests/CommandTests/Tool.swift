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

    /// The whole output, which must be one JSON document.
    func json() throws -> JSONValue { try JSONValue(parsing: Data(output.utf8)) }

    /// The Soul's digest, as a build reports it to people.
    var digest: Substring? { output.split(separator: "\n").first { $0.hasPrefix("  digest") }?.split(separator: " ").last }

    /// `2 actions run, 11 up to date`
    var actions: Substring? { output.split(separator: "\n").first { $0.hasSuffix("up to date") } }
  }

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Beside the test bundle, wherever that was built.
  static let executable: URL = {
    let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let beside = bundle.appending(path: "soulpack")
    return FileManager.default.isExecutableFile(atPath: beside.path) ? beside : repository.appending(path: ".build/release/soulpack")
  }()

  /// Makes a project folder, gives it to `body`, and removes it.
  static func inProject(_ files: [String: String] = Project.tiny, _ body: (Tool) throws -> Void) throws {
    try inNewFolder { tool in
      // What marks a root: without it, the root of recipes/voice.yaml would be recipes/.
      try FileManager.default.createDirectory(at: tool.folder.appending(path: ".git"), withIntermediateDirectories: true)
      for (path, text) in files { try tool.write(text, to: path) }
      try body(tool)
    }
  }

  /// The tiny project after a build: a copy of one that all tests share.
  static func inBuiltProject(_ body: (Tool) throws -> Void) throws {
    let built = try BuiltProject.shared.get()
    try inNewFolder { tool in
      try FileManager.default.removeItem(at: tool.folder)
      try FileManager.default.copyItem(at: built, to: tool.folder)
      try body(tool)
    }
  }

  private static func inNewFolder(_ body: (Tool) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "soulpack-test-\(UUID().uuidString)")
    let tool = Tool(folder: folder.appending(path: "project"))
    try FileManager.default.createDirectory(at: tool.folder, withIntermediateDirectories: true)
    defer {
      do { try FileManager.default.removeItem(at: folder) } catch { Issue.record("could not remove \(folder.path): \(error)") }
    }
    try body(tool)
  }
}

// MARK: - Files

extension Tool {
  func place(_ path: String) -> URL { folder.appending(path: path) }

  func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

  func write(_ bytes: Data, to path: String) throws {
    try FileManager.default.createDirectory(at: place(path).deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: place(path))
  }

  func read(_ path: String) throws -> Data { try Data(contentsOf: place(path)) }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: place(path).path) }

  func names(in path: String = "") throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: place(path).path).sorted() }

  func remove(_ paths: String...) throws {
    for path in paths where exists(path) { try FileManager.default.removeItem(at: place(path)) }
  }

  /// Changes a file's text; what is to be replaced must be there.
  func edit(_ path: String, _ old: String, _ new: String, at location: SourceLocation = #_sourceLocation) throws {
    let text = String(decoding: try read(path), as: UTF8.self)
    #expect(text.contains(old), "\(path) holds no \"\(old)\"", sourceLocation: location)
    try write(text.replacing(old, with: new), to: path)
  }
}

// MARK: - Running

extension Tool {
  /// Runs to the end; standard input is empty, and neither stream is a terminal.
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try start(arguments, environment: environment).wait()
  }

  /// Runs, and expects success.
  @discardableResult
  func must(_ arguments: String..., environment: [String: String] = [:], at place: SourceLocation = #_sourceLocation) throws -> Outcome {
    let outcome = try start(arguments, environment: environment).wait()
    #expect(outcome.status == 0, "soulpack \(arguments.joined(separator: " ")): \(outcome.errors)", sourceLocation: place)
    return outcome
  }

  /// Builds the voice, on one thread: on a busy machine more threads wait for each other.
  func build(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try start(["build", "recipes/voice.yaml", "--threads", "1"] + arguments, environment: environment).wait()
  }

  /// Builds the voice, expects success, and gives the Soul's digest.
  @discardableResult
  func digest(_ arguments: String..., at place: SourceLocation = #_sourceLocation) throws -> Substring {
    let outcome = try start(["build", "recipes/voice.yaml", "--threads", "1"] + arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: place)
    return try #require(outcome.digest, sourceLocation: place)
  }

  /// Runs a script of bash's, in which `soulpack` is the program: for what only a shell can set up.
  func shell(_ script: String, environment: [String: String] = [:]) throws -> Outcome {
    let prelude = "soulpack() { \"$SOULPACK\" \"$@\"; }\n"
    return try start(
      ["-c", prelude + script], of: URL(filePath: "/bin/bash"),
      environment: environment.merging(["SOULPACK": Tool.executable.path]) { given, _ in given }
    ).wait()
  }

  func start(_ arguments: [String], of program: URL = Tool.executable, environment: [String: String] = [:]) throws -> Running {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ownEnvironment.merging(environment) { _, given in given }
    let scratch = folder.deletingLastPathComponent().appending(path: "streams-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    let running = Running(process: process, output: scratch.appending(path: "output"), errors: scratch.appending(path: "errors"))
    for file in [running.output, running.errors] { #expect(FileManager.default.createFile(atPath: file.path, contents: nil)) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: running.output)
    process.standardError = try FileHandle(forWritingTo: running.errors)
    try process.run()
    return running
  }

  private var ownEnvironment: [String: String] {
    let home = folder.deletingLastPathComponent().appending(path: "home").path
    return [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home, "XDG_CONFIG_HOME": home + "/config",
      "XDG_DATA_HOME": home + "/data", "XDG_STATE_HOME": home + "/state", "SOURCE_DATE_EPOCH": "1700000000", "LC_ALL": "C.UTF-8",
    ]
  }

  struct Running {
    let process: Process
    let output: URL
    let errors: URL

    /// The number of a signal is a negative status.
    func wait() throws -> Outcome {
      process.waitUntilExit()
      let status = process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
      return Outcome(status: status, output: try text(of: output), errors: try text(of: errors))
    }

    private func text(of file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }

    func send(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

    /// Waits until the program has said something: an event of its own, not a time, so that a slow machine changes nothing.
    func waitUntil(itSays words: String, at place: SourceLocation = #_sourceLocation) throws {
      while process.isRunning {
        if try text(of: errors).contains(words) { return }
        usleep(5_000)
      }
      try #require(try text(of: errors).contains(words), "it ended before it said \"\(words)\"", sourceLocation: place)
    }
  }
}

/// One built project, made once for a run of the tests and removed at its end.
private enum BuiltProject {
  static let place = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "soulpack-built-\(getpid())")

  static let shared: Result<URL, any Error> = Result {
    atexit { try? FileManager.default.removeItem(at: BuiltProject.place) }  // Nobody is left to hear of a failure.
    let tool = Tool(folder: place.appending(path: "project"))
    try FileManager.default.createDirectory(at: tool.place(".git"), withIntermediateDirectories: true)
    for (path, text) in Project.tiny { try tool.write(text, to: path) }
    let outcome = try tool.build()
    guard outcome.status == 0 else { throw NotBuilt(errors: outcome.errors) }
    return tool.folder
  }

  struct NotBuilt: Error { let errors: String }
}
