package import Artifacts
package import Foundation

/// A model of a hub on this machine: the files that the engine reads, each held against its digest.
package struct FetchedModel: Sendable {
  package let origin: HubOrigin
  /// By name; where the bytes are.
  package let files: [String: URL]
}

/// What would have to be fetched.
package struct FetchSurvey: Sendable {
  package struct File: Sendable {
    package let name: String
    package let byteCount: Int64
    package let isHere: Bool

    package init(name: String, byteCount: Int64, isHere: Bool) { (self.name, self.byteCount, self.isHere) = (name, byteCount, isHere) }
  }

  package let origin: HubOrigin
  package let files: [File]
}

/// What a fetch tells on its way.
package enum FetchEvent: Sendable {
  /// Something is to be fetched: how many files, and how many bytes of them are not here.
  case begins(files: Int, byteCount: Int64)
  /// Of all files that are fetched, those included that are here in part.
  case progress(done: Int64, total: Int64)
  case waiting(file: String)
  /// What a branch or tag is now could not be written down; the model is here all the same.
  case notNoted(revision: String, FetchError)
}

/// Brings a model of a hub to this machine. The first call is `fetch`.
///
/// It blocks its thread, and ends within a tenth of a second of its task's being cancelled; what has come by then stays, and the next goes on
/// from there.
package struct ModelFetcher: Sendable {
  private let settings: HubSettings
  private let patience: Patience
  private let tell: @Sendable (FetchEvent) -> Void

  package init(_ settings: HubSettings, patience: Patience = Patience(), tell: @escaping @Sendable (FetchEvent) -> Void = { _ in }) {
    (self.settings, self.patience, self.tell) = (settings, patience, tell)
  }

  /// The model in the hub's cache, and what of it is not there fetched into it. With `commit`, that very state, whatever the revision is by now.
  package func fetch(_ model: HubReference, commit: String? = nil) throws -> FetchedModel {
    let pinned = commit.flatMap(model.at(commit:)) ?? model
    guard !settings.isOffline else { return try cached(pinned) }
    let client = HubClient(settings, patience)
    let found = try look(pinned, client, isReading: true)
    try bring(found, client)
    if commit == nil { note(model, found) }
    return FetchedModel(origin: found.origin, files: try found.contents())
  }

  /// For whoever is offline later. A cache that cannot be written to may have everything.
  private func note(_ model: HubReference, _ found: Found) {
    guard found.cache.commit(of: model) != found.origin.commit else { return }
    do throws(FetchError) { try found.cache.note(found.origin.commit, as: model.revision) } catch { tell(.notNoted(revision: model.revision, error)) }
  }

  /// What `fetch` would do. Asks the hub, where it may be asked.
  package func survey(_ model: HubReference, commit: String? = nil) throws -> FetchSurvey {
    let pinned = commit.flatMap(model.at(commit:)) ?? model
    guard !settings.isOffline else {
      let (origin, contents) = try cachedContents(pinned)
      return FetchSurvey(origin: origin, files: contents.map { FetchSurvey.File(name: $0, byteCount: $1.byteCount, isHere: true) }.sorted { $0.name < $1.name })
    }
    let found = try look(pinned, HubClient(settings, patience), isReading: false)
    return FetchSurvey(origin: found.origin, files: found.files)
  }

  /// What the hub's cache has of the model, without asking anybody. Throws where that is not a whole model.
  package func cached(_ model: HubReference) throws -> FetchedModel {
    let (origin, contents) = try cachedContents(model)
    for content in contents.values { try content.check() }
    return FetchedModel(origin: origin, files: contents.mapValues(\.url))
  }

  private func cachedContents(_ model: HubReference) throws -> (HubOrigin, [String: HubCache.Content]) {
    let cache = HubCache(settings.cache, model)
    guard let commit = cache.commit(of: model) else { throw FetchError.notCached(model) }
    let names = cache.names(at: commit)
    guard !names.isEmpty else { throw FetchError.notCached(model) }
    let chosen: [String]
    do { chosen = try ModelSelection.files(among: names, of: model) } catch .notAModel(_, let missing) { throw FetchError.incomplete(model, file: missing) }
    var contents: [String: HubCache.Content] = [:]
    for name in chosen {
      guard let content = cache.content(of: name, at: commit) else { throw FetchError.incomplete(model, file: name) }
      contents[name] = content
    }
    return (HubOrigin(model, commit: commit), contents)
  }

  // MARK: Fetching

  /// A commit's files: those that the cache has as the hub promises them, checked, and the others.
  private struct Found {
    let model: HubReference
    let origin: HubOrigin
    let cache: HubCache
    let here: [String: HubCache.Content]
    let promised: [PromisedFile]

    var files: [FetchSurvey.File] {
      let present = here.map { FetchSurvey.File(name: $0, byteCount: $1.byteCount, isHere: true) }
      return (present + promised.map { FetchSurvey.File(name: $0.name, byteCount: $0.byteCount, isHere: false) }).sorted { $0.name < $1.name }
    }

    /// After everything was brought.
    func contents() throws -> [String: URL] {
      var urls = here.mapValues(\.url)
      for file in promised {
        guard let content = cache.content(file.blob) else { throw FetchError.damagedCache(path: cache.place(of: file.blob).path) }
        urls[file.name] = content.url
      }
      return urls
    }
  }

  /// The hub is asked of each file, those that are here too: that a name leads to a content is the hub's word, and not that of a link which anybody may have
  /// laid.
  /// Unless it is reading, what the cache has is taken for what its name says: a survey of many gigabytes should not take a minute.
  private func look(_ model: HubReference, _ client: HubClient, isReading: Bool) throws -> Found {
    let listing = try client.listing(model)
    guard let pinned = model.at(commit: listing.commit) else { preconditionFailure("a listing names a commit") }
    let cache = HubCache(settings.cache, model)
    var here: [String: HubCache.Content] = [:]
    var promised: [PromisedFile] = []
    for name in try ModelSelection.files(among: listing.files, of: model) {
      let promise = try client.promise(of: name, pinned)
      if let content = cache.content(of: name, at: listing.commit), content.name == promise.blob, content.byteCount == promise.byteCount,
        try !isReading || content.isWhole()
      {
        here[name] = content
      } else {
        promised.append(promise)
      }
    }
    return Found(model: pinned, origin: HubOrigin(model, commit: listing.commit), cache: cache, here: here, promised: promised)
  }

  private func bring(_ found: Found, _ client: HubClient) throws {
    guard !found.promised.isEmpty else { return }
    try found.cache.makeFolders(at: found.origin.commit)
    let total = found.promised.reduce(0) { $0 + $1.byteCount }
    let needed = found.promised.reduce(Int64(0)) { $0 + remaining($1, found.cache) }
    if let free = found.cache.freeByteCount(), free < needed { throw FetchError.noSpace(path: settings.cache.path, needed: needed, free: free) }
    if needed > 0 { tell(.begins(files: found.promised.count, byteCount: needed)) }
    var done: Int64 = 0
    for file in found.promised {
      let before = done
      try bring(file, found, client) { tell(.progress(done: before + $0, total: total)) }
      try found.cache.link(file.name, at: found.origin.commit, to: file.blob)
      done += file.byteCount
    }
  }

  private func remaining(_ file: PromisedFile, _ cache: HubCache) -> Int64 {
    if cache.content(file.blob) != nil { return 0 }
    var status = stat()
    guard stat(cache.unfinished(file.blob).path, &status) == 0 else { return file.byteCount }
    return max(0, file.byteCount - Int64(status.st_size))
  }

  /// Another process may fetch the same: then its end is waited for, and what it brought is taken.
  private func bring(_ file: PromisedFile, _ found: Found, _ client: HubClient, progress: @escaping (Int64) -> Void) throws {
    let lock = try BlobLock.take(found.cache.lock(file.blob), patience: patience) { tell(.waiting(file: file.name)) }
    defer { lock.release() }
    if let content = found.cache.content(file.blob), content.byteCount == file.byteCount, try content.isWhole() { return }
    let place = found.cache.unfinished(file.blob)
    do {
      try Download(file, found.model, to: place, patience: patience).run(client, progress: progress)
    } catch let error as FetchError {
      // Bytes that are not what was promised are of no use to the next.
      switch error {
      case .otherDigest, .tooLong: unlink(place.path)
      default: break
      }
      throw error
    }
    try found.cache.keep(file.blob)
  }
}
