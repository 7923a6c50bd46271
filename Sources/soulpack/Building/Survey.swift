internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// What the commands that only ask look at: the store as it is, if there is one, the sources as they are, and what a build would do. Takes
/// no lock, so that nobody waits for a build of an hour, and makes no store.
struct Survey {
  let store: ReadableStore?
  let actions: [Action]
  let sources: TakenSources
  let forecast: Forecast

  init(_ project: Project, goal: Plan.Goal) throws {
    try self.init(project, actions: project.plan.actions(for: goal))
  }

  init(_ project: Project, actions: [Action]) throws {
    try self.init(rootFolder: project.rootFolder, storeFolder: project.storeFolder, actions, project.plan.sources(for: actions),
      pins: Lock(readingFrom: project.rootFolder).outsideModels(of: project.recipePath), child: project.recipe)
  }

  init(rootFolder: URL, storeFolder: URL, _ actions: [Action], _ needed: [Source], pins: [String: OutsideModels.Pin] = [:], child: Recipe? = nil) throws {
    store = try ReadableStore.openIfThere(at: storeFolder)
    self.actions = actions
    let outside = HubModels { _ in }.outside(pins: pins, parents: try ParentSouls(child: child, root: rootFolder))
    sources = try SourceProbe(root: rootFolder, store: store, storeRoot: storeFolder).read(needed, outside: outside)
    forecast = try Forecast(actions: actions, sources: sources.digests, store: store)
  }
}
