internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Packaging

/// `soulpack unpack FILE FOLDER`: the archive's files, for programs that read folders, such as PEFT.
struct Unpack: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write a Soul's files into a new folder, each checked as it is written.")

  @Argument(help: "A .soul file.") var file: String
  @Argument(help: "A folder that does not exist yet.") var folder: String
  @OptionGroup var common: CommonArguments

  func run() throws {
    let archive = try SoulArchive.open(URL(filePath: file, relativeTo: common.folder))
    let destination = URL(filePath: folder, relativeTo: common.folder).standardizedFileURL
    try FileManager.default.createDirectory(at: destination.deletingLastPathComponent(), withIntermediateDirectories: true)
    try archive.extract(to: destination)
    common.terminal.show(UnpackReport(folder: folder, archive: archive))
  }
}

struct UnpackReport: Report {
  let folder: String
  let archive: SoulArchive

  let schema = "soulpack.unpack/1"
  var members: [String: JSONValue] {
    ["folder": .string(folder), "digest": .digest(archive.digest), "files": .array(archive.files.map { .string($0.path) })]
  }
  var lines: [String] { ["\(archive.files.count) files in \(folder)"] }
}
