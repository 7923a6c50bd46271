internal import Artifacts
internal import Foundation

/// Where a passphrase comes from: a file descriptor named by `SOULPACK_PASSPHRASE_FD`, else the terminal, else nowhere.
enum Passphrase {
  /// The passphrase for an existing key.
  static func ask(_ prompt: String) throws -> [UInt8] {
    if let fromDescriptor = try readDescriptor() { return fromDescriptor }
    return try readTerminal(prompt, otherwise: .noTerminal)
  }

  /// The passphrase for a new key: on a terminal it is typed twice.
  static func choose() throws -> [UInt8] {
    if let fromDescriptor = try readDescriptor() { return fromDescriptor }
    let first = try readTerminal("passphrase for the new key: ", otherwise: .noTerminalForNewKey)
    guard !first.isEmpty else { throw PassphraseProblem.empty }
    guard try readTerminal("the same again: ", otherwise: .noTerminalForNewKey) == first else { throw PassphraseProblem.typedDifferently }
    return first
  }

  /// One line; the line feed is not part of it.
  private static func readDescriptor() throws -> [UInt8]? {
    guard let value = ProcessInfo.processInfo.environment["SOULPACK_PASSPHRASE_FD"] else { return nil }
    guard let descriptor = Int32(value), descriptor >= 0, fcntl(descriptor, F_GETFD) != -1 else { throw PassphraseProblem.badDescriptor(value) }
    let line = try TypedLine.read(from: descriptor)
    guard !line.isEmpty else { throw PassphraseProblem.empty }
    return line
  }

  private static func readTerminal(_ prompt: String, otherwise problem: PassphraseProblem) throws -> [UInt8] {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0, isatty(STDERR_FILENO) == 1 else { throw problem }
    defer { close(terminal) }
    var shown = termios()
    guard tcgetattr(terminal, &shown) == 0 else { throw problem }
    var hidden = shown
    hidden.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal, TCSAFLUSH, &hidden)
    defer { tcsetattr(terminal, TCSAFLUSH, &shown) }
    Terminal().sayAlways(prompt, terminator: "")
    defer { Terminal().sayAlways("") }
    return try TypedLine.read(from: terminal)
  }
}

enum PassphraseProblem: ExplainedError, Hashable {
  case noTerminal
  case noTerminalForNewKey
  case badDescriptor(String)
  case empty
  case typedDifferently

  var message: String {
    switch self {
    case .noTerminal: "the key needs its passphrase, and there is no terminal to ask on"
    case .noTerminalForNewKey: "a new key needs a passphrase, and there is no terminal to ask on"
    case .badDescriptor(let value): "SOULPACK_PASSPHRASE_FD names \"\(value)\", which is not an open file descriptor"
    case .empty: "the passphrase is empty"
    case .typedDifferently: "the two passphrases differ"
    }
  }

  var hint: String? {
    switch self {
    case .noTerminal: "set SOULPACK_KEY_FILE to the key's file and SOULPACK_PASSPHRASE_FD to a descriptor that gives the passphrase"
    case .noTerminalForNewKey: "give it on a descriptor (SOULPACK_PASSPHRASE_FD=3 soulpack keys new NAME 3<passphrase.txt), or use --no-passphrase"
    case .badDescriptor: "for example: SOULPACK_PASSPHRASE_FD=3 soulpack publish … 3<passphrase.txt"
    case .empty: "a key without a passphrase is made by `soulpack keys new NAME --no-passphrase`"
    case .typedDifferently: nil
    }
  }
}
