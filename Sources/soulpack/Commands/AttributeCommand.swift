internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// `soulpack attribute`: what would the model have lost without a group of its training records?
struct AttributeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attribute", abstract: "Train again without a group of records, and say what that changes.",
    discussion: """
      A group is the records that come from certain files, and from no other. Each group is one training more, with the same seed, in which \
      every other record stays in its step, measured on the recipe's own holdout. It gives the same numbers on every machine; another order could \
      give others, so try several seeds before you believe a small change. What a build has trained is not trained again; the lock and what the recipe builds stay as they are. docs/curation.md, "Who contributed what", is the contract.
      """)

  @OptionGroup var arguments: BuildArguments

  @Option(
    help: ArgumentHelp("Files of the dataset to leave out, as in files: of a recipe. Several: each by itself.", valueName: "pattern")) var leaveOut: [String] = []
  @Option(help: ArgumentHelp("Which train target. Without it: the first by name.", valueName: "name")) var target: String?
  @Option(help: ArgumentHelp("Which of its candidates, counted from 1.", valueName: "n")) var candidate: Int = 1

  @Option(help: ArgumentHelp("Also write the shares to this file, for the recipe's contributions: and so for the manifest.", valueName: "file")) var to: String?

  func validate() throws {
    guard to == nil || leaveOut.count > 1 else { throw ValidationError("--to writes shares, which are parts of what several groups did: name two at least") }
    guard to.map({ !$0.isEmpty }) ?? true else { throw ValidationError("--to names no file") }
    guard to == nil || !arguments.smoke, to == nil || !arguments.dryRun else { throw ValidationError("--to writes what was measured: leave out --smoke and --dry-run") }
    guard !arguments.locked else { throw ValidationError("--locked is for builds: attribution locks nothing") }
    guard !leaveOut.isEmpty else { throw ValidationError("name at least one group: --leave-out 'letters/*.jsonl'") }
    guard Set(leaveOut).count == leaveOut.count else { throw ValidationError("--leave-out names a group twice") }
  }

  func run() async throws {
    let project = try Project(arguments.recipe, arguments.common, isSmoke: arguments.smoke)
    if !arguments.smoke { try project.recipe.requireKnownTerms() }
    let target = try project.recipe.target(named: self.target)
    if let key = leaveOut.first(where: { $0.hasPrefix("did:") }) { throw WholeContributor(key: key, dataset: target.dataset) }
    guard let leaving = LeaveOneOut(of: project.plan, target: target.name, dataset: target.dataset, candidate: candidate, files: leaveOut) else {
      throw NoSuchCandidate(target: target.name, candidate: candidate, count: target.candidates.count)
    }
    guard leaving.actions.allSatisfy({ $0.kind != .train || $0.parameters["substrate"] == "embedded" }) else { throw NoisySubstrate(target: target.name) }
    let file = try to.map { try ContributionsFile(arguments.common.place($0)) }
    // One after the other: a pattern that names no group ends it before a training has begun.
    var inTurn = arguments
    inTurn.jobs = 1
    let experiment = Experiment(project: project, arguments: inTurn, name: "attribute")
    if let file, let last = leaving.actions.lastIndex(where: { $0.kind == .leaveOut }) {
      // Groups come first among the actions: what is wrong with them is said before a training has begun.
      if let found = try await experiment.run(Array(leaving.actions[...last])) { try file.requireDistinct(leaving, found) }
    }
    guard let result = try await experiment.run(leaving.actions) else { return }
    let report = try AttributionReport(
      soul: project.recipe.soul, contender: "candidate \(candidate) of \(target.name)", isSmoke: arguments.smoke, leaving, result)
    try file?.write(report, leaving, result)
    arguments.common.terminal.show(report)
  }
}

/// Somebody asked to leave out a contributor by key.
struct WholeContributor: ExplainedError {
  let key: String
  let dataset: String

  var message: String { "\(key): a contributor's key stands for a whole dataset, and a target learns from one alone (\"\(dataset)\")" }
  var hint: String? { "name the contributor's files: --leave-out 'anna/**'" }
}

/// A program's training differs from run to run.
struct NoisySubstrate: ExplainedError {
  let target: String

  var message: String { "target \"\(target)\" is trained by a command, and what differs from run to run cannot be told from what a group did" }
  var hint: String? { "substrate: embedded gives the same bytes every time" }
}
