internal import ArgumentParser
internal import Artifacts
internal import Engine
internal import Foundation
internal import Packaging
internal import Recipes
internal import Steps
internal import Store

/// `soulpack unpack FILE FOLDER`: the archive's files, for programs that read folders, such as PEFT; or with `--merged` one whole model, for those that
/// know no adapters.
struct Unpack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a Soul's files into a new folder, each checked as it is written.",
    discussion: """
      With --merged, FOLDER becomes a whole model in Hugging Face's layout: the base's weights with the adapter added to them, in float32, with \
      the tokenizer's files, and merged.json, which says what it was made from. The same Soul gives the same bytes.
      """)

  @Argument(help: "A .soul file.") var file: String
  @Argument(help: "A folder that does not exist yet, or is empty.") var folder: String
  @Flag(help: "Write the base with the adapter taken into its weights, as one whole model.") var merged = false
  @Option(help: ArgumentHelp("With --merged, the base: a model folder, a whole model's .soul file, or a model of the hub (hf://owner/name@revision). Else it is looked for in this project.", valueName: "folder"))
  var base: String?
  @Option(help: ArgumentHelp("With --merged, the most bytes of a file of weights, such as 512MB; a larger tensor has a file of its own. Without it, 5GB.", valueName: "size"))
  var shardSize: String?
  @OptionGroup var common: CommonArguments

  func validate() throws {
    guard merged || base == nil else { throw ValidationError("--base is for --merged: an adapter is unpacked without its base") }
    guard merged || shardSize == nil else { throw ValidationError("--shard-size is for --merged") }
    guard shardSize == nil || shardSize.flatMap({ ByteSize($0) }) != nil else { throw ValidationError("--shard-size must be a size such as 512MB or 5GB") }
  }

  func run() throws {
    let archive = try SoulArchive.open(common.place(file))
    let destination = common.place(folder).standardizedFileURL
    if merged { return common.terminal.show(try merge(archive, into: destination)) }
    try archive.extract(to: destination)
    common.terminal.show(UnpackReport(folder: folder, archive: archive))
  }

  private func merge(_ archive: SoulArchive, into destination: URL) throws -> MergeReport {
    let manifest = archive.manifest
    guard manifest.permissions.derive else { throw NotMerged(problem: .mayNotDerive, name: manifest.name) }
    let folder = NewFolder(destination)
    try folder.requireAbsence()
    guard let named = archive.chosenComponent.base else { throw NotMerged(problem: .wholeModel, name: manifest.name) }
    let subject = try archive.subject(base: base, try ReadableStore.openIfThere(common), common)
    guard let soul = try MergedSoul(of: subject, threads: ProcessInfo.processInfo.activeProcessorCount) else {
      throw NotMerged(problem: .wholeModel, name: manifest.name)
    }
    let report = MergeReport(folder: self.folder, archive: archive, base: named)
    let origin = try MergedOrigin(of: archive, base: named)
    let limit = shardSize.flatMap { ByteSize($0) }?.byteCount ?? MergedModel.usualShardByteCount
    let files = try folder.make(ofPieces: { write in
      var listing = PieceListing()
      try soul.write(shardByteLimit: limit) { file, piece in
        listing.note(file, piece)
        try write(file, piece)
      }
      try write(MergedOrigin.fileName, Data(origin.document(of: listing.finish()).pretty.utf8))
    })
    return report.with(files: files)
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

struct MergeReport: Report {
  let folder: String
  let archive: SoulArchive
  let base: SoulManifest.NamedDigest
  private(set) var files: [String: Int64] = [:]

  init(folder: String, archive: SoulArchive, base: SoulManifest.NamedDigest) {
    (self.folder, self.archive, self.base) = (folder, archive, base)
  }

  func with(files: [String: Int64]) -> MergeReport {
    var report = self
    report.files = files
    return report
  }

  let schema = "soulpack.merge/1"
  var members: [String: JSONValue] {
    [
      "folder": .string(folder), "soul": .digest(archive.digest), "base": .digest(base.digest),
      "files": .array(files.sorted { $0.key < $1.key }.map { ["path": .string($0.key), "bytes": .integer($0.value)] }),
    ]
  }
  var lines: [String] {
    let size = Quantity.bytes(files.values.reduce(0, +))
    return ["\(archive.manifest.name) \(archive.manifest.version) and its base \(base.name) as one model: \(Quantity.counted(files.count, "file")), \(size), in \(folder)"]
  }
}

struct NotMerged: ExplainedError {
  enum Problem { case mayNotDerive, wholeModel }

  let problem: Problem
  let name: String

  var message: String {
    switch problem {
    case .mayNotDerive: "\(name) may not be merged: its manifest does not let others build on it (derive: false)"
    case .wholeModel: "\(name) is a whole model already: there is no adapter to merge"
    }
  }

  var hint: String? {
    switch problem {
    case .mayNotDerive: "ask whoever made it; its adapter can be unpacked and used on its base as it is"
    case .wholeModel: "unpack it without --merged"
    }
  }

  var isOfTerms: Bool { problem == .mayNotDerive }
}
