internal import Foundation

/// Hears what a running program writes to its standard output, and when it broke the protocol.
///
/// The output goes to a file and not through a pipe: a pipe ends only when everybody who inherited it is gone, and a program may leave children
/// that never are.
struct JobListener {
  struct Limits: Sendable {
    var silence = Duration.seconds(600)
    var lineByteCount = 65_536
    var outputByteCount: UInt64 = 256 << 20
  }

  private let file: URL
  private let limits: Limits
  private var offset: UInt64 = 0
  private var partial = Data()
  private var lineCount = 0
  private var lastHeard = ContinuousClock.now

  /// `done` or `diverged`.
  private(set) var ending: JobEvent?
  /// The first breach. Nothing is heard after it.
  private(set) var breach: JobFailure.Problem?

  init(_ file: URL, _ limits: Limits) {
    self.file = file
    self.limits = limits
  }

  /// Reads what is new, and gives its events in order.
  mutating func hear() throws -> [JobEvent] {
    guard breach == nil else { return [] }
    let handle = try FileHandle(forReadingFrom: file)
    try handle.seek(toOffset: offset)
    var events: [JobEvent] = []
    while breach == nil, let bytes = try handle.read(upToCount: 1 << 20), !bytes.isEmpty {
      offset += UInt64(bytes.count)
      lastHeard = .now
      if offset > limits.outputByteCount { breach = .tooMuchOutput(byteLimit: limits.outputByteCount) }
      events += take(bytes)
    }
    if breach == nil, ContinuousClock.now - lastHeard > limits.silence { breach = .silent(limits.silence) }
    return events
  }

  /// The program is gone: what it wrote last is heard, and how it ended counts.
  mutating func hearRest(_ end: CommandEnd) throws -> [JobEvent] {
    let events = try hear()
    if case .silent = breach, end == .exit(0) { breach = nil }  // It spoke late, and has ended by itself.
    if breach == nil, end != .exit(0) { breach = .ended(end) }
    if breach == nil, !partial.isEmpty { breach = .notAnEvent(line: lineCount + 1) }
    return events
  }

  private mutating func take(_ bytes: Data) -> [JobEvent] {
    partial += bytes
    var events: [JobEvent] = []
    while breach == nil, let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
      let line = Data(partial[..<end])
      partial = Data(partial[(end + 1)...])
      if let event = event(line) { events.append(event) }
    }
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
