internal import ArgumentParser
internal import Foundation
internal import Planning
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
    try result.givingOut { try output.place(sealed, from: result.store, arguments.common.terminal) }
    arguments.common.terminal.show(PlacedSoulReport(project: session.project, sealed: sealed, file: output.path, counts: ActionCounts(result.report)))
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
