internal import Artifacts
internal import Explaining
internal import Foundation
internal import Packaging
internal import Store

/// How a person names a Soul on the command line: a `.soul` file, a folder that one was unpacked to, else `NAME@VERSION` or a Soul digest that this
/// project's store has sealed.
struct SoulReference {
  let text: String
  let common: CommonArguments

  /// For help texts.
  static let forms =
    "A Soul is a .soul file, a folder that one was unpacked to, NAME@VERSION, or the first digits of a Soul digest that this project's store has sealed."

  /// Opens the archive. What has to come out of the store is written under `scratch`, which must outlive the archive.
  func open(_ store: ReadableStore?, scratch: URL, takingFolders: Bool = true) throws -> SoulArchive {
    let file = common.place(text)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) {
      guard takingFolders || !isFolder.boolValue else { throw NoSignatures(folder: text) }
      return try isFolder.boolValue ? repacked(file, in: scratch) : SoulArchive.open(file)
    }
    guard let wanted = Wanted(text) else { throw SoulNotFound(text: text, looksLikeFile: true) }
    if case .release(let name, let version) = wanted {
      let placed = Project.rootFolder(common).appending(path: "out/\(name)-\(version).soul")
      if FileManager.default.fileExists(atPath: placed.path) { return try SoulArchive.open(placed) }
    }
    guard let store, let archive = try sealed(wanted, in: store) else { throw SoulNotFound(text: text, looksLikeFile: false) }
    let copy = scratch.appending(path: "\(archive.hex).soul")
    if !FileManager.default.fileExists(atPath: copy.path) { try store.objects.export(archive, to: copy, durable: false) }
    return try SoulArchive.open(copy)
  }

  private func repacked(_ folder: URL, in scratch: URL) throws -> SoulArchive {
    // A place of its own: two folders may have one name.
    let place = scratch.appending(path: UUID().uuidString, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
    let file = place.appending(path: "\(folder.standardizedFileURL.lastPathComponent).soul")
    _ = try UnpackedSoul(folder).pack(to: file)
    return try SoulArchive.open(file)
  }

  private enum Wanted {
    case release(name: String, version: String)
    case digest(prefix: String)

    init?(_ text: String) {
      let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2, SoulManifest.isName(parts[0]), SoulManifest.isVersion(parts[1]) {
        self = .release(name: parts[0], version: parts[1])
        return
      }
      let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
      guard (6...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else { return nil }
      self = .digest(prefix: digits)
    }

    func matches(_ run: RunHistory.Run) -> Bool {
      switch self {
      case .release(let name, let version): run.name == name && run.version == version
      case .digest(let prefix): run.soul?.hex.hasPrefix(prefix) ?? false
      }
    }
  }

  /// The archive of the one Soul that fits. A release that was sealed more than once, from other data, is not guessed at.
  private func sealed(_ wanted: Wanted, in store: ReadableStore) throws -> Digest? {
    let runs = try RunHistory(store, limit: .max).runs.filter { $0.archive != nil && wanted.matches($0) }
    let souls = Set(runs.compactMap(\.soul)).sorted()
    guard souls.count <= 1 else { throw AmbiguousSoul(text: text, digests: souls) }
    return runs.first?.archive
  }
}

extension SoulReference {
  /// Makes a folder for `body` alone, and removes it.
  static func withScratch<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let scratch = try ScratchFolder()
    let result = Result { try body(scratch.url) }
    try scratch.remove()
    return try result.get()
  }

  static func withScratch<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let scratch = try ScratchFolder()
    let value: Value
    do {
      value = try await body(scratch.url)
    } catch {
      try scratch.remove()
      throw error
    }
    try scratch.remove()
    return value
  }
}

/// What is asked about who signed it.
struct NoSignatures: ExplainedError {
  let folder: String

  var message: String { "\(folder): a folder holds no signatures, and what runs must be signed by somebody whom you trust" }
  var hint: String? { "give the .soul file that it was unpacked from" }
}

struct SoulNotFound: ExplainedError {
  let text: String
  let looksLikeFile: Bool

  var message: String { looksLikeFile ? "\(text): there is no such file" : "\"\(text)\": no Soul of that name was sealed in this project's store" }
  var hint: String? {
    looksLikeFile ? "give a .soul file, a folder that one was unpacked to, NAME@VERSION, or the first digits of a Soul digest" : "`soulpack list` shows those that were"
  }
}

struct AmbiguousSoul: ExplainedError {
  let text: String
  let digests: [Digest]

  var message: String { "\"\(text)\" names \(digests.count) Souls: \(digests.prefix(4).map(\.short).joined(separator: ", "))\(digests.count > 4 ? ", …" : "")" }
  var hint: String? { "give a digest, or more of its digits" }
}
