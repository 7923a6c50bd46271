internal import Artifacts
internal import Planning
internal import Running

/// What a build would do: `status`, and every `-n`.
struct StatusReport: Report {
  let forecast: Forecast

  let schema = "soulpack.status/1"

  var members: [String: JSONValue] {
    [
      "upToDate": .bool(forecast.isUpToDate),
      "actions": .array(
        forecast.rows.map { row in
          [
            "id": .string(row.action.id.name), "kind": .string(row.action.kind.rawValue), "standing": .string(name(row.standing)),
            "key": row.key.map { .digest($0.digest) } ?? .null,
          ]
        }),
    ]
  }

  var lines: [String] {
    var table = Table()
    for row in forecast.rows { table.add(words(row.standing), row.action.id.name, row.key?.digest.short ?? "") }
    let pending = forecast.rows.count { $0.standing != .upToDate }
    return table.lines + [pending == 0 ? "everything is up to date" : "\(pending) of \(forecast.rows.count) actions would run, or may"]
  }

  private func name(_ standing: Forecast.Standing) -> String {
    switch standing {
    case .upToDate: "up-to-date"
    case .wouldRun: "would-run"
    case .mayRun: "may-run"
    }
  }

  private func words(_ standing: Forecast.Standing) -> String {
    switch standing {
    case .upToDate: "same"
    case .wouldRun: "run"
    case .mayRun: "run?"
    }
  }
}
