internal import Artifacts
package import Foundation

/// A program of somebody else's, as it is started: in a folder of its own, without a shell, with a clean environment.
package struct ForeignProgram: Sendable {
  /// The program and its arguments.
  package let arguments: [String]
  /// Where it runs.
  package let folder: URL
  /// What it reads. Nil: nothing.
  package let input: URL?
  package let output: ProgramOutput
  /// Nil: where its output goes.
  package let errors: ProgramOutput?
  /// What it is told beside the common environment.
  package let settings: [String: String]

  package init(
    arguments: [String], folder: URL, input: URL? = nil, output: ProgramOutput, errors: ProgramOutput? = nil, settings: [String: String] = [:]
  ) {
    self.arguments = arguments
    self.folder = folder
    self.input = input
    self.output = output
    self.errors = errors
    self.settings = settings
  }

  /// The process, not yet running. Throws `ProgramNotFound`.
  package func process() throws -> sending Process {
    let process = Process()
    process.executableURL = try program()
    process.arguments = Array(arguments.dropFirst())
    process.currentDirectoryURL = folder
    process.environment = Self.cleanEnvironment.merging(settings) { _, own in own }
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    process.standardOutput = output.handle
    process.standardError = (errors ?? output).handle
    return process
  }

  /// A name with a slash is a path, from the folder in which the program runs; any other is looked for on PATH, in its absolute folders.
  private func program() throws(ProgramNotFound) -> URL {
    guard let name = arguments.first, !name.isEmpty else { throw ProgramNotFound(name: "") }
    if name.utf8.contains(UInt8(ascii: "/")) {
      let place = name.hasPrefix("/") ? URL(filePath: name) : folder.appending(path: name)
      guard Self.isProgram(place) else { throw ProgramNotFound(name: name) }
      return place
    }
    let folders = Self.searchPath.split(separator: ":").filter { $0.hasPrefix("/") }
    guard let place = folders.lazy.map({ URL(filePath: String($0)).appending(path: name) }).first(where: Self.isProgram) else {
      throw ProgramNotFound(name: name)
    }
    return place
  }

  private static func isProgram(_ place: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && !isFolder.boolValue
      && FileManager.default.isExecutableFile(atPath: place.path)
  }

  private static var searchPath: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin" }

  /// Only what a program needs to be found and to behave the same everywhere.
  private static var cleanEnvironment: [String: String] {
    ["PATH": searchPath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "0", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"]
  }
}

/// What a command begins with names no program that can be run.
package struct ProgramNotFound: ExplainedError, Hashable {
  package let name: String

  package var message: String { name.contains("/") ? "\"\(name)\" is no program" : "no program \"\(name)\" on PATH" }

  package var hint: String? {
    name.contains("/") ? "a path stands for an executable file; a script is an argument of its interpreter, as in [python3, \"{input.program}\"]"
      : "install it, or activate the environment that has it; \"command\" begins with a program, not with a shell's words"
  }
}
