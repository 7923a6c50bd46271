internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Store

/// `soulpack checkout`: a version of a folder, brought back into a new one.
struct CheckoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkout", abstract: "Bring a version of a dataset's folder back, byte for byte, into a new folder.",
    discussion: """
      DATASET is a folder that was snapshotted or built from, also one that is gone, or the name of a dataset in the recipe. DIGEST is the \
      beginning of the version's digest, four digits at least; without it, the last version. Nothing is ever written over: the new folder \
      must not be there yet, or be empty, and appears whole or not at all.
      """)

  @Argument(help: ArgumentHelp("Which version of what.", valueName: "dataset[@digest]")) var version: String
  @Option(help: ArgumentHelp("The folder to write.", valueName: "dir")) var to: String
  @OptionGroup var common: CommonArguments

  func run() throws {
    let store = try ReadableStore.open(at: Project.storeFolder(in: Project.rootFolder(common)))
    let (name, digits) = try parts(in: store)
    let versions = try versions(of: name, in: store)
    let chosen = try choose(digits, of: name, versions)
    guard try store.objects.contains(chosen.digest) else { throw VersionProblem.collected(name: name, chosen.digest) }
    let snapshot = try store.objects.snapshot(chosen.digest)
    let target = common.place(to).standardizedFileURL
    try refuse(target, within: URL(filePath: chosen.folder), "the folder that it is a version of, which would get a copy of itself")
    try refuse(target, within: Project.storeFolder(in: Project.rootFolder(common)), "the store")
    try store.objects.checkOut(snapshot, to: target)
    common.terminal.show(CheckoutReport(digest: chosen.digest, snapshot: snapshot, folder: target.path))
  }

  private func refuse(_ target: URL, within folder: URL, _ words: String) throws(CheckoutInside) {
    // The folder itself may be gone, and is then brought back.
    guard FileManager.default.fileExists(atPath: folder.path), let path = target.followed.path(below: folder.followed), path != "." else { return }
    throw CheckoutInside(path: target.path, words: words)
  }

  /// The last `@` parts, unless all of it is a folder that is known: a name may hold one too.
  private func parts(in store: ReadableStore) throws -> (name: String, digits: String?) {
    let whole = common.place(version).standardizedFileURL
    guard try store.versions.all(of: whole.followed).isEmpty else { return (version, nil) }
    guard let at = version.lastIndex(of: "@"), at != version.startIndex else { return (version, nil) }
    return (String(version[..<at]), String(version[version.index(after: at)...]))
  }

  private func versions(of name: String, in store: ReadableStore) throws -> [FolderVersion] {
    let folder = common.place(name).standardizedFileURL
    let found = try store.versions.all(of: folder.followed)
    if !found.isEmpty { return found }
    if let source = try sourceOfDataset(name) {
      let found = try store.versions.all(of: source.followed)
      if !found.isEmpty { return found }
    }
    throw VersionProblem.unknown(name: name)
  }

  /// Nil without a recipe, or without such a dataset in any. Where several have it, of several folders, none is guessed at.
  private func sourceOfDataset(_ name: String) throws -> URL? {
    // What cannot be read names no dataset: then it can only be a folder.
    let projects: [Project]
    do {
      projects = [try Project(option: nil, common)]
    } catch let error as SeveralRecipes {
      projects = error.paths.compactMap { try? Project(option: $0, common) }
    } catch {
      return nil
    }
    let sources = Set(projects.compactMap { $0.source(ofDataset: name)?.standardizedFileURL.path }).sorted()
    guard sources.count < 2 else { throw VersionProblem.severalDatasets(name: name, folders: sources) }
    return sources.first.map { URL(filePath: $0) }
  }

  private func choose(_ digits: String?, of name: String, _ versions: [FolderVersion]) throws -> FolderVersion {
    guard let digits else { return versions[0] }
    let wanted = digits.hasPrefix("sha256:") ? String(digits.dropFirst(7)) : digits
    guard wanted.utf8.count >= 4, wanted.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      throw VersionProblem.notADigest(digits)
    }
    let fitting = versions.filter { $0.digest.hex.hasPrefix(wanted) }
    guard let first = fitting.first else { throw VersionProblem.noVersion(name: name, digits: wanted, known: versions.map(\.digest)) }
    guard fitting.count == 1 else { throw VersionProblem.ambiguous(name: name, digits: wanted, fitting.map(\.digest)) }
    return first
  }
}

struct CheckoutReport: Report {
  let schema = "soulpack.checkout/1"
  let digest: Digest
  let snapshot: Snapshot
  let folder: String

  var members: [String: JSONValue] {
    ["digest": .digest(digest), "files": .integer(Int64(snapshot.entries.count)), "bytes": .integer(snapshot.byteCount), "folder": .string(folder)]
  }

  var lines: [String] {
    ["\(folder): \(Quantity.counted(snapshot.entries.count, "file")), \(Quantity.bytes(snapshot.byteCount)), version \(digest.short)"]
  }
}

extension Project {
  fileprivate func source(ofDataset name: String) -> URL? {
    let id = plan.goals[.curate]?.first { $0.name == "\(ActionKind.curate.rawValue).\(name)" }
    guard let id, case .source(let source)? = plan[id]?.inputs["source"] else { return nil }
    return URL(filePath: source.path, relativeTo: rootFolder)
  }
}

/// A new folder would stand where it does harm.
struct CheckoutInside: ExplainedError {
  let path: String
  let words: String

  var message: String { "\(path): lies in \(words)" }
  var hint: String? { "nothing was written; name a folder elsewhere" }
}

/// Why no version was chosen.
enum VersionProblem: ExplainedError {
  case unknown(name: String)
  case severalDatasets(name: String, folders: [String])
  case notADigest(String)
  case noVersion(name: String, digits: String, known: [Digest])
  case ambiguous(name: String, digits: String, [Digest])
  case collected(name: String, Digest)

  var message: String {
    switch self {
    case .unknown(let name): "\"\(name)\": no version is known of such a folder or dataset"
    case .severalDatasets(let name, let folders): "\"\(name)\": several recipes have such a dataset, of \(folders.joined(separator: ", "))"
    case .notADigest(let text): "\"\(text)\" is not the beginning of a digest"
    case .noVersion(let name, let digits, _): "\"\(name)\" has no version that begins with \(digits)"
    case .ambiguous(let name, let digits, let found): "\"\(name)\" has \(found.count) versions that begin with \(digits)"
    case .collected(let name, let digest): "version \(digest.short) of \"\(name)\" is known, and its files are no longer in the store"
    }
  }

  var hint: String? {
    switch self {
    case .unknown: "`soulpack snapshot FOLDER` keeps one; name the folder from where you are"
    case .severalDatasets: "name the folder"
    case .notADigest: "four or more of its hexadecimal digits, in lower case"
    case .noVersion(_, _, let known): "known, the newest first: " + known.prefix(10).map(\.short).joined(separator: ", ")
    case .ambiguous(_, _, let found): "give more digits: " + found.prefix(10).map(\.short).joined(separator: ", ")
    case .collected: "`soulpack gc` keeps what was snapshotted, locked or built lately"
    }
  }
}
