internal import Artifacts
internal import Explaining
internal import Foundation
internal import Hashing
internal import Packaging
internal import Planning
internal import Recipes
internal import Running

/// Souls that a recipe builds on: verified under the user's own trust policy before a byte of them is used, and held to their terms.
struct ParentSouls: Sendable {
  /// The recipe whose Soul descends from them. Nil where nothing is made that anybody gets.
  let child: Recipe?

  func open(_ file: URL, path: String) throws -> OutsideModels.Soul {
    if let child, child.archivePath == path { throw ParentIsItself(path: path) }
    let archive = try SoulArchive.open(file)
    let report = try VerificationReport(of: archive, policyAt: UserFolders().trustPolicy)
    do throws(VerificationError) { try report.requireTrusted() } catch { throw RefusedSoul(cause: error) }
    let manifest = archive.manifest
    guard manifest.components.count == 1, let component = manifest.components.first, component.kind == .model else { throw ParentIsNoModel(path: path) }
    let parentage = try Parentage(archive, path: path)
    if let child { try ParentTerms(path: path, manifest.permissions, parentage.terms).require(of: child) }
    let origin: JSONValue = [
      "schema": .string(Parentage.schema), "name": .string(manifest.name), "version": .string(manifest.version), "soul": .digest(archive.digest),
      "license": .string(manifest.license), "terms": .array(parentage.terms.map(\.document)), "credits": .array(parentage.credits.map { .string($0) }),
    ]
    return OutsideModels.Soul(files: try archive.files(of: component), origin: origin)
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
  init(_ archive: SoulArchive, path: String) throws {
    let manifest = archive.manifest
    let document = try archive.recipe()
    if let document, document["recipe"].map({ Digest(hashing: $0) }) != manifest.recipe { throw CannotReproduce(.otherRecipe) }
    let record = document.flatMap { try? RecordedRecipe($0) }  // By another version, perhaps: then what it declares is not known, and terms that need it say so.
    // The recipes of its base are told in the archive alone.
    guard record != nil || document?["bases"]?.array?.isEmpty == true else { throw UnusableParent(path: path, problem: .untoldTerms) }
    let before = try Parentage.before(archive, path: path)
    let ofBases = record?.bases.flatMap(\.statedTerms) ?? []
    let own = [StatedTerms(manifest.license, of: .weights, by: record?.recipe)]
      + Set(manifest.datasets.flatMap(\.terms.keys)).sorted().map { StatedTerms($0, of: .texts, by: record?.recipe) }
    terms = (own + ofBases + before.terms).once
    credits = (manifest.datasets.compactMap(\.attribution) + (record?.bases.flatMap { $0.datasets.compactMap(\.attribution) } ?? []) + before.credits).once
  }

  private init(terms: [StatedTerms], credits: [String]) { (self.terms, self.credits) = (terms, credits) }

  /// Of a Soul that it stands on itself.
  private static func before(_ archive: SoulArchive, path: String) throws -> Parentage {
    let untold = UnusableParent(path: path, problem: .untoldTerms)
    guard let bytes = try archive.contents(of: "lineage.json"), let lineage = try? JSONValue(parsing: bytes) else { throw untold }  // A stranger's file.
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

struct ParentIsItself: ExplainedError {
  let path: String

  var message: String { "base \"\(path)\": that is where this recipe's own Soul is placed, which would take the base's place" }
  var hint: String? { "raise \"version\", or lay the base elsewhere" }
}
