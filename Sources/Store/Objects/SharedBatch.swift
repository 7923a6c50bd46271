package import Artifacts
package import Foundation
internal import Synchronization

/// A batch for several threads, which take turns: what a step makes on all cores is written one after another, and named all at once.
package final class SharedBatch: Sendable {
  private let batch: Mutex<ObjectBatch>

  fileprivate init(_ batch: sending ObjectBatch) { self.batch = Mutex(batch) }

  /// As `ObjectBatch.add`.
  package func add(_ bytes: Data) throws -> Digest { try batch.withLock { try $0.add(bytes) } }

  package func add(_ bytes: Data, holding members: [Digest]) throws -> Digest { try batch.withLock { try $0.add(bytes, holding: members) } }

  fileprivate func commit(to objects: ObjectStore<Writing>) throws { try batch.withLock { try objects.commit([$0]) } }
}

extension ObjectStore where Access == Writing {
  /// As `withBatch`, for a body that suspends.
  package func withSharedBatch<Result: Sendable>(_ body: (SharedBatch) async throws -> Result) async throws -> Result {
    let batch = SharedBatch(ObjectBatch(stored, calls: calls))
    let result = try await body(batch)
    try batch.commit(to: self)
    return result
  }
}
