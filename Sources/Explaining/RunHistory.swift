package import Artifacts
internal import Foundation
package import Store

/// The builds of a store, the newest first, each with what it trained, what that measured, and the Soul that came of it.
package struct RunHistory: Sendable {
  package struct Run: Sendable {
    package let build: BuildEntry
    /// What the sealed Soul is called; nil where the run did not come to a seal.
    package let name: String?
    package let version: String?
    package let soul: Digest?
    /// The sealed archive, as an object of the store.
    package let archive: Digest?
    package let ranCount: Int
    package let reusedCount: Int
    package let seconds: Double
    /// What the candidates had to beat; nil where nothing was measured.
    package let incumbent: Loss?
    package let candidates: [Candidate]
  }

  package struct Candidate: Sendable {
    package let target: String
    package let number: String
    /// Every parameter that it was trained with, by place.
    package let parameters: [String: JSONValue]
    package let loss: Loss?
    package let isWinner: Bool
  }

  /// As it was measured on the run's holdout: Σ round(nats × 2²⁰), and over how many tokens.
  package struct Loss: Hashable, Sendable {
    package let total: Int64
    package let tokens: Int64

    package var natsPerToken: Double { Double(total) / 1_048_576 / Double(tokens) }
  }

  package let runs: [Run]

  /// The last `limit` runs; of one recipe, where it is named by its path from the root.
  package init(_ store: ReadableStore, recipe: String? = nil, limit: Int) throws {
    let reader = RunReader(store: store)
    let builds = try store.builds.last(Int.max).filter { recipe == nil || $0.recipe == recipe }
    runs = try builds.prefix(limit).map(reader.run)
    differing = Self.differingPlaces(in: runs)
  }

  /// The places in which the candidates of one target differ, over all of these runs of one recipe: what a person tried.
  package func differingPlaces(ofTarget target: String, recipe: String?) -> [String] { differing[Target(recipe: recipe, name: target)] ?? [] }

  private struct Target: Hashable {
    let recipe: String?
    let name: String
  }

  private let differing: [Target: [String]]

  private static func differingPlaces(in runs: [Run]) -> [Target: [String]] {
    var first: [Target: [String: JSONValue]] = [:]
    var places: [Target: Set<String>] = [:]
    for run in runs {
      for candidate in run.candidates {
        let target = Target(recipe: run.build.recipe, name: candidate.target)
        let reference = first[target, default: candidate.parameters]
        first[target] = reference
        let keys = Set(reference.keys).union(candidate.parameters.keys)
        places[target, default: []].formUnion(keys.filter { reference[$0] != candidate.parameters[$0] })
      }
    }
    return places.mapValues { $0.sorted() }
  }
}

/// Reads one run from what its actions left.
private struct RunReader {
  let store: ReadableStore

  /// An action of the run's own recipe: the ones with a prefix belong to the recipe that makes its base.
  private struct Done {
    let action: BuildAction
    let kind: String
    let parameters: JSONValue
    let outputs: [String: Digest]
  }

  func run(_ build: BuildEntry) throws -> RunHistory.Run {
    let actions = try store.builds.actions(in: build.id)
    let own = try actions.filter { Self.isTold($0.action) }.compactMap(done)
    let seal = own.first { $0.kind == "seal" }
    let selection = own.first { $0.kind == "select" }
    let decision = try document(selection?.outputs["decision"])
    let losses = try decision.map(Self.losses) ?? measured(own)
    let recipe = seal?.parameters["recipe"]
    return RunHistory.Run(
      build: build, name: recipe?["soul"]?.string, version: recipe?["version"]?.string,
      soul: try document(seal?.outputs["summary"])?["digest"]?.digest, archive: seal?.outputs["archive"],
      ranCount: actions.count { $0.outcome == .ran },
      reusedCount: actions.count { $0.outcome == .reused }, seconds: actions.reduce(0) { $0 + $1.seconds }, incumbent: losses.incumbent,
      candidates: own.filter { $0.kind == "train" }.map { candidate($0, losses.candidates, winner: selection?.outputs["winner"]) })
  }

  private static func isTold(_ action: String) -> Bool {
    !action.contains("/") && ["train.", "score.", "select", "seal"].contains { action.hasPrefix($0) }
  }

  private func done(_ action: BuildAction) throws -> Done? {
    guard let preimage = try document(action.preimage), let kind = preimage["kind"]?.string else { return nil }
    let outputs = try store.actions.lookup(action.key)?.outputs ?? [:]
    return Done(action: action, kind: kind, parameters: preimage["parameters"] ?? [:], outputs: outputs)
  }

  /// Nil for what the store no longer has: a run whose objects are gone is told by what is left.
  private func document(_ digest: Digest?) throws -> JSONValue? {
    guard let digest, try store.objects.contains(digest) else { return nil }
    return try JSONValue(parsing: try store.objects.get(digest))
  }

  // MARK: - Losses

  private typealias Losses = (incumbent: RunHistory.Loss?, candidates: [Digest: RunHistory.Loss])

  private static func losses(of decision: JSONValue) -> Losses {
    let scores = (decision["scores"]?.array ?? []).compactMap { score in
      score["candidate"]?.digest.flatMap { candidate in loss(score).map { (candidate, $0) } }
    }
    return (decision["incumbent"].flatMap(loss), Dictionary(scores, uniquingKeysWith: { first, _ in first }))
  }

  /// Where nobody won there is no decision, but what was measured is there.
  private func measured(_ own: [Done]) throws -> Losses {
    var losses: Losses = (nil, [:])
    for score in own where score.kind == "score" {
      guard let document = try document(score.outputs["score"]), let loss = Self.loss(document) else { continue }
      if score.parameters["subject"]?.string == "base" {
        losses.incumbent = loss
      } else if let candidate = document["candidate"]?.digest {
        losses.candidates[candidate] = loss
      }
    }
    return losses
  }

  private static func loss(_ score: JSONValue) -> RunHistory.Loss? {
    guard let total = score["total"]?.integer, let tokens = score["tokens"]?.integer, tokens > 0 else { return nil }
    return RunHistory.Loss(total: total, tokens: tokens)
  }

  // MARK: - Candidates

  /// Known by its files: the name of the action only says what people call it. The winner is the one that the run went on with, which in a smoke
  /// build need not have won.
  private func candidate(_ train: Done, _ losses: [Digest: RunHistory.Loss], winner: Digest?) -> RunHistory.Candidate {
    let name = train.action.action.dropFirst("train.".count)
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    let files = train.outputs["files"]
    return RunHistory.Candidate(
      target: String(name[..<dot]), number: String(name[dot...].dropFirst()), parameters: Self.leaves(of: train.parameters),
      loss: files.flatMap { losses[$0] }, isWinner: files != nil && winner == files)
  }

  /// The members of nested objects, by their names joined with dots.
  private static func leaves(of value: JSONValue, at path: [String] = []) -> [String: JSONValue] {
    guard case .object(let members) = value else { return [path.joined(separator: "."): value] }
    return members.reduce(into: [:]) { leaves, member in
      leaves.merge(Self.leaves(of: member.value, at: path + [member.key])) { first, _ in first }
    }
  }
}
