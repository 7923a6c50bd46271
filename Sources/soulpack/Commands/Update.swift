internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Identities
internal import Planning
internal import Running
internal import Store

/// `soulpack update`: lock what is there now, changed semantics included. Runs nothing.
struct Update: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write soul.lock anew: accept changed sources and changed semantics.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let project = try Project(recipe, common)
    let store = try await WritableStore.waitAndOpen(at: project.storeFolder, command: "soulpack update", onWaiting: common.terminal.tellWaiting)
    let actions = project.plan.actions(for: .build)
    let renderer = BuildRenderer(terminal: common.terminal)
    defer { renderer.finish() }
    // Without pins, so that a branch of a hub is what it is now.
    let outside = HubModels { renderer.show($0) }.outside(pins: [:], parents: try ParentSouls(child: project.recipe, root: project.rootFolder))
    let sources = try await SourceReader(root: project.rootFolder, store: store, outside: outside).read(project.plan.sources(for: actions))
    renderer.finish()
    let pins = Lock.Pins(sources, actions: actions)
    let differences = try ChangeLock.holding(folder: project.rootFolder) {
      var lock = try Lock(readingFrom: project.rootFolder)
      let differences = lock.differences(from: pins, recipe: project.recipePath, isComplete: true)
      lock.recipes[project.recipePath] = pins
      try lock.write(to: project.rootFolder)
      return differences
    }
    common.terminal.show(UpdateReport(recipe: project.recipePath, differences: differences))
  }
}

struct UpdateReport: Report {
  let recipe: String
  let differences: [Lock.Difference]
  let schema = "soulpack.update/1"

  var members: [String: JSONValue] { ["recipe": .string(recipe), "changes": .array(differences.map { .string($0.description) })] }
  var lines: [String] { differences.isEmpty ? ["soul.lock is as it should be"] : differences.map(\.description) + ["locked"] }
}
