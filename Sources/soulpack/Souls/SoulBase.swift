internal import ArgumentParser
internal import Artifacts
internal import Fetching
internal import Foundation
internal import Hashing
internal import Packaging
internal import Steps
internal import Store

/// The base that an adapter was trained on, found by the digest that its manifest names: a folder or archive that somebody gives, or what
/// this project's store holds, or the folder that the recipe named.
struct SoulBase {
  /// Of `--base`.
  static let help = ArgumentHelp(
    "The base: a model folder, a whole model's .soul file, or a model of the hub (hf://owner/name@revision). Else it is looked for in this project.",
    valueName: "folder")

  let base: SoulManifest.NamedDigest
  let store: ReadableStore?
  let root: URL

  /// The files of the base, by path. `given` is a model folder or the `.soul` file of a whole model.
  func files(given: URL?) throws -> [String: Data] {
    if let given { return try files(at: given) }
    if let store, let files = try stored(in: store) { return files }
    if let files = try declared() { return files }
    throw BaseNotFound(base: base)
  }

  /// Whatever name it has there: what the digest names is the base. Objects are verified as they are read.
  private func stored(in store: ReadableStore) throws -> [String: Data]? {
    guard try store.objects.contains(base.digest) else { return nil }
    let entries = try store.objects.snapshot(base.digest).entries
    for entry in entries { guard try store.objects.contains(entry.digest) else { return nil } }
    return Dictionary(uniqueKeysWithValues: zip(entries.map(\.path), try store.objects.get(entries.map(\.digest))))
  }

  /// A base that a recipe takes from a folder has its path for a name. An archive is perhaps a stranger's, and does not make soulpack read what lies outside
  /// of the project, nor all of it.
  private func declared() throws -> [String: Data]? {
    if let reference = HubReference(base.name) { return try cached(reference) }
    guard Snapshot.isContained(base.name), base.name != "." else { return nil }
    let folder = root.appending(path: base.name)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else { return nil }
    do { return try matching(in: folder) } catch is ScanError { return nil }  // Whatever lies there, it is no model's folder.
  }

  /// A base of a hub has that for a name. Nobody is asked: an archive is perhaps a stranger's, and may not make this machine call somebody.
  private func cached(_ reference: HubReference) throws -> [String: Data]? {
    do {
      return try matching(try ModelFetcher(.ofUser()).cached(reference))
    } catch FetchError.notCached, FetchError.incomplete {
      return nil
    }
  }

  /// What a person named: fetched, where this machine does not have it.
  func files(of reference: HubReference, _ terminal: Terminal) throws -> [String: Data] {
    let renderer = BuildRenderer(terminal: terminal)
    defer { renderer.finish() }
    guard let files = try matching(try HubModels { renderer.show($0) }.fetch(reference)) else { throw BaseProblem.another(reference.description, base) }
    return files
  }

  private func matching(_ model: FetchedModel) throws -> [String: Data]? {
    let files = try model.files.mapValues { try Data(contentsOf: $0) }
    let entries = files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) }
    return Digest(listing: Snapshot(entries: entries)) == base.digest ? files : nil
  }

  private func files(at given: URL) throws -> [String: Data] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: given.path, isDirectory: &isFolder) else { throw BaseProblem.absent(given.relativePath) }
    guard isFolder.boolValue else { return try files(inArchive: given) }
    guard let files = try matching(in: given) else { throw BaseProblem.another(given.relativePath, base) }
    return files
  }

  private func files(inArchive file: URL) throws -> [String: Data] {
    let archive = try SoulArchive.open(file)
    guard let component = archive.manifest.components.first(where: { $0.listingDigest == base.digest }) else {
      throw BaseProblem.another(file.relativePath, base)
    }
    return try archive.files(of: component)
  }

  /// The folder's files, where their listing, or that of those among them which a `soul.json` beside them calls its component, is the base.
  private func matching(in folder: URL) throws -> [String: Data]? {
    let scan = try FolderProbe(store, storeRoot: Project.storeFolder(in: root)).scan(folder)
    guard let snapshot = try [scan.snapshot, component(in: folder, of: scan.snapshot)].compactMap({ $0 }).first(where: {
      Digest(listing: $0) == base.digest
    }) else { return nil }
    return try Dictionary(
      uniqueKeysWithValues: snapshot.entries.map { entry in
        let bytes = try Data(contentsOf: folder.appending(path: entry.path))
        guard Digest(hashing: bytes) == entry.digest else { throw BaseProblem.changed(folder.appending(path: entry.path).relativePath) }
        return (entry.path, bytes)
      })
  }

  /// An unpacked Soul has files beside its model's.
  private func component(in folder: URL, of snapshot: Snapshot) throws -> Snapshot? {
    guard snapshot[SoulFile.manifestPath] != nil else { return nil }
    let document = try JSONValue(parsing: try Data(contentsOf: folder.appending(path: SoulFile.manifestPath)))
    let paths = Set(try SoulManifest(document: document).components.flatMap(\.files).map(\.path))
    return Snapshot(entries: snapshot.entries.filter { paths.contains($0.path) })
  }
}

extension Digest {
  fileprivate init(listing snapshot: Snapshot) { self.init(hashing: snapshot.canonical) }
}

extension SoulArchive {
  var chosenComponent: SoulManifest.Component { manifest.components.first { $0.listingDigest == manifest.selection?.winner } ?? manifest.components[0] }

  /// What of it the engine takes: a whole model, or an adapter with its base, which is at `base` or is looked for in the project.
  func subject(base given: String?, _ store: ReadableStore?, _ common: CommonArguments) throws -> SoulMeasurement.Subject {
    let component = chosenComponent
    let own = try files(of: component)
    guard component.kind == .adapter, let base = component.base else {
      guard given == nil else { throw ValidationError("--base: \(manifest.name) is a whole model, and stands on no base") }
      return .model(own)
    }
    let finder = SoulBase(base: base, store: store, root: Project.rootFolder(common))
    if let given, given.hasPrefix(HubReference.scheme) {
      guard let reference = HubReference(given) else { throw NoHubModel(text: given) }
      return .adapter(own, base: try finder.files(of: reference, common.terminal))
    }
    return .adapter(own, base: try finder.files(given: given.map { common.place($0) }))
  }

  /// The files of one component, by path, each digested as it is read.
  func files(of component: SoulManifest.Component) throws -> [String: Data] {
    try Dictionary(
      uniqueKeysWithValues: component.files.map { file in
        guard let bytes = try contents(of: file.path) else { preconditionFailure("an opened archive holds the files of its components") }
        return (file.path, bytes)
      })
  }
}

struct BaseNotFound: ExplainedError {
  let base: SoulManifest.NamedDigest

  var message: String { "the base \"\(base.name)\" (\(base.digest)) is not in this project" }
  var hint: String? {
    guard HubReference(base.name) == nil else { return "give it: --base \(base.name), which fetches it from the hub" }
    return "give it: --base FOLDER, a model folder whose listing has that digest, or the .soul file of the model; or build the recipe that makes it"
  }
}

enum BaseProblem: ExplainedError {
  case absent(String)
  case another(String, SoulManifest.NamedDigest)
  case changed(String)

  var message: String {
    switch self {
    case .absent(let path): "\(path): there is no such file or folder"
    case .another(let path, let base): "\(path): not the base that the Soul was trained on, \"\(base.name)\" (\(base.digest))"
    case .changed(let path): "\(path): changed while it was read"
    }
  }

  var hint: String? {
    guard case .another = self else { return nil }
    return "the digest is of the listing of all files: one that was added, removed or edited makes another base"
  }
}
