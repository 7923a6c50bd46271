internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Store

/// `soulpack fsck`: is everything that the store's rows name there, with the right bytes, and is the log whole?
struct FsckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "fsck", abstract: "Prove the store: every object, every row, the event log.")

  @Flag(help: "Remove what is damaged, so that the next build makes it anew.") var repair = false
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let folder = Project.storeFolder(in: Project.rootFolder(common))
    // Reading first: asking about a store that is not there must not make one.
    try ReadableStore.open(at: folder).close()
    let store = try await WritableStore.waitAndOpen(at: folder, command: "soulpack fsck", onWaiting: common.terminal.tellWaiting)
    let report = try store.fsck(pinned: try LogHeads().head(ofStore: folder))
    common.terminal.show(FsckReport(report: report))
    guard !report.isSound else { return }
    if repair { try store.repair(report) }
    for remark in FsckCommand.remarks(on: report, isRepaired: repair) { common.terminal.remark(remark) }
    throw EndsWith(code: .failed)
  }

  private static func remarks(on report: Fsck.Report, isRepaired: Bool) -> [String] {
    let damage = report.damagedObjects.isEmpty ? nil : isRepaired
      ? "what was damaged is removed; the next build makes it anew"
      : "`soulpack fsck --repair` removes what is damaged; the next build makes it anew, and `soulpack snapshot` keeps data again whose files are still there"
    let rest = !report.isBeyondRepair ? nil
      : "no repair brings back a log or a database: move the store's folder aside, keep it for the versions of data that it alone may hold, and build again"
    return [damage, rest].compactMap { $0 }
  }
}

struct FsckReport: Report {
  let report: Fsck.Report
  let schema = "soulpack.fsck/1"

  var members: [String: JSONValue] {
    [
      "sound": .bool(report.isSound), "objects": .integer(report.objectCount), "bytes": .integer(report.byteCount),
      "removed": .integer(report.removedCount), "logLines": .integer(Int64(report.logLineCount)), "problems": .array(report.problems.map { .string($0.message) }),
    ]
  }

  var lines: [String] {
    let counts = "\(Quantity.count(report.objectCount)) objects, \(Quantity.bytes(report.byteCount)), \(Quantity.count(report.logLineCount)) log lines"
      + (report.removedCount == 0 ? "" : "; \(Quantity.count(report.removedCount)) taken out on purpose")
    return report.problems.map(\.message) + [(report.isSound ? "sound: " : "\(report.problems.count) \(report.problems.count == 1 ? "problem" : "problems"): ") + counts]
  }
}
