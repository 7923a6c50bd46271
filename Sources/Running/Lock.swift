package import Artifacts
package import Foundation
package import Planning

/// `soul.lock`: what each recipe was last built from. Kept in git beside the recipes, it lets `--locked` refuse to build anything else.
///
/// It is a function of the inputs alone (no time, no host; a path only where the recipe itself says it), so that two people who build the same thing write
/// the same
/// file. Remote revisions and semantics are enforced until `soulpack update`; local snapshots are recorded.
package struct Lock: Hashable, Sendable {
  /// The pins of one recipe.
  package struct Pins: Hashable, Sendable {
    /// By path. A path that is used in two ways has two digests: then its bytes as a file stand under `PATH//file`, which is no path that a
    /// recipe can name.
    package var sources: [String: Digest]
    package var semantics: [String: Int64]
    /// The commit of each model of a hub, by the recipe's word for it. Its files' snapshot is among the sources.
    package var revisions: [String: String]

    package init(_ taken: TakenSources, actions: [Action]) { self.init(sources: taken.digests, revisions: taken.revisions, actions: actions) }

    package init(sources: [Source: Digest], revisions: [String: String] = [:], actions: [Action]) {
      self.revisions = revisions
      // An origin says what the revision says, or what is in the folder itself.
      let snapshots = sources.filter { $0.key.kind != .file && !$0.key.isOrigin }
      // A folder has the same snapshot whether or not the recipe says that it is one.
      self.sources = Dictionary(snapshots.map { ($0.key.path, $0.value) }, uniquingKeysWith: { first, _ in first })
      for (source, digest) in sources where source.kind == .file {
        self.sources[self.sources[source.path] == nil ? source.path : Pins.fileKey(source.path)] = digest
      }
      for (source, digest) in sources where source.kind == .soulOrigin { self.sources[source.path + "//soul"] = digest }
      semantics = Dictionary(actions.map { ($0.kind.rawValue, $0.kind.semantics) }, uniquingKeysWith: { first, _ in first })
    }

    /// Pins of what a hub has been asked, for a build that may not come to its end. Nothing else is locked by that.
    package mutating func noteModels(of taken: TakenSources) {
      revisions.merge(taken.revisions) { _, new in new }
      for (source, digest) in taken.digests where source.kind == .hubModel { sources[source.path] = digest }
    }

    /// What a source is pinned to, in the use that the recipe makes of it.
    package func digest(of source: Source) -> Digest? {
      source.kind == .file ? sources[Pins.fileKey(source.path)] ?? sources[source.path] : sources[source.path]
    }

    /// What is pinned of models of a hub.
    package var outsideModels: [String: OutsideModels.Pin] {
      Dictionary(uniqueKeysWithValues: revisions.map { ($0, OutsideModels.Pin(commit: $1, digest: sources[$0])) })
    }

    private static func fileKey(_ path: String) -> String { path + "//file" }

    /// Whether a path is pinned to this digest in either use: a goal short of the whole recipe may use it in one way only.
    fileprivate func holds(_ digest: Digest?, at path: String) -> Bool {
      sources[path] == digest || digest != nil && sources[Pins.fileKey(path)] == digest
    }

    fileprivate init?(_ value: JSONValue) {
      guard let sources = value["sources"]?.object, let semantics = value["semantics"]?.object else { return nil }
      self.sources = sources.compactMapValues(\.digest)
      self.semantics = semantics.compactMapValues(\.integer)
      guard self.sources.count == sources.count, self.semantics.count == semantics.count else { return nil }
      let revisions = value["revisions"]?.object ?? [:]
      self.revisions = revisions.compactMapValues { $0.string.flatMap { HubReference.isCommit($0) ? $0 : nil } }
      guard self.revisions.count == revisions.count, revisions.keys.allSatisfy({ HubReference($0) != nil }) else { return nil }
    }

    /// A recipe without such a model is written as it always was.
    fileprivate var json: JSONValue {
      var members: [String: JSONValue] = ["sources": .object(sources.mapValues(JSONValue.digest)), "semantics": .object(semantics.mapValues(JSONValue.integer))]
      if !revisions.isEmpty { members["revisions"] = .object(revisions.mapValues { .string($0) }) }
      return .object(members)
    }
  }

  /// By the recipe's path, relative to the root.
  package var recipes: [String: Pins]

  package init() { recipes = [:] }

  /// What is pinned of models of a hub for a recipe.
  package func outsideModels(of recipe: String) -> [String: OutsideModels.Pin] { recipes[recipe]?.outsideModels ?? [:] }
}

// MARK: - Comparing

