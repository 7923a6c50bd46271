internal import Artifacts
internal import Synchronization

/// The ids that some thread has met already: of records with one content, one is counted, and it does not matter which.
final class SeenRecords: Sendable {
  /// Parted, so that threads seldom wait for each other.
  private let shelves: [Shelf] = (0..<64).map { _ in Shelf() }

  private final class Shelf: Sendable {
    let ids = Mutex<Set<RecordID>>([])
  }

  /// Whether it is the first.
  func insert(_ id: RecordID) -> Bool {
    shelves[Int(truncatingIfNeeded: id.digest.words.x >> 58)].ids.withLock { $0.insert(id).inserted }
  }
}
