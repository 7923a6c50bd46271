internal import ArgumentParser
internal import Artifacts
internal import Dispatch
internal import Foundation
internal import Steps
internal import Synchronization

/// One run of the program: parse, do, and turn whatever went wrong into words and an exit code.
enum Invocation {
  static func run(_ arguments: [String]) async -> Exit {
    // A reader that went away, and a file that grows past `ulimit -f`, are then errors of write(2), to be told as such, and not the end of
    // the process. A handler that does nothing, and not SIG_IGN, which a command of a recipe would inherit: execve(2) keeps what is ignored
    // and sets what is handled back.
    for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } }
    return await interruptible { await perform(arguments) }
  }

  private static func perform(_ arguments: [String]) async -> Exit {
    let terminal = Terminal(isJSON: arguments.contains("--json"))
    do {
      let command = try Soulpack.parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        var command = command
        try command.run()
      }
      return try terminal.outcome()
    } catch let exit as EndsWith {
      return exit.code
    } catch is CancellationError {
      terminal.show(Interrupted())
      return .interrupted
    } catch let error as any ExplainedError {
      terminal.show(error)
      return Exit(for: error)
    } catch where isUsage(error) {
      return showUsage(error, terminal)
    } catch {
      let error = SystemError(error)
      terminal.show(error)
      return Exit(for: error)
    }
  }

  /// Help and version are results; everything else that the parser says is an error of usage.
  private static func showUsage(_ error: any Error, _ terminal: Terminal) -> Exit {
    let text = Soulpack.fullMessage(for: error)
    guard Soulpack.exitCode(for: error) != .success else {
      terminal.print(text)
      return .done
    }
    let error = UsageError(parserText: text)
    terminal.show(error)
    return Exit(for: error)
  }

  private static func isUsage(_ error: any Error) -> Bool {
    [.success, .validationFailure].contains(Soulpack.exitCode(for: error))
  }

  /// The first Ctrl-C, TERM or closed terminal asks the work to stop at the next safe point; the second ends the process at once, which is safe too.
  private static func interruptible(_ work: @escaping @Sendable () async -> Exit) async -> Exit {
    let task = Task { await work() }
    let isAsked = Atomic(false)
    let sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number -> (any DispatchSourceSignal)? in
      let before = signal(number, SIG_IGN)
      // nohup(1) had it ignored, and means it.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { return nil }
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if isAsked.exchange(true, ordering: .relaxed) {
          // A terminal that is closed says so twice, by its shell and by the kernel: nobody has lost patience.
          if number == SIGHUP { return }
          ForeignCommand.endAll()
          Foundation._exit(Exit.interrupted.rawValue)
        }
        task.cancel()
      }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    return await task.value
  }
}

/// Thrown by a command that has already said everything and only has a code left.
struct EndsWith: Error {
  let code: Exit
}

/// The command line is not one that the parser knows. Its words are the parser's.
struct UsageError: ExplainedError {
  let message: String
  let hint: String?

  init(_ message: String, hint: String) { (self.message, self.hint) = (message, hint) }

  /// `Error: WHAT`, `Usage: FORM`, and where to read more.
  init(parserText text: String) {
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    func rest(of prefix: String) -> String? { lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) } }
    let what = rest(of: "Error: ") ?? lines.first ?? ""
    message = what.prefix(1).lowercased() + what.dropFirst()
    let more = rest(of: "See '").map { ", more of it: " + $0.prefix { $0 != "'" } } ?? ""
    hint = rest(of: "Usage: ").map { $0 + more }
  }
}

struct Interrupted: ExplainedError {
  var message: String { "interrupted" }
  var hint: String? { "what a build has finished is kept, and the next one goes on from there; `reproduce` keeps nothing; a folder is written whole or not at all" }
}

/// What the system refused, in its own words, where no room made it an error of its own.
struct SystemError: ExplainedError {
  let message: String
  let hint: String?

  init(_ error: any Error) {
    let cocoa = error as NSError
    let path = (cocoa.userInfo[NSFilePathErrorKey] as? String).map { $0 + ": " } ?? ""
    let underlying = (cocoa.userInfo[NSUnderlyingErrorKey] as? NSError) ?? cocoa
    if underlying.domain == NSPOSIXErrorDomain {
      message = path + String(cString: strerror(Int32(underlying.code))).lowercased()
      hint = Int32(underlying.code) == ENOSPC ? "free some space; what was done before is kept" : nil
    } else {
      message = path + cocoa.localizedDescription
      hint = nil
    }
  }
}

extension Terminal {
  func show(_ error: any ExplainedError) {
    guard !isJSON else {
      let document: JSONValue = [
        "schema": "soulpack.error/1", "code": .integer(Int64(Exit(for: error).rawValue)), "message": .string(error.message),
        "hint": error.hint.map(JSONValue.string) ?? .null,
      ]
      sayAlways(document.canonicalText)
      return
    }
    sayAlways(style("soulpack: error: ", .red) + error.message.harmless)
    if let hint = error.hint { sayAlways(style("hint: ", .bold) + hint.harmless) }
  }
}
