internal import Artifacts
internal import Explaining
internal import Foundation
internal import Hashing
internal import Packaging
internal import Planning
internal import Recipes

/// What a Soul passes on to all that descend from it: its own terms and credits, and those of all that it descends from. A child's archive has
/// them, so that nobody need have its grandparents' at hand.
struct Parentage {
  let terms: [StatedTerms]
  /// Whom to credit, in the words that licences ask for.
  let credits: [String]
  /// Who gave what it, the recipes of its base and all that it descends from learned from, where they say so.
  let contributors: [Contribution]

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
      // Where no record's terms are told, those of the whole dataset are.
      + Set(manifest.datasets.flatMap { $0.terms.isEmpty ? [$0.license] : Array($0.terms.keys) }).sorted().map { StatedTerms($0, of: .texts, by: record?.recipe) }
    terms = (own + ofBases + before.terms).once
    credits = (manifest.datasets.compactMap(\.attribution) + (record?.bases.flatMap { $0.datasets.compactMap(\.attribution) } ?? []) + before.credits).once
    let ofRecipes = record?.bases.flatMap(\.datasets).compactMap { dataset in dataset.contributor.map { Contribution(dataset: dataset.name, contributor: $0) } }
    contributors = (manifest.contributors + (ofRecipes ?? []) + before.contributors).once
  }

  private init(terms: [StatedTerms] = [], credits: [String] = [], contributors: [Contribution] = []) {
    (self.terms, self.credits, self.contributors) = (terms, credits, contributors)
  }

  /// What the archive of a child says of it.
  func document(_ manifest: SoulManifest) -> [String: JSONValue] {
    var document: [String: JSONValue] = [
      "schema": .string(Parentage.schema), "name": .string(manifest.name), "version": .string(manifest.version), "license": .string(manifest.license),
      "terms": .array(terms.map(\.document)), "credits": .array(credits.map { .string($0) }),
    ]
    if !contributors.isEmpty { document["contributors"] = .array(contributors.map(\.document)) }
    return document
  }

  /// Of a Soul that it stands on itself.
  private static func before(_ lineage: Data?, path: String) throws -> Parentage {
    let untold = UnusableParent(path: path, problem: .untoldTerms)
    guard let lineage, let lineage = try? JSONValue(parsing: lineage) else { throw untold }  // A stranger's file.
    guard let origin = lineage["origins"]?["base-origin"], HubOrigin(canonical: origin) == nil else { return Parentage() }
    guard origin["schema"]?.string == schema, let documents = origin["terms"]?.array, let credits = origin["credits"]?.array else { throw untold }
    let terms = documents.compactMap { StatedTerms(document: $0) }
    let givers = origin["contributors"]?.array ?? []  // A Soul of an earlier soulpack has none.
    let contributors = givers.compactMap { Contribution(document: $0) }
    guard terms.count == documents.count, !terms.isEmpty, contributors.count == givers.count else { throw untold }
    return Parentage(terms: terms, credits: credits.compactMap(\.string), contributors: contributors)
  }
}

extension Array where Element: Hashable {
  /// Each element where it stands first.
  fileprivate var once: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension ParentTerms {
  init(path: String, _ permissions: SoulManifest.Permissions, _ stated: [StatedTerms]) {
    self.init(path: path, stated: stated, derive: permissions.derive, runAllow: permissions.runAllow, leaseSeconds: permissions.leaseSeconds)
  }
}
