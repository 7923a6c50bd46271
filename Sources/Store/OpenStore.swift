package import Foundation

/// What the holder of a store may do with it.
package protocol StoreAccess: Sendable {}
/// Without the writer lock: reads never wait.
package enum Reading: StoreAccess {}
/// With the writer lock.
package enum Writing: StoreAccess {}

package typealias ReadableStore = OpenStore<Reading>
package typealias WritableStore = OpenStore<Writing>

/// The content-addressed store under `.soulpack/`: objects, what actions gave, lineage, the history of builds and the event log.
///
/// It is disposable: deleting it costs time, nothing else. Killed at any instant, what was committed stays and what was half done is not
/// seen. Begin with `ReadableStore.open(at:)` or `WritableStore.open(at:command:)`; what needs the writer lock exists on the writing side only.
package struct OpenStore<Access: StoreAccess>: Sendable {
  package let root: URL
  package let objects: ObjectStore<Access>
  package let actions: ActionCache<Access>
  package let builds: BuildHistory<Access>
  package let lineage: LineageIndex
  package let log: EventLog<Access>
  package let memo: Memo<Access>
  /// Which states each scanned folder was taken in.
  package let versions: FolderVersions<Access>

  let layout: StoreLayout
  let database: StoreDatabase
  private let lock: WriterLock?

  private init(layout: StoreLayout, database: StoreDatabase, lock: WriterLock?, calls: DiskCalls) {
    root = layout.root
    objects = ObjectStore(layout: layout, database: database, shelf: PackShelf(folder: layout.packs), calls: calls)
    actions = ActionCache(stored: objects.stored, database: database)
    builds = BuildHistory(database: database)
    lineage = LineageIndex(stored: objects.stored, database: database)
    versions = FolderVersions(database: database)
    memo = Memo(layout: layout, database: database, shelf: PackShelf(folder: layout.memo), calls: calls)
    log = EventLog(path: layout.log, database: database, calls: calls)
    self.layout = layout
    self.database = database
    self.lock = lock
  }

  /// Ends the use of this store, and of everything that was taken from it. Letting go of the last copy does the same, but cannot say what failed.
  package func close() throws {
    try database.close()
    lock?.release()
  }
}

extension OpenStore where Access == Reading {
  /// Opens the store at `root`; throws `StoreError.absent` where there is none. Another process may be writing.
  package static func open(at root: URL) throws -> ReadableStore {
    let layout = StoreLayout(root: root)
    guard FileStatus(at: layout.database, followingLinks: true) != nil else { throw StoreError.absent(path: layout.path) }
    try layout.requireOurs()
    return OpenStore(layout: layout, database: try .reading(at: layout.database), lock: nil, calls: .system)
  }
}

extension OpenStore where Access == Writing {
  /// Opens the store at `root`, and makes it first where there is none. Throws `StoreError.held` while another process writes. `command`
  /// is shown to those who wait for this one.
  package static func open(at root: URL, command: String, calls: DiskCalls = .system) throws -> WritableStore {
    let layout = try prepared(root)
    return try open(layout, holding: try .take(at: layout.lock, command: command), calls: calls)
  }

  /// The same, waiting until no other process writes. `onWaiting` is called once for each process that is waited for, with nil where it
  /// does not say who it is. Ends early when the task is cancelled.
  package static func waitAndOpen(at root: URL, command: String, onWaiting: (WriterLock.Holder?) -> Void) async throws -> WritableStore {
    let layout = try prepared(root)
    let lock = try await WriterLock.wait(at: layout.lock, command: command, onWaiting: onWaiting)
    return try open(layout, holding: lock, calls: .system)
  }

  /// The same store for code that only reads.
  package var reading: ReadableStore {
    OpenStore<Reading>(layout: layout, database: database, lock: lock, calls: .system)
  }

  private static func prepared(_ root: URL) throws -> StoreLayout {
    let layout = StoreLayout(root: root)
    try layout.requireOurs()
    try layout.makeRoot()
    return layout
  }

  private static func open(_ layout: StoreLayout, holding lock: WriterLock, calls: DiskCalls) throws -> WritableStore {
    let database = try StoreDatabase.writing(at: layout.database)
    try layout.makeContents(calls: calls)
    try layout.removeLeftovers()
    let store = OpenStore(layout: layout, database: database, lock: lock, calls: calls)
    do {
      try store.objects.finishRemoval()
    } catch StoreError.logInUse {
      // The next writer tries again: whoever removed something was told.
    }
    return store
  }
}
