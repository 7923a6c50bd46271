internal import ArgumentParser
internal import Planning
internal import Running
internal import Store

/// `soulpack status`: what `build` would do now. Sources are read, so the store is taken for a moment; nothing runs.
struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say which actions are up to date and which a build would run.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let project = try Project(recipe, common)
    let store = try await WritableStore.waitAndOpen(at: project.storeFolder, command: "soulpack status", onWaiting: common.terminal.tellWaiting)
    let actions = project.plan.actions(for: .build)
    let sources = try await SourceReader(root: project.rootFolder, store: store).read(project.plan.sources(for: actions))
    common.terminal.show(StatusReport(forecast: try Forecast(actions: actions, sources: sources, store: store.reading)))
  }
}
