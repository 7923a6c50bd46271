internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Running
internal import Store

/// `soulpack push --data FOLDER`: what the lock names, into a folder that anything may carry.
struct Push: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy the data that soul.lock names into a folder, so that a fresh clone can train.",
    discussion: """
      Carries every file of the sources, named by its digest, and nothing twice. Absolute paths of a recipe are of the system, and are not \
      carried. In the clone: soulpack pull --data FOLDER. docs/data.md has the layout.
      """)

  @OptionGroup var data: DataArguments

  func run() async throws {
    let locked = try LockedData(data)
    let folder = try DataFolder.make(at: data.folder)
    data.common.terminal.show(PushReport(folder: data.path, sources: try await push(locked, to: folder)))
  }

  /// Reading the store needs no lock, so that nobody waits for a build of an hour; taking in what it lacks does.
  private func push(_ locked: LockedData, to folder: DataFolder) async throws -> [CarriedSource] {
    let place = Project.storeFolder(in: locked.rootFolder)
    do {
      let store = try ReadableStore.open(at: place)
      if try DataPush.missing(locked.sources, in: store.objects).isEmpty { return try DataPush(into: folder).run(locked.sources, from: store.objects) }
    } catch StoreError.absent, StoreError.older {}  // Writing makes it, or brings it up to date.
    let store = try await data.openStore(at: place, command: "soulpack push --data")
    try await DataPush.takeIn(try DataPush.missing(locked.sources, in: store.objects), root: locked.rootFolder, store: store)
    return try DataPush(into: folder).run(locked.sources, from: store.objects)
  }
}

extension DataArguments {
  func openStore(at place: URL, command: String) async throws -> WritableStore {
    guard !noWait else { return try WritableStore.open(at: place, command: command) }
    return try await WritableStore.waitAndOpen(at: place, command: command, onWaiting: common.terminal.tellWaiting)
  }
}

struct PushReport: Report {
  let folder: String
  let sources: [CarriedSource]

  let schema = "soulpack.push/1"
  var members: [String: JSONValue] {
    ["folder": .string(folder), "objectsWritten": .integer(Int64(newCount)), "sources": .array(sources.map(\.json))]
  }

  var lines: [String] {
    var table = Table()
    for source in sources { table.add(source.source.path, source.words) }
    let written = newCount == 0 ? "everything was there already" : "\(Quantity.count(newCount)) \(newCount == 1 ? "object" : "objects") written to \(folder)"
    return table.lines + [written]
  }

  private var newCount: Int {
    sources.reduce(0) { count, source in
      if case .pushed(_, _, let newObjects) = source.outcome { count + newObjects } else { count }
    }
  }
}

extension CarriedSource {
  var words: String {
    switch outcome {
    case .pushed(let files, let byteCount, let newObjects):
      "\(Quantity.files(files)), \(Quantity.bytes(byteCount))" + (newObjects == 0 ? ", there already" : "")
    case .laid(let files, let byteCount): "\(Quantity.files(files)) laid, \(Quantity.bytes(byteCount)) in all"
    case .asLocked: "as locked"
    case .ofSystem(nil): "of the system: not carried"
    case .ofSystem(true): "of the system: as locked"
    case .ofSystem(false): "of the system: not as locked; install what provides it"
    }
  }

  var json: JSONValue {
    let facts: [String: JSONValue] =
      switch outcome {
      case .pushed(let files, let byteCount, let newObjects):
        ["outcome": "pushed", "files": .integer(Int64(files)), "bytes": .integer(byteCount), "objectsWritten": .integer(Int64(newObjects))]
      case .laid(let files, let byteCount): ["outcome": "laid", "files": .integer(Int64(files)), "bytes": .integer(byteCount)]
      case .asLocked: ["outcome": "as-locked"]
      case .ofSystem(let isAsLocked): ["outcome": "of-system", "asLocked": isAsLocked.map(JSONValue.bool) ?? .null]
      }
    return .object(facts.merging(["path": .string(source.path), "digest": .digest(source.digest)]) { own, _ in own })
  }
}

extension Quantity {
  static func files(_ count: Int) -> String { "\(Self.count(count)) \(count == 1 ? "file" : "files")" }
}