extension Lock {
  /// One difference between what is pinned and what is there.
  package enum Difference: Hashable, Sendable {
    case notLocked(recipe: String)
    case source(path: String, locked: Digest?, found: Digest?)
    /// A branch or tag of a hub has moved.
    case revision(model: String, locked: String, found: String)
    case semantics(kind: String, locked: Int64, found: Int64)
  }

  /// What differs between the pins of a recipe and what a build would use. Sorted, so that two runs say the same. A goal short of the
  /// whole recipe uses some of the sources only: then `isComplete` is false, and a pin that is not used is no difference.
  package func differences(from found: Pins, recipe: String, isComplete: Bool) -> [Difference] {
    guard let pins = recipes[recipe] else { return [.notLocked(recipe: recipe)] }
    let paths = (isComplete ? Set(pins.sources.keys) : []).union(found.sources.keys).sorted()
    let revisions = found.revisions.sorted { $0.key < $1.key }.compactMap { model, commit -> Difference? in
      guard let locked = pins.revisions[model], locked != commit else { return nil }
      return .revision(model: model, locked: locked, found: commit)
    }
    let sources = paths.compactMap { path -> Difference? in
      pins.holds(found.sources[path], at: path) ? nil : .source(path: path, locked: pins.sources[path], found: found.sources[path])
    }
    return revisions + sources + semanticsDifferences(from: found, recipe: recipe)
  }

  /// Steps whose meaning has changed since the recipe was locked. These stop every build until `soulpack update`, locked or not.
  package func semanticsDifferences(from found: Pins, recipe: String) -> [Difference] {
    guard let pins = recipes[recipe] else { return [] }
    return found.semantics.sorted { $0.key < $1.key }.compactMap { kind, version in
      guard let locked = pins.semantics[kind], locked != version else { return nil }
      return .semantics(kind: kind, locked: locked, found: version)
    }
  }
}

extension Lock.Difference: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notLocked(let recipe): "\(recipe) is not in soul.lock"
    case .revision(let model, let locked, let found): "\(model) is commit \(found.prefix(12)), locked is \(locked.prefix(12))"
    case .source(let path, let locked?, let found?): "\(path) is \(found.short), locked is \(locked.short)"
    case .source(let path, nil, _): "\(path) is not locked"
    case .source(let path, _, nil): "\(path) is locked and no longer used"
    case .semantics(let kind, let locked, let found): "the step \"\(kind)\" has semantics \(found), locked is \(locked)"
    }
  }
}

/// The lock and the world differ. Nothing has been run.
package struct LockDiffers: ExplainedError {
  package let differences: [Lock.Difference]

  package init(differences: [Lock.Difference]) { self.differences = differences }

  package var message: String { "soul.lock differs: " + differences.map(\.description).joined(separator: "; ") }

  package var hint: String? {
    let meaning = differences.contains { if case .semantics = $0 { true } else { false } }
    return meaning
      ? "what used those steps would run again: `soulpack update` accepts that"
      : "bring the sources back, or build without --locked to lock what is there now"
  }
}

// MARK: - On disk

extension Lock {
  package static let fileName = "soul.lock"

  /// The lock of a root, empty where there is none yet.
  package init(readingFrom root: URL) throws {
    self.init()
    let file = root.appending(path: Lock.fileName)
    let found: Data?
    do {
      found = try WholeFile(file).bytes()
    } catch let error as LostFile {
      throw error
    } catch {
      throw UnreadableLock(path: file.path)
    }
    guard let bytes = found else { return }
    guard let document = try? JSONValue(parsing: bytes),  // Whatever is wrong with it, the answer is the same.
      document["schema"]?.string == "soulpack.lock/1", let recipes = document["recipes"]?.object
    else { throw UnreadableLock(path: file.path) }
    self.recipes = recipes.compactMapValues { Pins($0) }
    guard self.recipes.count == recipes.count else { throw UnreadableLock(path: file.path) }
  }

  /// Writes the lock atomically, and only where it says something new: a build that changed nothing leaves the file alone.
  package func write(to root: URL) throws {
    let file = WholeFile(root.appending(path: Lock.fileName)).target
    file.removeLeftovers()
    let document: JSONValue = ["schema": "soulpack.lock/1", "recipes": .object(recipes.mapValues(\.json))]
    let bytes = Data(document.pretty.utf8)
    guard try file.bytes() != bytes else { return }
    try file.replace(with: bytes)
  }
}

package struct UnreadableLock: ExplainedError {
  package let path: String

  package var message: String { "\(path): not a lock of this version" }
  package var hint: String? { "if it was half merged, take one side; if it is lost, delete it and build again" }
}
