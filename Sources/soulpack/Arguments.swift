internal import ArgumentParser
internal import Foundation

/// What every command understands.
struct CommonArguments: ParsableArguments {
  @Option(name: [.customShort("C", allowingJoined: true)], help: ArgumentHelp("Work as if started in this folder.", valueName: "dir"))
  var directory: String?

  @Flag(name: .shortAndLong, help: "Say nothing but results and errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more: what was reused, and under which key.")
  var verbose = false

  @Flag(help: "Reports and errors as JSON; progress as one JSON object a line.")
  var json = false

  var terminal: Terminal { Terminal(talk: quiet ? .quiet : verbose ? .verbose : .normal, isJSON: json) }

  var folder: URL {
    URL(filePath: CommonArguments.literal(directory ?? FileManager.default.currentDirectoryPath), directoryHint: .isDirectory).absoluteURL
  }

  /// What a person names, from the folder where they are.
  func place(_ path: String) -> URL { URL(filePath: CommonArguments.literal(path), relativeTo: folder) }

  /// `~` is a word of the shell's, which has had its turn: Foundation would go to the home of whoever the system says.
  static func literal(_ path: String) -> String { path.hasPrefix("~") ? "./" + path : path }
}

/// Which recipe, and with what changed for this once.
struct RecipeArguments: ParsableArguments {
  @Argument(help: "The recipe. Without it: soul.yaml, else the only recipes/*.yaml.")
  var recipe: String?

  @Option(help: ArgumentHelp("Set a value of the recipe for this build, such as train.letters-lora.epochs=1. Repeatable.", valueName: "key=value"))
  var set: [String] = []
}

/// How a build is carried out. None of these can change what is built.
struct BuildArguments: ParsableArguments {
  @OptionGroup var common: CommonArguments
  @OptionGroup var recipe: RecipeArguments

  // Taken as it comes: `-j -1` is a wrong number, and not a missing one.
  @Option(name: [.customShort("j", allowingJoined: true), .long], parsing: .unconditional, help: ArgumentHelp("Actions at once. Training takes turns: it uses all threads.", valueName: "n"))
  var jobs: Int = ProcessInfo.processInfo.activeProcessorCount

  @Option(parsing: .unconditional, help: ArgumentHelp("Threads of the engine. The result is the same for any number.", valueName: "n"))
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(name: [.customShort("n"), .long], help: "Say what would run, and run nothing.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "After a failure, go on with what does not depend on it.")
  var keepGoing = false

  @Flag(help: "Fail with exit code 3 where data, a base or the meaning of a step is not what soul.lock says, before work starts.")
  var locked = false

  @Flag(help: "Go the whole way in minutes: a few steps a training, a few records a score. Locks nothing, and is never published.")
  var smoke = false

  @Flag(help: "Fail instead of waiting where another soulpack has the store.")
  var noWait = false

  @Flag(help: "Allow the recipe's run: commands without asking.")
  var allowRun = false

  func validate() throws {
    guard jobs >= 1, jobs <= 1024 else { throw ValidationError("-j must be between 1 and 1024") }
    guard threads >= 1, threads <= 1024 else { throw ValidationError("--threads must be between 1 and 1024") }
  }
}
