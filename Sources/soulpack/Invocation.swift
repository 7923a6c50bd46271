internal import ArgumentParser
internal import Artifacts
internal import Dispatch
internal import Foundation
internal import Synchronization

/// One run of the program: parse, do, and turn whatever went wrong into words and an exit code.
enum Invocation {
  static func run(_ arguments: [String]) async -> Exit {
    signal(SIGPIPE, SIG_IGN)
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
      return .done
    } catch let exit as EndsWith {
      return exit.code
    } catch is CancellationError {
      terminal.sayAlways("soulpack: interrupted; what was done is kept, and the next build goes on from there")
      return .interrupted
    } catch let error as any ExplainedError {
      terminal.show(error)
      return Exit(for: error)
    } catch where isUsage(error) {
      return showUsage(error)
    } catch {
      let error = SystemError(error)
      terminal.show(error)
      return Exit(for: error)
    }
  }

  /// Help and version are results; everything else that the parser says is an error of usage.
  private static func showUsage(_ error: any Error) -> Exit {
    let text = Soulpack.fullMessage(for: error)
    guard Soulpack.exitCode(for: error) != .success else {
      Terminal().print(text)
      return .done
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    let first = lines.popFirst().map { $0.hasPrefix("Error: ") ? String($0.dropFirst(7)) : String($0) } ?? ""
    Terminal().sayAlways("soulpack: error: " + first)
    for line in lines { Terminal().sayAlways(String(line)) }
    return .usage
  }

  private static func isUsage(_ error: any Error) -> Bool {
    error is ValidationError || error is CleanExit || Soulpack.exitCode(for: error) == .validationFailure
  }

  /// The first Ctrl-C or TERM asks the work to stop at the next safe point; the second ends the process at once, which is safe too.
  private static func interruptible(_ work: @escaping @Sendable () async -> Exit) async -> Exit {
    let task = Task { await work() }
    let isAsked = Atomic(false)
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if isAsked.exchange(true, ordering: .relaxed) { Foundation._exit(Exit.interrupted.rawValue) }
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
      sayAlways(String(decoding: document.canonical, as: UTF8.self))
      return
    }
    sayAlways(style("soulpack: error: ", .red) + error.message)
    if let hint = error.hint { sayAlways(style("hint: ", .bold) + hint) }
  }
}
