package import Artifacts

/// Where two JSON documents differ, place by place.
package struct DocumentDifference: Hashable, Sendable {
  /// Member names and indices from the top, joined by dots: `parameters.optimizer.learning-rate`.
  package let place: String
  /// Nil where the place is only in the later document.
  package let earlier: JSONValue?
  /// Nil where the place is only in the earlier document.
  package let later: JSONValue?

  /// The differences, ordered by place.
  package static func between(_ earlier: JSONValue, _ later: JSONValue) -> [DocumentDifference] {
    compare(earlier, later, at: [])
  }

  private static func compare(_ earlier: JSONValue?, _ later: JSONValue?, at path: [String]) -> [DocumentDifference] {
    if earlier == later { return [] }
    guard let earlier, let later else {
      return [DocumentDifference(place: path.joined(separator: "."), earlier: earlier, later: later)]
    }
    switch (earlier, later) {
    case (.object(let old), .object(let new)):
      return Set(old.keys).union(new.keys).sorted().flatMap { compare(old[$0], new[$0], at: path + [$0]) }
    case (.array(let old), .array(let new)):
      return (0..<max(old.count, new.count)).flatMap { index in
        compare(index < old.count ? old[index] : nil, index < new.count ? new[index] : nil, at: path + ["\(index)"])
      }
    default:
      return [DocumentDifference(place: path.joined(separator: "."), earlier: earlier, later: later)]
    }
  }
}
