internal import CKernels

/// Every operator over fixed inputs, against the number that docs/numerics.md has for it (section 15). Where all paths of a build agree with
/// each other and not with these, all have moved together.
package enum KnownAnswers {
  /// An operator that gave something else.
  package struct Difference: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let path: VectorPath
    package let threads: Int

    package var description: String { "the operator \(name) on the \(path) path, \(threads) threads" }
  }

  /// The operators, in the order of the page, and what each must give.
  package static var expected: [(name: String, answer: UInt64)] {
    (0..<ck_known_answer_count()).map { (String(cString: ck_known_answer_name($0)), ck_known_answer_expected($0)) }
  }

  /// Asks every operator on every path that this CPU has, with one and with three threads.
  package static func differences() throws -> [Difference] {
    try VectorPath.available.flatMap { path in try path.whileForced { [1, 3].flatMap { differences(path, threads: $0) } } }
  }

  private static func differences(_ path: VectorPath, threads: Int) -> [Difference] {
    let pool = ck_pool_create(Int32(threads))
    defer { ck_pool_destroy(pool) }
    return expected.enumerated().filter { ck_known_answer_compute(pool, $0) != $1.answer }
      .map { Difference(name: $1.name, path: path, threads: threads) }
  }
}
