internal import Foundation

/// Hears what a running program writes to its standard output, and when it broke the protocol.
struct JobListener {
  struct Limits: Sendable {
    var silence = Duration.seconds(600)
    var lineByteCount = 65_536
    var outputByteCount: UInt64 = 256 << 20
    /// So that one call ends, however fast the program writes.
    var pieceByteCount = 1 << 20
  }

  private let output: ProgramOutput
  private let limits: Limits
  private var offset: UInt64 = 0
  private var partial = Data()
  private var lineCount = 0
  private var lastHeard = ContinuousClock.now

  /// `done` or `diverged`.
  private(set) var ending: JobEvent?
  /// The first breach. Nothing is heard after it.
  private(set) var breach: JobFailure.Problem?

  init(_ output: ProgramOutput, _ limits: Limits) {
    self.output = output
    self.limits = limits
  }

  /// Reads a piece of what is new, and gives its events in order.
  mutating func hear() throws -> [JobEvent] {
    guard breach == nil else { return [] }
    let byteCount = try output.byteCount
    guard byteCount <= limits.outputByteCount else {
      breach = .tooMuchOutput(byteLimit: limits.outputByteCount)
      return []
    }
    // A program can also empty its output: nothing is new then.
    let bytes = byteCount > offset ? try output.bytes(at: offset, limit: min(limits.pieceByteCount, Int(byteCount - offset))) : Data()
    offset += UInt64(bytes.count)
    if !bytes.isEmpty { lastHeard = .now }
    let events = take(bytes)
    if breach == nil, ContinuousClock.now - lastHeard > limits.silence { breach = .silent(limits.silence) }
    return events
  }

  /// The program is gone: what it wrote last is heard and shown to `body`, and how it ended counts.
  mutating func hearRest(_ end: CommandEnd, _ body: ([JobEvent]) -> Void) throws {
    if case .silent = breach, end == .exit(0) { breach = nil }  // It spoke late, and has ended by itself.
    lastHeard = .now
    var start: UInt64
    repeat {
      start = offset
      body(try hear())
    } while offset > start
    if breach == nil, end != .exit(0) { breach = .ended(end) }
    if breach == nil, !partial.isEmpty { breach = .notAnEvent(line: lineCount + 1) }
  }

  private mutating func take(_ bytes: Data) -> [JobEvent] {
    partial += bytes
    var events: [JobEvent] = []
    var start = partial.startIndex
    while breach == nil, let end = partial[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if let event = event(Data(partial[start..<end])) { events.append(event) }
      start = end + 1
    }
    partial = Data(partial[start...])
    if breach == nil, partial.count > limits.lineByteCount { breach = .longLine(line: lineCount + 1, byteLimit: limits.lineByteCount) }
    return events
  }

  private mutating func event(_ line: Data) -> JobEvent? {
    lineCount += 1
    guard line.count <= limits.lineByteCount else {
      breach = .longLine(line: lineCount, byteLimit: limits.lineByteCount)
      return nil
    }
    guard ending == nil else {
      breach = .spokeAfterEnd(line: lineCount)
      return nil
    }
    guard let event = JobEvent(line: line) else {
      breach = .notAnEvent(line: lineCount)
      return nil
    }
    switch event {
    case .done, .diverged: ending = event
    case .progress, .note: break
    }
    return event
  }
}
