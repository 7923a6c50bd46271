package import Foundation

/// A program of somebody else's, as it is started: in a folder of its own, without a shell, with a clean environment.
package struct ForeignProgram: Sendable {
  /// The program, found on PATH, and its arguments.
  package let arguments: [String]
  /// Where it runs.
  package let folder: URL
  /// What it reads. Nil: nothing.
  package let input: URL?
  package let output: URL
  /// Nil: where its output goes.
  package let errors: URL?
  /// What it is told beside the common environment.
  package let settings: [String: String]

  package init(arguments: [String], folder: URL, input: URL? = nil, output: URL, errors: URL? = nil, settings: [String: String] = [:]) {
    self.arguments = arguments
    self.folder = folder
    self.input = input
    self.output = output
    self.errors = errors
    self.settings = settings
  }

  /// The process, not yet running. Its files are made here.
  package func process() throws -> sending Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = Self.cleanEnvironment.merging(settings) { _, own in own }
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    process.standardOutput = try Self.newFile(output)
    process.standardError = try errors.map(Self.newFile) ?? process.standardOutput
    return process
  }

  private static func newFile(_ place: URL) throws -> FileHandle {
    try Data().write(to: place)
    return try FileHandle(forWritingTo: place)
  }

  /// Only what a program needs to be found and to behave the same everywhere.
  private static var cleanEnvironment: [String: String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return ["PATH": path, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "0", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"]
  }

  /// The last lines that a program left in a file. They may hold record text: they are for the person who ran it, and kept nowhere.
  package static func lastWords(in place: URL) throws -> [String] {
    let file = try FileHandle(forReadingFrom: place)
    let end = try file.seekToEnd()
    try file.seek(toOffset: end > 4096 ? end - 4096 : 0)
    return String(decoding: try file.read(upToCount: 4096) ?? Data(), as: UTF8.self).split(separator: "\n").suffix(8).map(String.init)
  }
}
