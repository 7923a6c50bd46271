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

  func open(_ file: URL, path: String) throws -> OutsideModels.Soul {
    if let child, child.archivePath == path { throw ParentIsItself(path: path) }
    let archive = try SoulArchive.open(file)
    let report = try VerificationReport(of: archive, policyAt: UserFolders().trustPolicy)
    do throws(VerificationError) { try report.requireTrusted() } catch { throw RefusedSoul(cause: error) }
    let component = try model(of: archive.manifest, path: path)
    let origin = try origin(archive.manifest, path: path, contents: archive.contents).merging(["soul": .digest(archive.digest)]) { own, _ in own }
    return OutsideModels.Soul(files: try archive.files(of: component), origin: .object(origin))
  }

  /// Nil where the folder holds no Soul. Of the Soul's digest nothing is said: other files may lie beside those that it was unpacked with.
  func origin(ofFolder folder: URL, path: String, snapshot: Snapshot) throws -> JSONValue? {
    guard snapshot[SoulFile.manifestPath] != nil else { return nil }
    let soul = UnpackedSoul(folder)
    let manifest = try soul.manifest()
    for file in try model(of: manifest, path: path).files where snapshot[file.path]?.digest != file.digest {
      throw ParentIsChanged(path: path, file: file.path)
    }
    return .object(try origin(manifest, path: path, contents: soul.document))
  }

  private func model(of manifest: SoulManifest, path: String) throws(ParentIsNoModel) -> SoulManifest.Component {
    guard manifest.components.count == 1, let component = manifest.components.first, component.kind == .model else { throw ParentIsNoModel(path: path) }
    return component
  }

  /// What the child's archive says of it. Throws where the child does not keep to its terms. `contents` gives what lies beside its model.
  private func origin(_ manifest: SoulManifest, path: String, contents: (String) throws -> Data?) throws -> [String: JSONValue] {
    let parentage = try Parentage(manifest, path: path, contents: contents)
    if let child { try ParentTerms(path: path, manifest.permissions, parentage.terms).require(of: child) }
    return [
      "schema": .string(Parentage.schema), "name": .string(manifest.name), "version": .string(manifest.version), "license": .string(manifest.license),
      "terms": .array(parentage.terms.map(\.document)), "credits": .array(parentage.credits.map { .string($0) }),
    ]
  }
}

/// What a Soul passes on to all that descend from it: its own terms and credits, and those of all that it descends from. A child's archive has
/// them, so that nobody need have its grandparents' at hand.
private struct Parentage {
  let terms: [StatedTerms]
  /// Whom to credit, in the words that licences ask for.
  let credits: [String]

  static let schema = "soulpack.parent-soul/1"

  /// Throws where it does not tell what it was made from.
  init(_ manifest: SoulManifest, path: String, contents: (String) throws -> Data?) throws {
    let document = try contents(SoulFile.recipePath).flatMap { JSONValue(recordedRecipes: $0) }
    if let document, document["recipe"].map({ Digest(hashing: $0) }) != manifest.recipe { throw CannotReproduce(.otherRecipe) }
    let record = document.flatMap { try? RecordedRecipe($0) }  // By another version, perhaps: then what it declares is not known, and terms that need it say so.
    // The recipes of its base are told in the archive alone.
    guard record != nil || document?["bases"]?.array?.isEmpty == true else { throw UnusableParent(path: path, problem: .untoldTerms) }
    let before = try Parentage.before(try contents(SoulFile.lineagePath), path: path)
    let ofBases = record?.bases.flatMap(\.statedTerms) ?? []
    let own = [StatedTerms(manifest.license, of: .weights, by: record?.recipe)]
      + Set(manifest.datasets.flatMap(\.terms.keys)).sorted().map { StatedTerms($0, of: .texts, by: record?.recipe) }
    terms = (own + ofBases + before.terms).once
    credits = (manifest.datasets.compactMap(\.attribution) + (record?.bases.flatMap { $0.datasets.compactMap(\.attribution) } ?? []) + before.credits).once
  }

  private init(terms: [StatedTerms], credits: [String]) { (self.terms, self.credits) = (terms, credits) }

  /// Of a Soul that it stands on itself.
  private static func before(_ lineage: Data?, path: String) throws -> Parentage {
    let untold = UnusableParent(path: path, problem: .untoldTerms)
    guard let lineage, let lineage = try? JSONValue(parsing: lineage) else { throw untold }  // A stranger's file.
    guard let origin = lineage["origins"]?["base-origin"], HubOrigin(canonical: origin) == nil else { return Parentage(terms: [], credits: []) }
    guard origin["schema"]?.string == schema, let documents = origin["terms"]?.array, let credits = origin["credits"]?.array else { throw untold }
    let terms = documents.compactMap { StatedTerms(document: $0) }
    guard terms.count == documents.count, !terms.isEmpty else { throw untold }
    return Parentage(terms: terms, credits: credits.compactMap(\.string))
  }
}

extension Recipe {
  /// Where its own archive is placed.
  fileprivate var archivePath: String { "out/\(soul)-\(version).soul" }
}

extension Array where Element: Hashable {
  /// Each element where it stands first.
  fileprivate var once: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension ParentTerms {
  fileprivate init(path: String, _ permissions: SoulManifest.Permissions, _ stated: [StatedTerms]) {
    self.init(path: path, stated: stated, derive: permissions.derive, runAllow: permissions.runAllow, leaseSeconds: permissions.leaseSeconds)
  }
}

struct ParentIsNoModel: ExplainedError {
  let path: String

  var message: String { "base \"\(path)\": a Soul as base is one whole model, and this one is an adapter" }
  var hint: String? { "name a Soul that was made with \"method: full\"" }
}

/// The folder was changed after a Soul was unpacked to it, or something else was put there.
struct ParentIsChanged: ExplainedError {
  let path: String
  let file: String

  var message: String { "base \"\(path)\": its soul.json is of other files than lie there: \(file)" }
  var hint: String? { "unpack the Soul anew; a model that was made from it is a Soul of its own" }
}

struct ParentIsItself: ExplainedError {
  let path: String

  var message: String { "base \"\(path)\": that is where this recipe's own Soul is placed, which would take the base's place" }
  var hint: String? { "raise \"version\", or lay the base elsewhere" }
}
