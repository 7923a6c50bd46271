internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Running
internal import Store

/// `soulpack gc`: gives back the space of what nothing needs any more.
struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Give back the space of what nothing needs any more.",
    discussion: """
      Kept is what soul.lock names, what the last \(GarbageCollection.buildCount) builds took and made, every version that `soulpack snapshot` kept, \
      what these were made of, and all that any of them holds.
      """)

  @Flag(name: [.customShort("n"), .long], help: "Say what would go, and take nothing.") var dryRun = false
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let root = Project.rootFolder(common)
    let folder = Project.storeFolder(in: root)
    let pinned = try Set(Lock(readingFrom: root).recipes.values.flatMap(\.sources.values))
    // Reading first: asking about a store that is not there must not make one.
    let reader = try ReadableStore.open(at: folder)
    guard !dryRun else { return common.terminal.show(CollectReport(report: try reader.collectable(pinned: pinned), isDone: false)) }
    try reader.close()
    let store = try await WritableStore.waitAndOpen(at: folder, command: "soulpack gc", onWaiting: common.terminal.tellWaiting)
    let report = try store.collect(pinned: pinned)
    try store.close()
    common.terminal.show(CollectReport(report: report, isDone: true))
  }
}

struct CollectReport: Report {
  let report: GarbageCollection.Report
  let isDone: Bool
  let schema = "soulpack.gc/1"

  var members: [String: JSONValue] {
    [
      "done": .bool(isDone), "objects": .integer(Int64(report.objectCount)), "bytes": .integer(report.byteCount),
      "files": .integer(Int64(report.fileCount)), "memoBytes": .integer(report.memoByteCount), "kept": .integer(Int64(report.keptCount)),
    ]
  }

  var lines: [String] {
    let objects = "\(Quantity.counted(report.objectCount, "object")), \(Quantity.bytes(report.byteCount))"
    guard isDone else { return ["would go: \(objects); would stay: \(Quantity.counted(report.keptCount, "object"))"] }
    return ["freed: \(objects), and \(Quantity.bytes(report.memoByteCount)) of what steps remembered; kept: \(Quantity.counted(report.keptCount, "object"))"]
  }
}
