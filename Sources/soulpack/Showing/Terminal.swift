internal import Artifacts
internal import Foundation
internal import Store
internal import Synchronization

/// The errno of the first result that could not be written; 0 where all were. One for the process, as standard output is.
private let outputFailure = Atomic<Int32>(0)

/// The two streams: results on standard output, talk on standard error. Nothing else in soulpack prints.
struct Terminal: Sendable {
  enum Talk: Sendable { case quiet, normal, verbose }

  let talk: Talk
  /// Reports and errors as JSON.
  let isJSON: Bool
  let errorIsTerminal: Bool
  let errorHasColour: Bool
  let outputHasColour: Bool

  init(talk: Talk = .normal, isJSON: Bool = false) {
    self.talk = talk
    self.isJSON = isJSON
    let environment = ProcessInfo.processInfo.environment
    // https://no-color.org: any value but the empty one turns colour off. TERM=dumb has no cursor either.
    let mayColour = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    errorIsTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    errorHasColour = errorIsTerminal && mayColour
    outputHasColour = isatty(STDOUT_FILENO) == 1 && mayColour
  }

  /// A result.
  func print(_ text: String) {
    let code = write(isJSON ? text + "\n" : text.harmless + "\n", to: STDOUT_FILENO)
    if code != 0 { outputFailure.store(code, ordering: .relaxed) }
  }

  /// A result that is bytes, as they are: for a program or a file. Ends the command where nobody reads any more.
  func put(_ bytes: [UInt8]) throws {
    let code = write(bytes[...], to: STDOUT_FILENO)
    guard code == 0 else { throw code == EPIPE ? EndsWith(code: .done) : LostOutput(code: code) as any Error }
  }

  /// How a command ends that did its work. A reader that went away (`soulpack log | head`) is no failure; a result that was lost is one.
  func outcome() throws(LostOutput) -> Exit {
    let code = outputFailure.load(ordering: .relaxed)
    guard code == 0 || code == EPIPE else { throw LostOutput(code: code) }
    return .done
  }

  /// Talk that `-q` silences.
  func say(_ text: String) {
    if talk != .quiet { write(text + "\n", to: STDERR_FILENO) }
  }

  /// A remark beside the work, in the form that was asked for.
  func remark(_ text: String) {
    say(remarkLine(text))
  }

  /// A remark that nothing silences: what is there may not be what its reader takes it for.
  func warn(_ text: String) {
    sayAlways(remarkLine("warning: " + text))
  }

  private func remarkLine(_ text: String) -> String {
    isJSON ? (["schema": "soulpack.remark/1", "text": .string(text)] as JSONValue).canonicalText : "soulpack: " + text.harmless
  }

  /// Said once by a command that waits for the store.
  func tellWaiting(_ holder: WriterLock.Holder?) {
    remark("waiting for " + (holder.map { "process \($0.processID) (\($0.command))" } ?? "another soulpack") + ", which has the store")
  }

  /// What the audit of a scan caught.
  func tellDisguised(_ paths: [String]) {
    warn("\(paths.joined(separator: ", ")): the bytes changed and no time did; every file was read again. Check this disk, its file system and the clock")
  }

  /// Talk that nothing silences: errors, and questions.
  func sayAlways(_ text: String, terminator: String = "\n") { write(text + terminator, to: STDERR_FILENO) }

  /// A report, once, in the form that was asked for.
  func show(_ report: some Report) {
    if isJSON {
      print(report.document.canonicalText)
    } else {
      for line in report.lines { print(line) }
    }
  }

  /// A report beside a result that has standard output for itself.
  func tell(_ report: some Report) {
    if isJSON { return say(report.document.canonicalText) }
    for line in report.lines { say(line.harmless) }
  }

  /// Emphasis on standard error; plain where it is not a terminal.
  func style(_ text: String, _ style: Style) -> String {
    errorHasColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  enum Style: String { case bold = "1", dim = "2", red = "31", green = "32", yellow = "33" }

  /// 0, or an errno. Talk that cannot be written is no reason to stop: the exit code of the work still stands.
  @discardableResult
  private func write(_ text: String, to descriptor: Int32) -> Int32 { write(Array(text.utf8)[...], to: descriptor) }

  private func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int32 {
    var bytes = bytes
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return errno }
      bytes = bytes.dropFirst(count)
    }
    return 0
  }
}

/// Standard output took not all of a result.
struct LostOutput: ExplainedError {
  let code: Int32

  var message: String { "standard output: the result could not be written: \(String(cString: strerror(code)).lowercased())" }
  var hint: String? { "the work itself is done and kept" }
}

extension String {
  /// Without control characters, which could repaint a terminal: a stranger's archive or a command may hold any. Lines and tabs stay.
  var harmless: String {
    guard unicodeScalars.contains(where: \.isHarmful) else { return self }
    return unicodeScalars.map { $0.isHarmful ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
  }
}

extension String {
  /// Harmless, and without ends of lines. Scalar by scalar: CR and LF are one `Character`.
  var onOneLine: String { String(harmless.unicodeScalars.map { $0 == "\n" ? "\\n" : String($0) }.joined()) }

  /// As a POSIX shell reads it back: quoted where it has to be (Shell Command Language, section 2.2.2).
  var asShellWord: String {
    let isPlain = !isEmpty && utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: true
      default: "_-./:,@%+=".utf8.contains(byte)
      }
    }
    return isPlain ? self : "'" + replacing("'", with: #"'\''"#) + "'"
  }
}

extension Unicode.Scalar {
  /// C0 and C1 controls, separators of lines, and the marks that turn the direction of text around (CVE-2021-42574).
  fileprivate var isHarmful: Bool {
    switch value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
