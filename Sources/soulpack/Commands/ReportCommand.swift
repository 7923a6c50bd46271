internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Steps
internal import Store

/// `soulpack report`: is the curated data better than as much of it uncurated?
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Train on the curated data and on as many tokens of it uncurated, and compare the losses.",
    discussion: """
      Both are trained with the same seed, rates and number of steps, and measured on the recipe's own holdout, which neither has seen. The \
      curated one is the recipe's candidate: what a build has trained is not trained again. The lock and what the recipe builds stay as they are.
      """)

  @OptionGroup var arguments: BuildArguments

  @Option(help: ArgumentHelp("Which train target. Without it: the first by name.", valueName: "name")) var target: String?
  @Option(help: ArgumentHelp("Which of its candidates, counted from 1.", valueName: "n")) var candidate: Int = 1

  func validate() throws {
    guard !arguments.locked else { throw ValidationError("--locked is for builds: a report locks nothing") }
  }

  func run() async throws {
    let project = try Project(arguments.recipe, arguments.common, isSmoke: arguments.smoke)
    if !arguments.smoke { try project.recipe.requireKnownTerms() }
    let target = try project.recipe.target(named: self.target)
    guard let comparison = CurationComparison(of: project.plan, target: target.name, dataset: target.dataset, candidate: candidate) else {
      throw NoSuchCandidate(target: target.name, candidate: candidate, count: target.candidates.count)
    }
    guard let result = try await Experiment(project: project, arguments: arguments, name: "report").run(comparison.actions) else { return }
    arguments.common.terminal.show(
      try CurationReport(
        soul: project.recipe.soul, contender: "candidate \(candidate) of \(target.name)", isSmoke: arguments.smoke, comparison, result))
  }
}
