internal import Artifacts
internal import Engine
internal import Explaining
internal import Foundation
internal import Hashing
internal import Packaging
internal import Planning
internal import Running
internal import Store

/// A Soul's training, to be done again from its data.
struct Reproduction {
  /// One thing that is held against what the archive says of it.
  struct Part {
    let name: String
    let claimed: Digest
    let found: Digest

    var isSame: Bool { claimed == found }
  }

  struct Outcome {
    let name: String
    let version: String
    let soul: Digest
    /// In the order in which one follows from the other.
    let parts: [Part]
    /// Of the training that the archive tells of.
    let steps: Int
    /// The first. Nil where everything is the same.
    let difference: Difference?
  }

  let archive: SoulArchive
  private let rootFolder: URL
  let training: Action
  /// In an order in which they can run.
  private let actions: [Action]
  private let sources: [Source]
  let claimed: Claims
  /// As of when it began. What a contributor takes back meanwhile is not learned from to the end either.
  let consent: ProjectConsent

  /// What the archive says went in and came out.
  struct Claims {
    /// By the names of the training's inputs.
    let given: [String: Digest]
    let trace: TrainingTrace
    let files: Digest
  }

  init(of archive: SoulArchive, in rootFolder: URL) throws {
    let manifest = archive.manifest
    guard manifest.training.label == .reproducible else { throw CannotReproduce(.label(manifest.training.label)) }
    // What is compared must be what is used: one component, the recipe that the signatures speak of, the base that `run` would take.
    guard let document = try archive.recipe(), let recipe = document["recipe"] else { throw CannotReproduce(.unrecorded) }
    guard Digest(hashing: recipe) == manifest.recipe else { throw CannotReproduce(.otherRecipe) }
    guard manifest.components.count == 1, let candidate = manifest.chosenCandidate, let files = candidate.files, let trace = try archive.trainingTrace()
    else { throw CannotReproduce(.unrecorded) }
    guard trace.commitments.semantics == EngineSemantics.version else { throw CannotReproduce(.semantics(trace.commitments.semantics)) }
    consent = try ProjectConsent(in: rootFolder)
    let meant = try RecordedRecipe(document).plan(consent: consent.consent)
    let plan = SmokeVersion.isOne(manifest.version) ? meant.asSmoke : meant
    let id = ActionID("train.\(candidate.target).\(manifest.place(of: candidate))")
    guard let training = plan[id] else { throw CannotReproduce(.unrecorded) }
    actions = Plan(actions: plan.actions, goals: [.train: [id]]).actions(for: .train)
    guard actions.allSatisfy({ $0.kind != .train || $0.parameters["substrate"] == "embedded" }) else { throw CannotReproduce(.label(.opaque)) }
    sources = plan.sources(for: actions)
    claimed = Claims(given: try manifest.given(to: training), trace: trace, files: files)
    (self.archive, self.rootFolder, self.training) = (archive, rootFolder, training)
    try requireSources()
  }

  /// Before anything is read: who has the archive alone is told what else it takes.
  private func requireSources() throws {
    let missing = sources.filter { !$0.isRemote }.map(\.path).filter { !FileManager.default.fileExists(atPath: URL(filePath: $0, relativeTo: rootFolder).path) }
    guard missing.isEmpty else { throw CannotReproduce(.missing(missing.sorted(), root: rootFolder.path, contact: archive.manifest.contact)) }
  }

  /// What the recipe would do outside of the project's folder: the archive is perhaps a stranger's.
  var reach: [String] {
    sources.map(\.path).filter { $0.hasPrefix("/") }.sorted().map { "reads \($0)" }
      + sources.filter { $0.kind == .hubModel }.map { "fetches \($0.path)" }
      + actions.filter { $0.kind == .run }.map { "runs \(($0.parameters["command"]?.array ?? []).compactMap(\.string).map(\.asShellWord).joined(separator: " "))" }
  }

  /// The commit that the archive says its base was, whatever the branch is by now. Throws where it names none: what a branch is today proves nothing.
  private func pins() throws -> [String: OutsideModels.Pin] {
    let bytes = try archive.contents(of: SoulFile.lineagePath)
    let lineage = bytes.flatMap { try? JSONValue(parsing: $0) }  // A stranger's file.
    let origin = lineage?["origins"]?["base-origin"].flatMap(HubOrigin.init(canonical:))
    let needed = Set(sources.filter { $0.kind == .hubModel }.map(\.path))
    return try Dictionary(
      uniqueKeysWithValues: needed.map { path -> (String, OutsideModels.Pin) in
        guard let reference = HubReference(path) else { preconditionFailure("a source of a hub is named by a reference") }
        let commit = origin.flatMap { $0.model == reference.model ? $0.commit : nil } ?? (reference.namesCommit ? reference.revision : nil)
        guard let commit else { throw CannotReproduce(.noCommit(path)) }
        return (path, OutsideModels.Pin(commit: commit, digest: nil))
      })
  }

