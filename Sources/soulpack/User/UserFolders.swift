internal import Foundation

/// Where the user's own things are (XDG Base Directory Specification): what outlives every store and belongs to no project.
struct UserFolders {
  /// Trust policy: what this person believes.
  let configuration: URL
  /// Identity keys.
  let data: URL
  /// Versions published, commands allowed, heads of event logs.
  let state: URL

  init() {
    let environment = UserFolders.environment
    let home = URL(filePath: environment["HOME"] ?? "/")
    func folder(_ variable: String, _ fallback: String) -> URL {
      // The specification: a relative path in one of these variables is to be ignored.
      if let value = environment[variable], value.hasPrefix("/") { return URL(filePath: value).appending(path: "soulpack") }
      return home.appending(path: fallback).appending(path: "soulpack")
    }
    configuration = folder("XDG_CONFIG_HOME", ".config")
    data = folder("XDG_DATA_HOME", ".local/share")
    state = folder("XDG_STATE_HOME", ".local/state")
  }

  /// The process's, with a `HOME` that is one: an empty or relative one would take what lies in the current folder for the user's own. Whose keys, whose trust?
  static var environment: [String: String] {
    let environment = ProcessInfo.processInfo.environment
    guard environment["HOME"]?.hasPrefix("/") != true else { return environment }
    return environment.merging(["HOME": homeOfAccount]) { _, account in account }
  }

  /// As the system's accounts have it; the root, where they have none.
  private static var homeOfAccount: String {
    guard let path = getpwuid(getuid())?.pointee.pw_dir.map({ String(cString: $0) }), path.hasPrefix("/") else { return "/" }
    return path
  }

  var keys: URL { data.appending(path: "keys") }
  var trustPolicy: URL { configuration.appending(path: "trust.json") }
  var allowedCommands: URL { state.appending(path: "allowed-commands.json") }
  var publishedVersions: URL { state.appending(path: "published.json") }
  var logHeads: URL { state.appending(path: "log-heads.json") }
}
