internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
internal import Hashing
internal import Packaging
internal import Planning
internal import Running
internal import Store

/// What goes into an archive, gathered from the inputs of a seal.
struct SoulContents {
  private let context: StepContext
  private let parameters: ParameterReader
  private let recipe: JSONValue
  private let selection: SoulManifest.Selection
  private let contenders: Contenders
  /// The winner's number among the candidates.
  private let number: Int
  private let winner: Digest

  init(_ context: StepContext) throws {
    self.context = context
    parameters = ParameterReader(context.action)
    recipe = try parameters.document("recipe")
    winner = try context.digest(of: "winner")
    selection = try SoulManifest.Selection(document: try JSONValue(parsingCanonical: try context.input("decision")))
    contenders = try Contenders(context)
    guard let number = contenders.contender(winner)?.number else { throw MissingInput(action: context.action.id, input: "score of the winner") }
    self.number = number
  }

  // MARK: The manifest

  func manifest() throws -> SoulManifest {
    guard let recipe = parameters.member("recipe") else { throw UnreadableParameter(action: context.action.id, place: "recipe") }
    return SoulManifest(
      name: try recipe.string("soul"), version: try recipe.string("version"), intent: try recipe.string("intent"),
      description: try recipe.string("description"), license: try recipe.string("license"), contact: self.recipe["contact"]?.string,
      limits: try limits(recipe), permissions: try permissions(recipe), components: [try component()],
      datasets: [try dataset(recipe)], credits: try Lineage.credits(context), training: try training(), selection: selection,
      candidates: try contenders.all.map(candidate), gates: try gates(), contributions: try contributions(), recipe: Digest(hashing: self.recipe), pins: try pins())
  }

  private func limits(_ recipe: ParameterReader) throws -> [String] {
    let own = try recipe.array("limits").compactMap(\.string)
    guard context.action.isSmoke else { return own }
    return ["A smoke build: at most \(Plan.smokeStepLimit) steps a training and \(Plan.smokeRecordLimit) records a score. Not for use."] + own
  }

  private func permissions(_ recipe: ParameterReader) throws -> SoulManifest.Permissions {
    guard let permissions = recipe.member("permissions"), let run = permissions.member("run") else {
      throw UnreadableParameter(action: context.action.id, place: "recipe.permissions")
    }
    return SoulManifest.Permissions(
      runAllow: try run.array("allow").compactMap(\.string), derive: try permissions.flag("derive"),
      promptLogging: try permissions.string("prompt-logging"), leaseSeconds: try parameters.integer("lease-seconds"))
  }

  private func component() throws -> SoulManifest.Component {
    let kind: SoulManifest.Component.Kind = try parameters.string("component") == "adapter" ? .adapter : .model
    return SoulManifest.Component(kind: kind, files: try context.snapshot("winner").entries, base: kind == .adapter ? try base() : nil)
  }

  /// The base by the name that people know it under, and by the digest of its files.
  private func base() throws -> SoulManifest.NamedDigest {
    // A model of a hub is named with its commit, and a Soul with its version: a branch, or an archive's path, would be another model tomorrow. A folder is
    // found by its path.
    let name = try parameters.array("bases").first?["soul"]?.string ?? recipe["base"]?["path"]?.string ?? Lineage.originName(context) ?? "base"
    return SoulManifest.NamedDigest(name: name, digest: try context.digest(of: "base"))
  }

  private func dataset(_ recipe: ParameterReader) throws -> SoulManifest.Dataset {
    let name = try parameters.string("dataset")
    guard let dataset = recipe.member("datasets")?.member(name) else {
      throw UnreadableParameter(action: context.action.id, place: "recipe.datasets.\(name)")
    }
    let roots = try Dictionary(uniqueKeysWithValues: (["dataset"] + Partition.allCases.map(\.rawValue)).map { ($0, try root(of: $0)) })
    let own = self.recipe["datasets"]?[name]
    return SoulManifest.Dataset(
      name: name, license: try dataset.string("license"), terms: try terms(), attribution: own?["attribution"]?.string,
      contributor: own?["contributor"]?.string,
      roots: .init(
        all: try found(roots, "dataset"), train: try found(roots, "train"), validation: try found(roots, "validation"),
        holdout: try found(roots, "holdout")),
      counts: try counts())
  }

  /// How many records that were kept are under which terms. Nothing where nobody has named a licence.
  private func terms() throws -> [String: Int64] {
    let standard = try parameters.document("terms").string
    var counts: [String: Int64] = [:]
    try context.dataset("dataset").forEachRecord { _, record in
      if let terms = record.license ?? standard { counts[terms, default: 0] += 1 }
    }
    return counts
  }

  private func root(of input: String) throws -> Digest { try context.dataset(input).root() }

  private func found(_ roots: [String: Digest], _ name: String) throws -> Digest {
    guard let root = roots[name] else { throw MissingInput(action: context.action.id, input: name) }
    return root
  }

  /// How many records met which fate. Counts only: the ledger itself names files and lines, which are nobody else's business.
  private func counts() throws -> [String: Int64] {
    let summary = try context.ledger("ledger").summary
    var counts = ["read": Int64(summary.recordsRead), "kept": Int64(summary.kept), "merged": Int64(summary.merged)]
    for drop in summary.dropped { counts["dropped: \(drop.reason.rawValue)", default: 0] += Int64(drop.count) }
    return counts
  }

