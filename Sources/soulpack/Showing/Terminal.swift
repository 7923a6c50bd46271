internal import Artifacts
internal import Foundation
internal import Synchronization

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
  func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Talk that `-q` silences.
  func say(_ text: String) {
    if talk != .quiet { write(text + "\n", to: STDERR_FILENO) }
  }

  /// Talk that nothing silences: errors, and questions.
  func sayAlways(_ text: String, terminator: String = "\n") { write(text + terminator, to: STDERR_FILENO) }

  /// A report, once, in the form that was asked for.
  func show(_ report: some Report) {
    if isJSON {
      print(String(decoding: report.document.canonical, as: UTF8.self))
    } else {
      for line in report.lines { print(line) }
    }
  }

  /// Emphasis on standard error; plain where it is not a terminal.
  func style(_ text: String, _ style: Style) -> String {
    errorHasColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  enum Style: String { case bold = "1", dim = "2", red = "31", green = "32", yellow = "33" }

  private func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // A reader that went away (`soulpack log | head`) is no reason to talk further; the exit code of the work still stands.
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
