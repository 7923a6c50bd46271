internal import Artifacts
internal import Fetching
internal import Foundation
internal import Running
internal import Synchronization

extension HubSettings {
  static func ofUser() throws -> HubSettings { try HubSettings(environment: UserFolders.environment) }
}

/// Models of the hub, as commands take them: fetched by the user's own settings, and told of like every other work.
struct HubModels: Sendable {
  private let show: @Sendable (BuildEvent) -> Void

  /// What the events are about, where an action has its name.
  private static let work = "fetch"

  init(show: @escaping @Sendable (BuildEvent) -> Void) { self.show = show }

  /// The settings are read where a model is wanted: a bad one is no concern of a recipe that wants none.
  /// `parents` opens Souls for whoever is their child.
  func outside(pins: [String: OutsideModels.Pin], parents: ParentSouls) -> OutsideModels {
    OutsideModels(
      pins: pins,
      cached: { reference in
        do {
          return OutsideModels.Brought(try ModelFetcher(.ofUser()).cached(reference))
        } catch FetchError.notCached, FetchError.incomplete, FetchError.damagedCache {
          return nil  // The hub has it whole.
        }
      },
      bring: { reference, commit in OutsideModels.Brought(try fetch(reference, commit: commit)) }, openSoul: parents.open,
      originOfFolder: parents.origin(ofFolder:path:snapshot:))
  }

  func fetch(_ reference: HubReference, commit: String? = nil) throws -> FetchedModel {
    let settings = try HubSettings.ofUser()
    let pace = Pace()
    return try ModelFetcher(settings) { event in
      switch event {
      case .begins(let files, let byteCount):
        show(.note(action: HubModels.work, "\(Quantity.counted(files, "file")) of \(reference), \(Quantity.bytes(byteCount)), into \(settings.cache.path)"))
      case .progress(let done, let total):
        show(.progress(action: HubModels.work, StepProgress(done: done, total: total, unit: "bytes", detail: pace.words(done))))
      case .waiting(let file): show(.note(action: HubModels.work, "waiting for another process, which fetches \(file)"))
      case .notNoted(let revision, let error): show(.note(action: HubModels.work, "what \(revision) is now is not noted: \(error.message)"))
      }
    }.fetch(reference, commit: commit)
  }
}

/// How fast bytes come, from the first of this process.
private final class Pace: Sendable {
  private let began = ContinuousClock.now
  private let first = Mutex<Int64?>(nil)

  func words(_ done: Int64) -> String {
    let start = first.withLock { first in
      if first == nil { first = done }
      return first ?? done
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    return seconds > 0.5 ? Quantity.bytes(Int64(Double(done - start) / seconds)) + "/s" : ""
  }
}

extension OutsideModels.Brought {
  fileprivate init(_ model: FetchedModel) { self.init(commit: model.origin.commit, files: model.files) }
}
