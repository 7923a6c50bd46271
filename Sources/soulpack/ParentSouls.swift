internal import Artifacts
internal import Foundation
internal import Packaging
internal import Planning
internal import Recipes
internal import Running

/// Souls that a recipe builds on: verified under the user's own trust policy before a byte of them is used, and held to their terms.
struct ParentSouls: Sendable {
  /// The recipe whose Soul descends from them. Nil where nothing is made that anybody gets.
  let child: Recipe?

  func open(_ file: URL, path: String) throws -> OutsideModels.Soul {
    let archive = try SoulArchive.open(file)
    let report = try VerificationReport(of: archive, policyAt: UserFolders().trustPolicy)
    do throws(VerificationError) { try report.requireTrusted() } catch { throw RefusedSoul(cause: error) }
    let manifest = archive.manifest
    guard manifest.components.count == 1, let component = manifest.components.first, component.kind == .model else { throw ParentIsNoModel(path: path) }
    if let child { try ParentTerms(path: path, manifest).require(of: child) }
    let origin: JSONValue = [
      "schema": "soulpack.parent-soul/1", "name": .string(manifest.name), "version": .string(manifest.version), "soul": .digest(archive.digest),
      "license": .string(manifest.license),
    ]
    return OutsideModels.Soul(files: try archive.files(of: component), origin: origin)
  }
}

extension ParentTerms {
  fileprivate init(path: String, _ manifest: SoulManifest) {
    let permissions = manifest.permissions
    self.init(
      path: path, license: manifest.license, dataTerms: manifest.datasets.flatMap(\.terms.keys), derive: permissions.derive, runAllow: permissions.runAllow,
      leaseSeconds: permissions.leaseSeconds)
  }
}

struct ParentIsNoModel: ExplainedError {
  let path: String

  var message: String { "base \"\(path)\": a Soul as base is one whole model, and this one is an adapter" }
  var hint: String? { "name a Soul that was made with \"method: full\"" }
}
