internal import ArgumentParser
internal import Planning
internal import Running

/// `soulpack status`: what `build` would do now. Reads; runs nothing.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say which actions are up to date and which a build would run.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() throws {
    let project = try Project(recipe, common)
    common.terminal.show(StatusReport(forecast: try Survey(project, goal: .build).forecast))
  }
}
