internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// `soulpack build`: everything up to an unsigned archive at `out/NAME-VERSION.soul`.
struct BuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "build", abstract: "Build an unsigned Soul archive, running only what is not up to date.")

  @OptionGroup var arguments: BuildArguments

  func run() async throws {
    let session = try BuildSession(arguments, goal: .build)
    guard let result = try await session.run() else { return }
    let sealed = try SealedSoul(result)
    let output = OutputFile(session.project)
    if let aside = try output.setAsideSigned(before: sealed) {
      arguments.common.terminal.remark("the signed archive that was there is kept as \(aside)")
    }
    let file = try output.place(sealed, from: result.store)
    arguments.common.terminal.show(BuildReport(project: session.project, sealed: sealed, file: file, counts: ActionCounts(result.report)))
  }

  /// What was built, and where it is.
  struct BuildReport: Report {
    let project: Project
    let sealed: SealedSoul
    let file: String
    let counts: ActionCounts

    let schema = "soulpack.build/1"

    var members: [String: JSONValue] {
      [
        "soul": .string(project.recipe.soul), "version": .string(project.recipe.version), "digest": .digest(sealed.digest),
        "archive": .string(file), "selection": sealed.selection, "actionsRun": .integer(Int64(counts.ran)),
        "actionsReused": .integer(Int64(counts.reused)),
      ]
    }

    var lines: [String] {
      [
        "\(project.recipe.soul) \(project.recipe.version)", "  holdout  \(sealed.losses)", "  digest   \(sealed.digest)", "  archive  \(file)",
        counts.words,
      ]
    }
  }
}

/// How many actions a build ran and how many it found done.
struct ActionCounts {
  let ran: Int
  let reused: Int

  init(_ report: BuildReport) {
    ran = report.ranCount
    reused = report.reusedCount
  }

  var words: String { "\(ran) \(ran == 1 ? "action" : "actions") run, \(reused) up to date" }
}
