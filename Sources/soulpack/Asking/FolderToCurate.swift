internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes

/// A folder, a file or an archive that is curated without a recipe. Nothing is ever written into it.
struct FolderToCurate {
  /// What the history of builds calls such a curation: beside it stands the folder's path, not a recipe's.
  static let goal = "curate folder"

  let rootFolder: URL
  let storeFolder: URL
  /// As a source has it: relative to the root, or absolute where it is not inside; `.` for the root itself.
  let path: String
  let place: URL
  private let reading: ReadingSettings

  /// `path` is relative to the folder where the command was given.
  init(_ path: String, _ common: CommonArguments, reading: ReadingSettings = ReadingSettings()) throws(NothingToCurate) {
    self.reading = reading
    rootFolder = Project.rootFolder(common)
    storeFolder = Project.storeFolder(in: rootFolder)
    place = common.place(path).standardizedFileURL
    self.path = place.path(below: rootFolder) ?? place.path
    guard FileManager.default.fileExists(atPath: place.path) else { throw NothingToCurate(path: path) }
  }

  /// The project itself: what soulpack writes there is then among the data.
  var isRoot: Bool { path == "." }

  var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  func refuseStoreInside() throws(StoreInsideFolder) {
    guard storeFolder.followed.path(below: place.followed) == nil || isRoot else { throw StoreInsideFolder(folder: place.path, store: storeFolder.path) }
  }

  var name: String { RecipeProposal.name(fromPath: place.path) }

  func consent() throws -> ProjectConsent { try ProjectConsent(in: rootFolder) }

  func action(_ consent: ProjectConsent) -> Action { Planner.curation(named: name, of: path, reading: reading, consent: consent.consent) }
}

extension URL {
  /// Where the path leads, without symbolic links: of what is not there yet, the links on the way to it; of a link to nothing, where that would be.
  var followed: URL {
    var place = standardizedFileURL
    var missing: [String] = []
    var linksLeft = 40  // As many as the system follows, path_resolution(7).
    while place.path != "/" {
      if let real = realpath(place.path, nil) {
        defer { free(real) }
        return missing.reversed().reduce(URL(filePath: String(cString: real))) { $0.appending(path: $1) }
      }
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place.path)  // Mostly: it is no link.
      if let target, linksLeft > 0 {
        linksLeft -= 1
        place = URL(filePath: target, relativeTo: place.deletingLastPathComponent()).standardizedFileURL
      } else {
        missing.append(place.lastPathComponent)
        place = place.deletingLastPathComponent().standardizedFileURL
      }
    }
    return missing.reversed().reduce(place) { $0.appending(path: $1) }
  }

  /// The path relative to a folder, without a slash at its end; `.` for the folder itself, nil outside of it. Looks at the names alone.
  func path(below folder: URL) -> String? {
    let parts = standardizedFileURL.path.split(separator: "/")
    let above = folder.standardizedFileURL.path.split(separator: "/")
    guard parts.starts(with: above) else { return nil }
    return parts.count == above.count ? "." : parts.dropFirst(above.count).joined(separator: "/")
  }
}

/// Curating would write into what is curated.
struct StoreInsideFolder: ExplainedError {
  let folder: String
  let store: String

  var message: String { "\"\(folder)\": the store would lie inside of it, at \"\(store)\"" }
  var hint: String? { "go to another folder and name this one from there, or set SOULPACK_STORE" }
}

/// What `curate` was told to curate is not there.
struct NothingToCurate: ExplainedError {
  let path: String

  var message: String { "\"\(path)\": there is no such file or folder" }
  var hint: String? { "name a folder of texts, a file or an archive, or a recipe (.yaml)" }
}

/// What a person says on the command line about the files of a folder.
struct ReadingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("What all files are. One of: \(RecipeSchema.formats.joined(separator: ", ")).", valueName: "format"))
  var format: String?
  @Option(help: ArgumentHelp("Who the Soul is in chats; repeatable for one with several names.", valueName: "name"))
  var speaker: [String] = []

  func validate() throws {
    guard let format, !RecipeSchema.formats.contains(format) else { return }
    throw ValidationError("--format takes one of \(RecipeSchema.formats.joined(separator: ", ")); found \"\(format)\"")
  }

  var areGiven: Bool { format != nil || !speaker.isEmpty }

  var settings: ReadingSettings {
    var settings = ReadingSettings()
    settings.formats = format.map { [ReadingSettings.Format(word: $0)] } ?? []
    settings.speakers = speaker
    return settings
  }
}
