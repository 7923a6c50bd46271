internal import ArgumentParser
internal import Foundation

/// The command line. Each command parses its words, calls a room and shows what came back; nothing is decided here.
@main
struct Soulpack: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soulpack",
    abstract: "make, for Souls: from a folder and a recipe to a signed package that a stranger can check.",
    discussion: """
      Start with a folder of texts: soulpack curate FOLDER, then soulpack init FOLDER. Or see a recipe work: soulpack build recipes/lamplighter.yaml

      Results go to standard output, talk to standard error.

      Exit codes: 0 done, 1 failed, 2 usage or recipe, 3 lock differs, 4 gate missed, 5 budget, 6 verification, 7 withdrawn, 8 not permitted, 130 interrupted.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Making", subcommands: [Init.self, Check.self, PlanCommand.self, Curate.self, Train.self, BuildCommand.self, Publish.self, Update.self, Schema.self]),
      CommandGroup(name: "Versions of data", subcommands: [SnapshotCommand.self, CheckoutCommand.self]),
      CommandGroup(name: "Understanding", subcommands: [Status.self, List.self, Diff.self, Eval.self, ReportCommand.self, AttributeCommand.self, Explain.self, Why.self, Log.self]),
      CommandGroup(name: "The other side", subcommands: [Push.self, Pull.self, Verify.self, Run.self, Reproduce.self, Inspect.self, Unpack.self]),
      CommandGroup(name: "Control", subcommands: [Keys.self, Trust.self, Retract.self, Erase.self]),
      CommandGroup(name: "The house", subcommands: [EngineCommand.self, FsckCommand.self, CollectCommand.self]),
    ])

  static let version = "0.1.0"

  static func main() async {
    let status = await Invocation.run(Array(CommandLine.arguments.dropFirst()))
    Foundation.exit(status.rawValue)
  }
}
