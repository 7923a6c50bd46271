internal import Artifacts
internal import Foundation
internal import Packaging
internal import Store

/// What one archive says, sorted by subject into documents that can be compared place by place.
struct SoulFacts {
  private let documents: [SoulComparison.Subject: JSONValue]
  /// Lists whose order says nothing: a line put in at the front changes one line, not all.
  private let sets: [SoulComparison.Subject: [String: [String]]]
  /// Of the recipe's train targets, the one that the winner is of.
  private let target: String?
  private let manifest: SoulManifest
  private let allFiles: JSONValue

  init(_ archive: SoulArchive, store: ReadableStore?) throws {
    let manifest = archive.manifest
    self.manifest = manifest
    allFiles = .object(Dictionary(uniqueKeysWithValues: archive.files.map { ($0.path, .digest($0.digest)) }))
    let recipe = try archive.recipe() ?? [:]
    target = manifest.training.parameters["target"]?.string
    documents = [
      .soul: Self.members([
        "name": .string(manifest.name), "version": .string(manifest.version), "intent": .string(manifest.intent),
        "description": .string(manifest.description), "contact": manifest.contact.map { .string($0) },
      ]),
      .terms: Self.members([
        "license": .string(manifest.license), "derive": .bool(manifest.permissions.derive),
        "prompt-logging": .string(manifest.permissions.promptLogging), "lease-seconds": manifest.permissions.leaseSeconds.map { .integer($0) },
      ]),
      .base: try Self.base(of: archive, store),
      .training: Self.training(manifest),
      .recipe: Self.rest(of: recipe),
      .gates: Self.members(["gates": recipe["recipe"]?["gates"], "met": manifest.document["gates"]]),
      .files: .object(try Self.strangeFiles(of: archive)),
      .other: .object((manifest.document.object ?? [:]).filter { !Self.knownMembers.contains($0.key) }),
    ]
    sets = [.soul: ["limits": manifest.limits], .terms: ["run.allow": manifest.permissions.runAllow]]
  }

  func differences(from new: SoulFacts, in subject: SoulComparison.Subject) -> [DocumentDifference] {
    let places = DocumentDifference.between(document(subject, besides: new), new.document(subject, besides: self))
    let lists = (sets[subject] ?? [:]).sorted { $0.key < $1.key }.flatMap { place, old in
      let new = new.sets[subject]?[place] ?? []
      return old.filter { !new.contains($0) }.map { DocumentDifference(place: place, earlier: .string($0), later: nil) }
        + new.filter { !old.contains($0) }.map { DocumentDifference(place: place, earlier: nil, later: .string($0)) }
    }
    return places + lists
  }

  /// Where both winners are of one target, its parameters are told as those of the training, and not a second time as the recipe's. Where the manifests
  /// are one, nothing else can differ but files, those that soulpack wrote among them.
  private func document(_ subject: SoulComparison.Subject, besides other: SoulFacts) -> JSONValue {
    if subject == .files, manifest == other.manifest { return allFiles }
    let document = documents[subject] ?? [:]
    guard subject == .recipe, let target, target == other.target, var targets = document["train"]?.object else { return document }
    targets[target] = nil
    return .object((document.object ?? [:]).merging(["train": .object(targets)]) { _, less in less })
  }

  // MARK: - The documents

  private static func members(_ members: [String: JSONValue?]) -> JSONValue { .object(members.compactMapValues { $0 }) }

  /// The manifest's members that have a subject of their own, or are told by the comparison of datasets and losses.
  private static let knownMembers: Set<String> = [
    "schema", "name", "version", "intent", "description", "license", "contact", "limits", "permissions", "components", "datasets", "training",
    "selection", "candidates", "recipe", "pins", "gates",
  ]

  /// What the winner was trained with; which candidate it was is part of it.
  private static func training(_ manifest: SoulManifest) -> JSONValue {
    var members = manifest.training.parameters.object ?? [:]
    members["winner"] = members.removeValue(forKey: "candidate")
    members["label"] = .string(manifest.training.label.rawValue)
    members["data"] = .string(manifest.training.data.rawValue)
    members["numerics"] = .integer(manifest.training.numericsVersion)
    return .object(members)
  }

  private static func base(of archive: SoulArchive, _ store: ReadableStore?) throws -> JSONValue {
    let manifest = archive.manifest
    let component = manifest.components.first
    return members([
      "component": component.map { .string($0.kind.rawValue) }, "name": component?.base.map { .string($0.name) },
      "files": component?.base.map { .digest($0.digest) }, "tokenizer": try tokenizer(of: manifest, store).map { .digest($0) },
    ])
  }

  /// A whole model carries its tokenizer; an adapter's is that of its base, which this store may know.
  private static func tokenizer(of manifest: SoulManifest, _ store: ReadableStore?) throws -> Digest? {
    let path = "tokenizer.json"
    if let own = manifest.components.flatMap(\.files).first(where: { $0.path == path }) { return own.digest }
    if let pin = manifest.pins.first(where: { $0.name == "tokenizer" }) { return pin.digest }
    guard let base = manifest.components.first?.base?.digest, let store, try store.objects.contains(base) else { return nil }
    return try store.objects.snapshot(base)[path]?.digest
  }

  /// Beside the model and what soulpack writes. A recipe that cannot be read is one, since nothing of it is compared.
  private static func strangeFiles(of archive: SoulArchive) throws -> [String: JSONValue] {
    let model = Set(archive.manifest.components.flatMap(\.files).map(\.path))
    var own: Set<String> = [SoulFile.manifestPath, SoulFile.cardPath, SoulFile.lineagePath, SoulFile.trainingPath]
    if try archive.recipe() != nil { own.insert(SoulFile.recipePath) }
    let strange = archive.files.filter { !model.contains($0.path) && !own.contains($0.path) }
    return Dictionary(uniqueKeysWithValues: strange.map { ($0.path, .digest($0.digest)) })
  }

  /// What the manifest does not say itself.
  private static func rest(of document: JSONValue) -> JSONValue {
    let told: Set<String> = ["soul", "version", "intent", "description", "license", "contact", "limits", "permissions", "gates", "base"]
    var members = (document["recipe"]?.object ?? [:]).filter { !told.contains($0.key) }
    if let overrides = document["overrides"]?.array, !overrides.isEmpty { members["overrides"] = .array(overrides) }
    return .object(members)
  }
}
