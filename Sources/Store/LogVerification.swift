internal import Artifacts
internal import Foundation
internal import Hashing

/// What is wrong with an event log. Lines count from 1.
package enum LogProblem: Hashable, Sendable {
  case unreadable(line: Int)
  /// A line was cut out, put in, or moved.
  case outOfSequence(line: Int, expected: Int64, found: Int64)
  /// The line is not the one that the next line was chained to.
  case changed(line: Int)
  /// The log does not hold the line that a head names: its end was cut off, or that line was changed.
  case headMissing(LogHead)

  package var message: String {
    switch self {
    case .unreadable(let line): "log:\(line): not a line of an event log"
    case .outOfSequence(let line, let expected, let found): "log:\(line): event \(found) stands where event \(expected) belongs"
    case .changed(let line): "log:\(line): the line was changed after it was written"
    case .headMissing(let head): "log: event \(head.sequence) with digest \(head.digest) is gone or was changed"
    }
  }
}

/// What checking the whole log found.
package struct LogVerification: Hashable, Sendable {
  package let lineCount: Int
  package let head: LogHead?
  /// What a crash left behind the last line feed: no problem, and mended by the next writer.
  package let tornByteCount: Int
  package let problems: [LogProblem]
}

extension EventLog {
  /// Checks every line, the chain, and that the log still holds the heads that are known: the database's, and one pinned elsewhere.
  package func verify(pinned: LogHead? = nil) throws -> LogVerification {
    // The witness is read first: a writer may add lines meanwhile, and never takes one away.
    let witnessed = try database.read { try witnessedHead(in: $0) }
    let bytes = try LogBytes(at: path)
    var chain = LogChain()
    for line in bytes.lines { chain.add(line) }
    if let completed = LogHead(completing: bytes.torn, after: chain.last) { chain.heads.insert(completed) }
    let lost = Set([witnessed, pinned].compactMap { $0 }).subtracting(chain.heads).sorted { $0.sequence < $1.sequence }
    return LogVerification(
      lineCount: bytes.lines.count, head: chain.last, tornByteCount: bytes.torn.count,
      problems: chain.problems + lost.map(LogProblem.headMissing))
  }
}

/// The state of walking along the chain.
private struct LogChain {
  var problems: [LogProblem] = []
  var heads: Set<LogHead> = []
  var last: LogHead?
  private var lineCount = 0
  private var previousWasReadable = true

  mutating func add(_ line: Data) {
    lineCount += 1
    guard let entry = LogEntry(line: line) else {
      problems.append(.unreadable(line: lineCount))
      previousWasReadable = false
      return
    }
    if previousWasReadable { check(entry) }
    let head = LogHead(entry, line: line)
    heads.insert(head)
    last = head
    previousWasReadable = true
  }

  /// With the right number and a wrong digest, it is the line before that was changed.
  private mutating func check(_ entry: LogEntry) {
    let expected = (last?.sequence ?? 0) + 1
    if entry.sequence != expected {
      problems.append(.outOfSequence(line: lineCount, expected: expected, found: entry.sequence))
    } else if entry.previous != last?.digest {
      problems.append(.changed(line: max(1, lineCount - 1)))
    }
  }
}