  /// Whether the training begins with a model of a hub.
  private var isOnHub: Bool {
    if case .source(let source)? = training.inputs["base"] { source.kind == .hubModel } else { false }
  }

  /// Data and base first: where they are others, nothing is trained.
  func run(storeFolder: URL, _ arguments: BuildArguments) async throws -> Outcome {
    let run = actionRun(storeFolder, arguments)
    let before = given(try await prepare(run))
    if let other = before.first(where: { !$0.isSame }) { return outcome(before, try self.difference(other.name, nil)) }
    let result = try await run.perform(actions, sources: sources, pins: pins, permit: { _ in })
    guard let account = result.report.output("trace", of: training.id), let files = result.report.output("files", of: training.id) else {
      throw MissingInput(action: training.id, input: "trace")
    }
    // A training whose numbers ran away leaves none.
    let trace = TrainingTrace(ofRun: try JSONValue(parsing: try result.store.objects.get(account)))
    // The sources were read again.
    let parts = given(result) + [
      Part(name: "training", claimed: claimed.trace.root, found: trace?.root ?? account), Part(name: "files", claimed: claimed.files, found: files),
    ]
    let difference = try parts.first { !$0.isSame }.map { part in
      try self.difference(part.name, trace.map { $0.difference(from: claimed.trace) } ?? .diverged)
    }
    return outcome(parts, difference)
  }

  func difference(_ part: String, _ trace: TraceDifference?) throws -> Difference {
    try Difference(part: part, trace: trace, of: claimed.trace, isOnHub: isOnHub)
  }

  func actionRun(_ storeFolder: URL, _ arguments: BuildArguments) -> ActionRun {
    ActionRun(
      ActionRun.Subject(
        rootFolder: rootFolder, storeFolder: storeFolder, path: archive.url.lastPathComponent, goal: "reproduce", isTrial: true, isPassing: true,
        consent: consent),
      arguments)
  }

  /// Everything that the training begins with.
  func prepare(_ run: ActionRun) async throws -> ActionRun.Result {
    try await run.perform(actions.filter { $0.id != training.id }, sources: sources, pins: pins, permit: { _ in })
  }

  func outcome(_ parts: [Part], _ difference: Difference?) -> Outcome {
    let manifest = archive.manifest
    return Outcome(
      name: manifest.name, version: manifest.version, soul: archive.digest, parts: parts, steps: claimed.trace.steps.count, difference: difference)
  }

  /// What the training began with.
  func given(_ result: ActionRun.Result) -> [Part] {
    claimed.given.sorted { $0.key < $1.key }.compactMap { name, claimed in
      input(name, result).map { Part(name: name == "train" ? "data" : name, claimed: claimed, found: $0) }
    }
  }

  /// What an input of the training came out as.
  func input(_ name: String, _ result: ActionRun.Result) -> Digest? {
    switch training.inputs[name] {
    case .source(let source)?: result.sources[source]
    case .output(let id, let output)?: result.report.output(output, of: id)
    case nil: nil
    }
  }
}

extension SoulManifest {
  /// The candidate whose files the Soul is made of.
  fileprivate var chosenCandidate: Candidate? {
    let winner = selection?.winner
    return candidates.first { $0.files != nil && $0.files == components.first?.listingDigest && (winner == nil || $0.files == winner) }
  }

  /// Which of its target's candidates it is, from 1: a manifest numbers those of all targets through.
  fileprivate func place(of candidate: Candidate) -> Int { candidates.count { $0.target == candidate.target && $0.number <= candidate.number } }

  /// What the archive says that a training began with. The base is the one that its users take.
  fileprivate func given(to training: Action) throws -> [String: Digest] {
    var given: [String: Digest] = [:]
    for name in ["base", "train", "validation"] where training.inputs[name] != nil {
      guard let digest = pins.first(where: { $0.name == name })?.digest, name != "base" || components.first?.base.map({ $0.digest == digest }) ?? true else {
        throw CannotReproduce(.unrecorded)
      }
      given[name] = digest
    }
    return given
  }
}

extension SoulArchive {
  /// `training.json`; nil where it is not there or is no run of the engine.
  fileprivate func trainingTrace() throws -> TrainingTrace? {
    guard let bytes = try contents(of: SoulFile.trainingPath), let document = try? JSONValue(parsing: bytes) else { return nil }  // A stranger's file.
    return TrainingTrace(ofRun: document)
  }
}

extension TrainingTrace {
  /// Of a document `soulpack.training-run/1`.
  fileprivate init?(ofRun document: JSONValue) {
    guard let trace = document["trace"].flatMap(TrainingTrace.init(canonical:)) else { return nil }
    self = trace
  }
}
