internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// Trainings beside those of a recipe, to answer a question about it. They are kept in the store; neither the lock nor what the recipe builds is
/// touched.
struct Experiment {
  let project: Project
  let arguments: BuildArguments
  /// What the history calls it.
  let name: String

  /// With `-n` it says what would run and gives nil.
  func run(_ actions: [Action]) async throws -> ActionRun.Result? {
    let sources = project.plan.sources(for: actions)
    // The lock says which commit of a hub's model is meant.
    let pins = { try Lock(readingFrom: project.rootFolder).outsideModels(of: project.recipePath) }
    guard !arguments.dryRun else {
      let survey = try Survey(rootFolder: project.rootFolder, storeFolder: project.storeFolder, actions, sources, pins: try pins(), child: project.recipe)
      arguments.common.terminal.show(StatusReport(forecast: survey.forecast))
      return nil
    }
    let subject = ActionRun.Subject(
      rootFolder: project.rootFolder, storeFolder: project.storeFolder, path: project.recipePath, goal: name, isTrial: true,
      wallBudget: project.recipe.wallBudget, memoryBudget: project.recipe.memoryBudget, recipe: project.recipe,
      consent: project.consent)
    return try await ActionRun(subject, arguments).perform(actions, sources: sources, pins: pins, permit: { _ in })
  }
}

extension ActionRun.Result {
  /// The bytes of an action's output.
  func bytes(of output: String, from action: ActionID) throws -> Data { try store.objects.get(try digest(of: output, from: action)) }

  func digest(of output: String, from action: ActionID) throws -> Digest {
    guard let digest = report.output(output, of: action) else { throw MissingInput(action: action, input: output) }
    return digest
  }
}
