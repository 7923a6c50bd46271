internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Store

/// `soulpack log`: what happened in this store, from its event log. Waits for nobody.
struct Log: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print the store's event log: what ran, when, and what came out.")

  @Option(name: .customShort("c"), help: "How many of the last events; all where absent.") var count: Int?
  @OptionGroup var common: CommonArguments

  func run() throws {
    let store = try ReadableStore.open(at: Project.storeFolder(in: Project.rootFolder(common)))
    let entries = try store.log.entries()
    common.terminal.show(LogReport(entries: count.map { Array(entries.suffix(max(0, $0))) } ?? entries))
  }
}

struct LogReport: Report {
  let entries: [LogEntry]
  let schema = "soulpack.log/1"

  var members: [String: JSONValue] { ["events": .array(entries.map(json))] }

  private func json(_ entry: LogEntry) -> JSONValue {
    [
      "sequence": .integer(entry.sequence), "time": .string(entry.time), "event": .string(entry.event),
      "details": .object(entry.details.mapValues { detail in
        switch detail {
        case .digest(let digest): .digest(digest)
        case .name(let name): .string(name)
        case .count(let count): .integer(count)
        }
      }),
    ]
  }

  var lines: [String] {
    var table = Table()
    for entry in entries {
      let details = entry.details.sorted { $0.key < $1.key }.map { "\($0.key)=\(words($0.value))" }
      table.add("\(entry.sequence)", entry.time, entry.event, details.joined(separator: " "))
    }
    return table.lines
  }

  private func words(_ detail: LogDetail) -> String {
    switch detail {
    case .digest(let digest): digest.short
    case .name(let name): name
    case .count(let count): "\(count)"
    }
  }
}
