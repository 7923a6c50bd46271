internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Running

/// Which data `push` and `pull` carry, and where.
struct DataArguments: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: ArgumentHelp("The folder that carries the data: on a stick, a shared disk, in git, for rsync.", valueName: "folder"))
  var path: String

  @Option(help: ArgumentHelp("Only the data of this recipe. Repeatable. Without it: of all in soul.lock.", valueName: "recipe"))
  var recipe: [String] = []

  @Flag(help: "Fail instead of waiting where another soulpack has the store.")
  var noWait = false

  @OptionGroup var common: CommonArguments

  var folder: URL { common.place(path).absoluteURL }
}

/// What `soul.lock` names of the recipes that were asked for.
struct LockedData {
  let rootFolder: URL
  /// By path; a source of several recipes stands here once for each of its digests.
  let sources: [LockedSource]

  init(_ arguments: DataArguments) throws {
    rootFolder = Project.rootFolder(arguments.common)
    let lock = try Lock(readingFrom: rootFolder)
    guard !lock.recipes.isEmpty else { throw NothingLocked(folder: rootFolder.path) }
    let asked = try LockedData.recipes(arguments, lock, rootFolder)
    var sources: Set<LockedSource> = []
    for recipe in asked { sources.formUnion(try lock.sources(of: recipe, in: try Project.plan(ofLocked: recipe, in: rootFolder))) }
    self.sources = sources.sorted { ($0.path, $0.source.kind.rawValue, $0.digest) < ($1.path, $1.source.kind.rawValue, $1.digest) }
    try requireOneState()
  }

  /// Named ones as a person names files; all of the lock otherwise, less those that nobody has any more.
  private static func recipes(_ arguments: DataArguments, _ lock: Lock, _ rootFolder: URL) throws -> [String] {
    guard arguments.recipe.isEmpty else {
      return try arguments.recipe.map { name in
        let path = Project.path(of: arguments.common.place(name).standardizedFileURL, in: rootFolder)
        guard lock.recipes[path] != nil else { throw LockDiffers(differences: [.notLocked(recipe: path)]) }
        return path
      }
    }
    return lock.recipes.keys.sorted().filter { path in
      guard !FileManager.default.fileExists(atPath: rootFolder.appending(path: path).path) else { return true }
      arguments.common.terminal.remark("\(path) is in soul.lock and is not there; its data is left out")
      return false
    }
  }

  /// Two recipes that were locked at different times can pin one folder to two states, and only one can lie there.
  private func requireOneState() throws {
    // Whether a recipe says that a folder is one changes nothing; a file is pinned by its own digest, which is no listing's.
    struct Use: Hashable {
      let path: String
      let isFile: Bool
    }
    var digests: [Use: Digest] = [:]
    for locked in sources {
      let other = digests.updateValue(locked.digest, forKey: Use(path: locked.path, isFile: locked.source.kind == .file))
      if let other, other != locked.digest { throw TwoStates(path: locked.path) }
    }
  }
}

/// There is no lock, or there is nothing in it.
struct NothingLocked: ExplainedError {
  let folder: String

  var message: String { "\(folder)/\(Lock.fileName): no recipe is locked, so that it names no data" }
  var hint: String? { "`soulpack build` locks what it builds, `soulpack update` what is there" }
}

struct TwoStates: ExplainedError {
  let path: String

  var message: String { "soul.lock pins \(path) to two states, in two recipes" }
  var hint: String? { "lock both anew with `soulpack update`, or name one with --recipe" }
}
