package import Artifacts
internal import Foundation
internal import Hashing

/// What an event speaks of: digests, names and counts. There is no case for free text, so that none gets into the log.
package enum LogDetail: Hashable, Sendable {
  case digest(Digest)
  /// The name of an action, a target, a file or a key.
  case name(String)
  case count(Int64)
}

/// One line of the event log.
package struct LogEntry: Hashable, Sendable {
  /// 1 for the first.
  package let sequence: Int64
  /// The digest of the line before, without its line feed; nil for the first.
  package let previous: Digest?
  /// RFC 3339, UTC.
  package let time: String
  package let event: String
  package let details: [String: LogDetail]

  init(after head: LogHead?, time: Date, event: String, details: [String: LogDetail]) {
    sequence = (head?.sequence ?? 0) + 1
    previous = head?.digest
    self.time = time.formatted(.iso8601)
    self.event = event
    self.details = details
  }

  /// The line, canonical (RFC 8785), without its line feed.
  var line: Data {
    let value: JSONValue = [
      "sequence": .integer(sequence), "previous": previous.map { .digest($0) } ?? .null, "time": .string(time),
      "event": .string(event), "details": .object(details.mapValues(\.json)),
    ]
    return value.canonical
  }

  /// Nil where the bytes are not a line that `line` would write.
  init?(line: Data) {
    guard let value = try? JSONValue(parsingCanonical: line),  // That it is no such line is all that is asked.
      let members = value.object, members.count == 5, let details = members["details"]?.object,
      let sequence = members["sequence"]?.integer, let time = members["time"]?.string, let event = members["event"]?.string
    else { return nil }
    switch members["previous"] {
    case .null: previous = nil
    case .string(let text):
      guard let digest = Digest(text) else { return nil }
      previous = digest
    default: return nil
    }
    self.sequence = sequence
    self.time = time
    self.event = event
    self.details = details.compactMapValues(LogDetail.init(json:))
    guard self.details.count == details.count else { return nil }
  }
}

/// The end of the log at one moment.
package struct LogHead: Hashable, Sendable {
  package let sequence: Int64
  /// The digest of that line.
  package let digest: Digest

  package init(sequence: Int64, digest: Digest) {
    self.sequence = sequence
    self.digest = digest
  }

  init(_ entry: LogEntry, line: Data) { self.init(sequence: entry.sequence, digest: Digest(hashing: line)) }

  /// Nil unless `torn` is the whole line that follows `head`, but for its line feed.
  init?(completing torn: Data, after head: LogHead?) {
    guard let entry = LogEntry(line: torn), entry.previous == head?.digest, entry.sequence == (head?.sequence ?? 0) + 1 else { return nil }
    self.init(entry, line: torn)
  }
}

extension LogDetail {
  fileprivate var json: JSONValue {
    switch self {
    case .digest(let digest): .digest(digest)
    case .name(let name): .string(name)
    case .count(let count): .integer(count)
    }
  }

  fileprivate init?(json: JSONValue) {
    switch json {
    case .string(let text): self = Digest(text).map { .digest($0) } ?? .name(text)
    case .integer(let count): self = .count(count)
    default: return nil
    }
  }
}
