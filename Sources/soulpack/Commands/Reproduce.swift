internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Packaging
internal import Running
internal import Store

/// `soulpack reproduce X.soul`: does its training, done again here, give the same bytes?
struct Reproduce: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Do a Soul's training again from its data, and say whether the same bytes come out.",
    discussion: """
      The archive holds the recipe; the data and the base are looked for in this project, at the paths that the recipe names. Everything from the \
      data to the chosen candidate is done anew, in a store under $TMPDIR that is thrown away, and needs room there for the data: nothing that an earlier \
      build made is believed. Where the outcome differs, the first difference is named: the base, the data that are learned from, or the step of the \
      training. Holdout, scores and choice are not done again. \
      A recipe that reads files outside of this project or runs commands is carried out only if your trust policy believes who signed it, or with --allow-run. \
      \(SoulReference.forms) It takes as long as the training \
      took. Exit code 0: the same. 6: not the same, or the archive is not whole. 7 or 8: its data was retracted, or it is not permitted. Any other: it could not be tried.

      --step N checks one step alone, in the time of at most 16, from the last state before it that the archive commits to. It is not in the archive; whoever \
      can do the training writes it with --open N --to FILE, and it is believed only where it has the root that the archive names. The data are needed all the same.
      """)

  @Argument(help: "The Soul.") var soul: String
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads of the engine. The result is the same for any number.", valueName: "n"))
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount
  @Option(help: ArgumentHelp("Check this step alone, counted from 1.", valueName: "n")) var step: Int?
  @Option(help: ArgumentHelp("The opened state that it is checked from; steps 1 to 16 take none.", valueName: "file")) var state: String?
  @Option(help: ArgumentHelp("Train up to the state that this step is checked from, and write it.", valueName: "n")) var open: Int?
  @Option(help: ArgumentHelp("Where --open writes it.", valueName: "file")) var to: String?
  @Flag(help: "Allow the recipe's run: commands, and what it reads outside of this project, without asking.") var allowRun = false
  @OptionGroup var common: CommonArguments

  func validate() throws {
    guard threads >= 1, threads <= 1024 else { throw ValidationError("--threads must be between 1 and 1024") }
    guard step == nil || open == nil else { throw ValidationError("--step checks a state and --open writes one: take one of them") }
    guard state == nil || step != nil else { throw ValidationError("--state goes with --step") }
    guard (open == nil) == (to == nil) else { throw ValidationError("--open and --to go together") }
  }

  func run() async throws {
    if let step { return try await check(step) }
    if let open, let to { return try await write(open, to: common.place(to)) }
    let outcome = try await withReproduction { try await $0.run(storeFolder: $1, arguments) }
    common.terminal.show(ReproductionReport(outcome: outcome))
    guard outcome.difference == nil else { throw EndsWith(code: .verification) }
  }

  private func check(_ step: Int) async throws {
    let state = state.map { common.place($0) }
    let outcome = try await withReproduction { try await $0.check(step: step, state: state, storeFolder: $1, arguments) }
    common.terminal.show(StepReproductionReport(outcome: outcome))
    guard outcome.whole.difference == nil else { throw EndsWith(code: .verification) }
  }

  private func write(_ step: Int, to file: URL) async throws {
    // Before hours of training, and not after.
    guard !FileManager.default.fileExists(atPath: file.path) else { throw CannotReproduce(.occupied(file.relativePath)) }
    let folder = file.deletingLastPathComponent()
    guard FileManager.default.isWritableFile(atPath: folder.path) else { throw CannotReproduce(.unwritable(folder.path)) }
    let (outcome, state) = try await withReproduction { try await $0.open(before: step, storeFolder: $1, arguments) }
    if let state {
      do {
        try WholeFile(file).create(with: state)
      } catch let error as CannotReplace where error.code == EEXIST {
        throw CannotReproduce(.occupied(file.relativePath))
      }
    }
    common.terminal.show(StepReproductionReport(outcome: outcome, written: state.map { _ in file.relativePath }))
    guard outcome.whole.difference == nil else { throw EndsWith(code: .verification) }
  }

  private func withReproduction<Value>(_ body: (Reproduction, URL) async throws -> Value) async throws -> Value {
    try await SoulReference.withScratch { scratch in
      let archive = try SoulReference(text: soul, common: common).open(try ReadableStore.openIfThere(common), scratch: scratch)
      let reproduction = try Reproduction(of: archive, in: Project.rootFolder(common))
      if !allowRun, !reproduction.reach.isEmpty { try requireTrust(archive, reproduction.reach) }
      do {
        return try await body(reproduction, scratch.appending(path: "store", directoryHint: .isDirectory))
      } catch let error as any ExplainedError where error.isOfParent {
        // Of a base here that cannot be used, and not of this Soul, of which nothing is known then.
        throw CannotReproduce(.base(error))
      }
    }
  }

  private func requireTrust(_ archive: SoulArchive, _ reach: [String]) throws {
    let report = try VerificationReport(of: archive, policy: nil, common)
    guard !report.isTrusted else { return }
    throw UntrustedRecipe(name: archive.manifest.name, reach: reach)
  }

  private var arguments: BuildArguments {
    var arguments = BuildArguments()
    var recipe = RecipeArguments()
    (recipe.recipe, recipe.set) = (nil, [])
    (arguments.common, arguments.recipe) = (common, recipe)
    (arguments.jobs, arguments.threads) = (ProcessInfo.processInfo.activeProcessorCount, threads)
    (arguments.dryRun, arguments.keepGoing, arguments.locked, arguments.smoke, arguments.noWait) = (false, false, false, false, false)
    arguments.allowRun = allowRun
    return arguments
  }
}

/// A stranger's recipe reaches beyond the project's folder.
struct UntrustedRecipe: ExplainedError {
  let name: String
  let reach: [String]

  var message: String { "\(name)'s recipe \(reach.joined(separator: "; ")); and nobody whom you trust signed it" }
  var hint: String? { "read it (soulpack inspect), and trust its signer (soulpack trust add) or use --allow-run" }
}

struct ReproductionReport: Report {
  let outcome: Reproduction.Outcome

  let schema = "soulpack.reproduction/1"

  var members: [String: JSONValue] {
    [
      "soul": ["name": .string(outcome.name), "version": .string(outcome.version), "digest": .digest(outcome.soul)],
      "same": .bool(outcome.difference == nil), "difference": outcome.difference.map { .string($0.words) } ?? .null,
      "parts": .array(
        outcome.parts.map { ["part": .string($0.name), "claimed": .digest($0.claimed), "found": .digest($0.found), "same": .bool($0.isSame)] }),
    ]
  }

  var lines: [String] {
    var table = Table()
    for part in outcome.parts {
      table.add("  " + part.name, part.isSame ? "same" : "differs", part.isSame ? part.found.short : "\(part.found.short), claimed \(part.claimed.short)")
    }
    var lines = ["\(outcome.name) \(outcome.version)"] + table.lines
    if let difference = outcome.difference {
      lines.append("not the same: \(difference.words)")
      lines.append("  \(difference.advice)")
    } else {
      lines.append("same: \(Quantity.counted(outcome.steps, "step")) of training, done again, gave the Soul's files byte for byte")
    }
    return lines
  }
}
