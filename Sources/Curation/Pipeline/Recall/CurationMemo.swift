package import Artifacts
package import Foundation

/// Where runs of a curation remember for the next one what is theirs to compute: values by keys, any of which may be gone the next time. No result
/// depends on it.
package struct CurationMemo: Sendable {
  package typealias Value = (key: Digest, value: Data)

  /// What a run did, for who wants to know whether anything came back.
  package struct Report: Hashable, Sendable {
    package var assessedErrands = 0
    package var recalledErrands = 0
    package var startedOver = false
    /// The last run's result was amended, and its records not gone through.
    package var amended = false
  }

  /// Of everything besides the files that decides what is made of a record.
  let scope: Digest
  /// Which curation it is: of several with one scope, each remembers its own last run.
  let name: String
  let lookup: @Sendable ([Digest]) throws -> [Data?]
  let keep: @Sendable ([Value]) throws -> Void
  /// Whether all of some pieces that earlier runs put on the shelf are still there.
  let areStored: @Sendable ([Digest]) throws -> Bool
  let report: @Sendable (Report) -> Void

  package init(
    scope: Digest, name: String, lookup: @escaping @Sendable ([Digest]) throws -> [Data?], keep: @escaping @Sendable ([Value]) throws -> Void,
    areStored: @escaping @Sendable ([Digest]) throws -> Bool, report: @escaping @Sendable (Report) -> Void = { _ in }
  ) {
    (self.scope, self.name, self.lookup, self.keep, self.areStored, self.report) = (scope, name, lookup, keep, areStored, report)
  }
}

/// What was remembered does not suffice: the run begins again, and recalls nothing.
struct RecallMiss: Error {}
