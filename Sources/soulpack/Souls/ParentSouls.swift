internal import Artifacts
internal import Explaining
internal import Foundation
internal import Hashing
internal import Packaging
internal import Planning
internal import Recipes
internal import Running

/// Souls that a recipe builds on, and is held to the terms of: an archive is verified under the user's own trust policy before a byte of it is used; a
/// folder that one was unpacked to has no signature, so that its terms bind and nobody's word is asked.
struct ParentSouls: Sendable {
  /// The recipe whose Soul descends from them. Nil where nothing is made that anybody gets.
  let child: Recipe?
  /// As of today: who took data back, took it back from what was made of it too.
  private let consent: Consent
  private let root: URL

  /// `root`: the project's, whose file of retractions counts.
  init(child: Recipe?, root: URL) throws { (self.child, consent, self.root) = (child, try ProjectConsent(in: root).consent, root) }

  func open(_ file: URL, path: String) throws -> OutsideModels.Soul {
    if let child, root.appending(path: child.archivePath).followed == file.followed { throw ParentIsItself(path: path) }
    let archive = try SoulArchive.open(file)
    let report = try VerificationReport(of: archive, policyAt: UserFolders().trustPolicy)
    do throws(VerificationError) { try report.requireTrusted() } catch { throw RefusedSoul(cause: error) }
    let component = try model(of: archive.manifest, path: path)
    let origin = try origin(archive.manifest, path: path, contents: archive.contents).merging(["soul": .digest(archive.digest)]) { own, _ in own }
    return OutsideModels.Soul(files: try archive.files(of: component), origin: .object(origin))
  }

  /// Nil where the folder holds no Soul. Of the Soul's digest nothing is said: other files may lie beside those that it was unpacked with.
  func origin(ofFolder folder: URL, path: String, snapshot: Snapshot) throws -> JSONValue? {
    let soul = UnpackedSoul(folder)
    // The disk is asked: a snapshot leaves out what .soulpackignore names.
    guard try soul.document(SoulFile.manifestPath) != nil else { return try origin(ofMerged: soul, path: path, snapshot) }
    let manifest = try manifest(of: soul, path: path)
    let files = try model(of: manifest, path: path).files
    try requireFiles(Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.digest) }), in: snapshot, path: path, by: SoulFile.manifestPath)
    return .object(try origin(manifest, path: path, contents: soul.document))
  }

  /// Those that a document names, and no other that the engine would read: one more file of weights, or a template, would make it another model under the
  /// parent's name.
  private func requireFiles(_ files: [String: Digest], in snapshot: Snapshot, path: String, by document: String) throws(ParentIsChanged) {
    let changed = files.keys.sorted().first { snapshot[$0]?.digest != files[$0] } ?? snapshot.entries.map(\.path).first { $0.isOfModel && files[$0] == nil }
    if let changed { throw ParentIsChanged(path: path, file: changed, document: document) }
  }

  private func requireConsent(_ contributors: [Contribution], path: String) throws(RetractedData) {
    guard let one = contributors.first(where: { !consent.allows(contributor: $0.contributor) }) else { return }
    throw RetractedData(recipe: path, dataset: one.dataset, contributor: one.contributor)
  }

  private func manifest(of soul: UnpackedSoul, path: String) throws(UnreadableParent) -> SoulManifest {
    do { return try soul.manifest() } catch { throw UnreadableParent(path: path, file: SoulFile.manifestPath, reason: error.message) }
  }

  private func model(of manifest: SoulManifest, path: String) throws(ParentIsNoModel) -> SoulManifest.Component {
    guard manifest.components.count == 1, let component = manifest.components.first, component.kind == .model else { throw ParentIsNoModel(path: path) }
    return component
  }

  /// What the child's archive says of it. Throws where the child does not keep to its terms. `contents` gives what lies beside its model.
  private func origin(_ manifest: SoulManifest, path: String, contents: (String) throws -> Data?) throws -> [String: JSONValue] {
    let parentage = try Parentage(manifest, path: path, contents: contents)
    try requireConsent(parentage.contributors, path: path)
    if let child {
      guard !manifest.isSmoke || SmokeVersion.isOne(child.version) else { throw UnusableParent(path: path, problem: .smoke) }
      try ParentTerms(path: path, manifest.permissions, parentage.terms).require(of: child)
    }
    return parentage.document(manifest)
  }

  /// Of a folder that a Soul and its base were written to as one model.
  private func origin(ofMerged soul: UnpackedSoul, path: String, _ snapshot: Snapshot) throws -> JSONValue? {
    guard let bytes = try soul.document(MergedOrigin.fileName) else { return nil }
    guard let merged = MergedOrigin(bytes) else { throw UnreadableParent(path: path, file: MergedOrigin.fileName, reason: "it is none that this soulpack writes") }
    try requireFiles(merged.files, in: snapshot, path: path, by: MergedOrigin.fileName)
    try requireConsent(merged.contributors, path: path)
    if let child { try merged.require(of: child, path: path) }
    return merged.parent
  }
}

extension String {
  /// Whether the engine reads a file of this path where it reads a model (docs/models.md, "Files").
  fileprivate var isOfModel: Bool {
    ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "model.safetensors.index.json"].contains(self)
      || hasSuffix(".safetensors") && !contains("/")
  }
}

extension Recipe {
  /// Where its own archive is placed.
  fileprivate var archivePath: String { "out/\(soul)-\(version).soul" }
}

struct ParentIsNoModel: ExplainedError {
  let path: String

  var message: String { "base \"\(path)\": a Soul as base is one whole model, and this one is an adapter" }
  var hint: String? { "name a Soul that was made with \"method: full\"" }
}

extension ExplainedError {
  /// Says that the archive or folder of a base is not right, which `Exit` has as 6.
  var isOfParent: Bool {
    if let refused = self as? RefusedSoul { return !refused.cause.isRefusedByPolicy }
    return self is ParentIsChanged || self is UnreadableParent
  }
}

/// What lies there as soul.json or merged.json is none of this soulpack's.
struct UnreadableParent: ExplainedError {
  let path: String
  let file: String
  let reason: String

  var message: String { "base \"\(path)\": its \(file) cannot be read: \(reason)" }
  var hint: String? { "unpack the Soul anew; where the file is none of soulpack's, rename it" }
}

/// The folder was changed after a Soul was unpacked to it, or something else was put there.
struct ParentIsChanged: ExplainedError {
  let path: String
  let file: String
  /// Which says what lies there.
  let document: String

  var message: String { "base \"\(path)\": its \(document) is of other files than lie there: \(file)" }
  var hint: String? { "unpack the Soul anew; a model that was made from it is a Soul of its own" }
}

struct ParentIsItself: ExplainedError {
  let path: String

  var message: String { "base \"\(path)\": that is where this recipe's own Soul is placed, which would take the base's place" }
  var hint: String? { "raise \"version\", or lay the base elsewhere" }
}
