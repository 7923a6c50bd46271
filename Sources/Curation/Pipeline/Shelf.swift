package import Artifacts
package import Foundation
internal import Hashing
internal import Synchronization

/// Where a curation puts the pieces of what it makes, each under its digest. Safe on many threads.
package struct Shelf: Sendable {
  package let put: @Sendable (Data) throws -> Digest

  package init(put: @escaping @Sendable (Data) throws -> Digest) { self.put = put }
}

/// A shelf that is gone with whoever holds it.
package final class MemoryShelf: Sendable {
  private let pieces = Mutex<[Digest: Data]>([:])

  package init() {}

  package var shelf: Shelf {
    Shelf { data in
      let digest = Digest(hashing: data)
      self.pieces.withLock { $0[digest] = data }
      return digest
    }
  }

  package func get(_ digest: Digest) throws -> Data {
    guard let data = pieces.withLock({ $0[digest] }) else { throw CurationError.unreadable(path: digest.description, reason: "it was not kept") }
    return data
  }
}
