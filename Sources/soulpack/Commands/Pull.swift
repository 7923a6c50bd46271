internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Running
internal import Store

/// `soulpack pull --data FOLDER`: what the lock names, out of such a folder and to its place.
struct Pull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lay the data that soul.lock names in place, from a folder that push filled.",
    discussion: """
      The lock is believed, the folder is not: every byte is checked. Nothing that lies in the project is replaced; where something else is in \
      the way, nothing is laid. Absolute paths of a recipe are of the system: they are compared, and never written.
      """)

  @OptionGroup var data: DataArguments

  func run() async throws {
    let locked = try LockedData(data)
    let folder = try DataFolder.open(at: data.folder)
    let store = try await data.openStore(at: Project.storeFolder(in: locked.rootFolder), command: "soulpack pull --data")
    let carried = try DataPull(from: folder, root: locked.rootFolder, store: store).run(locked.sources)
    data.common.terminal.show(PullReport(folder: data.path, sources: carried))
  }
}

struct PullReport: Report {
  let folder: String
  let sources: [CarriedSource]

  let schema = "soulpack.pull/1"
  var members: [String: JSONValue] {
    ["folder": .string(folder), "filesLaid": .integer(Int64(laidCount)), "sources": .array(sources.map(\.json))]
  }

  var lines: [String] {
    var table = Table()
    for source in sources { table.add(source.source.path, source.words) }
    return table.lines + [laidCount == 0 ? "everything was in place already" : "\(Quantity.files(laidCount)) laid from \(folder)"]
  }

  private var laidCount: Int {
    sources.reduce(0) { count, source in
      if case .laid(let files, _) = source.outcome { count + files } else { count }
    }
  }
}
