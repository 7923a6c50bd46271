internal import Artifacts
internal import Planning
internal import Running
internal import Store

/// What the commands that only ask look at: the store as it is, if there is one, the sources as they are, and what a build would do. Takes
/// no lock, so that nobody waits for a build of an hour, and makes no store.
struct Survey {
  let store: ReadableStore?
  let actions: [Action]
  let sources: [Source: Digest]
  let forecast: Forecast

  init(_ project: Project, goal: Plan.Goal) throws {
    do {
      store = try ReadableStore.open(at: project.storeFolder)
    } catch StoreError.absent {
      store = nil
    }
    actions = project.plan.actions(for: goal)
    let probe = SourceProbe(root: project.rootFolder, store: store, storeRoot: project.storeFolder)
    sources = try probe.read(project.plan.sources(for: actions))
    forecast = try Forecast(actions: actions, sources: sources, store: store)
  }
}