  private func training() throws -> SoulManifest.Training {
    let place = try place(of: number)
    guard case .object(var members)? = self.recipe["train"]?[place.target] else {
      throw UnreadableParameter(action: context.action.id, place: "recipe.train.\(place.target)")
    }
    members["target"] = .string(place.target)
    members["candidate"] = .integer(place.number)
    if context.action.isSmoke { members["smoke"] = true }
    // What a program of somebody else's did can be measured, and not promised to come out the same again.
    let isOurs = members["substrate"]?.string == "embedded"
    return SoulManifest.Training(
      method: members["method"]?.string ?? "", parameters: .object(members), trace: try context.digest(of: "trace.\(number)"),
      label: isOurs ? .reproducible : .opaque, data: .onRequest, numericsVersion: Int64(EngineSemantics.kernelsVersion))
  }

  // MARK: The choice

  /// Which target a candidate is of, and its number there, from 1.
  private func place(of number: Int) throws -> (target: String, number: Int64) {
    let candidates = try parameters.array("candidates")
    guard candidates.indices.contains(number - 1), let target = candidates[number - 1]["target"]?.string,
      let numberInTarget = candidates[number - 1]["number"]?.integer
    else { throw UnreadableParameter(action: context.action.id, place: "candidates") }
    return (target, numberInTarget)
  }

  private func candidate(_ contender: Contenders.Contender) throws -> SoulManifest.Candidate {
    let place = try place(of: contender.number)
    guard let settings = self.recipe["train"]?[place.target]?["candidates"]?.array, settings.indices.contains(Int(place.number) - 1) else {
      throw UnreadableParameter(action: context.action.id, place: "recipe.train.\(place.target).candidates")
    }
    return try contenders.record(
      contender, target: place.target, parameters: settings[Int(place.number) - 1], trace: try context.digest(of: "trace.\(contender.number)"))
  }

  private func gates() throws -> [SoulManifest.Gate] {
    // A smoke build went past them, so its manifest claims none.
    guard context.inputs["gates"] != nil, !context.action.isSmoke else { return [] }
    return try SoulManifest.gates(document: try JSONValue(parsingCanonical: try context.input("gates")))
  }

  private func contributions() throws -> SoulManifest.Contributions? {
    // As with gates: a smoke build's winner is not the one that they are of.
    guard context.inputs["contributions"] != nil, !context.action.isSmoke else { return nil }
    let bytes = try context.input("contributions")
    let contributions: SoulManifest.Contributions
    do {
      contributions = try SoulManifest.Contributions(document: try JSONValue(parsing: bytes))
    } catch {
      throw UnusableContributions(problem: "cannot be read: \((error as? any ExplainedError)?.message ?? "no JSON")", command: nil)
    }
    let score = selection.scores.first { $0.candidate == winner }
    if let objection = SoulManifest.objection(to: contributions, winner: score, pins: try pins(), kept: try counts()["kept"] ?? 0) {
      let place = try place(of: number)
      throw UnusableContributions(problem: objection, command: "--target \(place.target) --candidate \(place.number)")
    }
    try require(contributions)
    return contributions
  }

  /// Their records are counted again; what a training without them lost is their maker's word.
  private func require(_ contributions: SoulManifest.Contributions) throws {
    let train = try context.dataset("train").whole()
    guard contributions.records == train.count else {
      throw UnusableContributions(problem: "speak of \(contributions.records) training records, and there are \(train.count)", command: nil)
    }
    let ledger = try context.ledger("ledger").whole()
    for group in contributions.groups {
      let found = try RecordsElsewhere(of: train, ledger: ledger, notIn: group.files).leftOut
      guard found == group.records else {
        throw UnusableContributions(problem: "give \(group.files) \(group.records) records, and it has \(found)", command: nil)
      }
    }
  }

  private func pins() throws -> [SoulManifest.NamedDigest] {
    try ["base", "tokenizer", "train", "validation", "holdout"].filter { context.inputs[$0] != nil }.map {
      SoulManifest.NamedDigest(name: $0, digest: try context.digest(of: $0))
    }
  }

  // MARK: The files

  func files() throws -> [SoulFile] {
    let winning = try context.files("winner").sorted { $0.key < $1.key }.map { path, bytes in
      SoulFile(path: path, role: SoulFile.role(inComponent: path), content: .data(bytes))
    }
    return winning + [
      SoulFile(path: SoulFile.recipePath, role: .code, content: .data(try normalisedRecipes().canonical)),
      SoulFile(path: SoulFile.lineagePath, role: .document, content: .data(try Lineage(context).document.canonical)),
      SoulFile(path: SoulFile.trainingPath, role: .document, content: .data(try context.input("trace.\(number)"))),
    ]
  }

  /// The recipe, those that its base was made by, and what was set from the command line.
  private func normalisedRecipes() throws -> JSONValue {
    [
      "schema": "soulpack.recipes/1", "recipe": recipe, "bases": try parameters.document("bases"),
      "overrides": try parameters.document("overrides"),
    ]
  }

  /// What the face tells of a build, so that it need not open the archive again.
  func summary(soul: Digest) -> JSONValue {
    ["schema": "soulpack.sealed/1", "digest": .digest(soul), "selection": selection.document]
  }
}
