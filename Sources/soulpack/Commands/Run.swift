internal import ArgumentParser
internal import Artifacts
internal import Engine
internal import Foundation
internal import Identities
internal import Packaging
internal import Signing
internal import Steps
internal import Store

/// `soulpack run X.soul "prompt"`: a Soul answers, if its bytes are whole, those whom I trust signed it, and it may be run by me.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a Soul answer a prompt, or talk with it.",
    discussion: """
      The archive is verified first, as by `verify`: a Soul that your trust policy does not name is not run. Then its own word counts: `run.allow` \
      names everybody, or the keys of those who may. Without a prompt, one is read from standard input; on a terminal it is a conversation, and an \
      empty line ends it. Nothing that is said is kept anywhere. The same prompt, settings and seed give the same words on every machine. \
      Exit code 6: not valid, or not signed. 8: not by those whom your policy asks for, or not for you.
      """)

  @Argument(help: "The Soul: a .soul file, NAME@VERSION, or the first digits of a Soul digest.") var soul: String
  @Argument(help: "What it is to answer.") var prompt: String?
  @Option(help: ArgumentHelp("What the system says before the conversation.", valueName: "text")) var system: String?
  @Option(parsing: .unconditional, help: ArgumentHelp("0 takes the likeliest token each time.", valueName: "number")) var temperature: Double = 0.7
  @Option(parsing: .unconditional, help: ArgumentHelp("Draw from the likeliest tokens whose probabilities reach this.", valueName: "share")) var topP: Double = 0.9
  @Option(parsing: .unconditional, help: ArgumentHelp("Another seed, other words.", valueName: "n")) var seed: UInt64 = 0
  @Option(parsing: .unconditional, help: ArgumentHelp("The most tokens of an answer.", valueName: "n")) var maxTokens: Int = 256
  @Option(help: SoulBase.help)
  var base: String?
  @Option(help: ArgumentHelp("A trust policy other than your own.", valueName: "file")) var policy: String?
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads of the engine. The words are the same for any number.", valueName: "n"))
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount
  @OptionGroup var common: CommonArguments

  func validate() throws {
    guard threads >= 1, threads <= 1024 else { throw ValidationError("--threads must be between 1 and 1024") }
    guard temperature >= 0, temperature.isFinite else { throw ValidationError("--temperature must be 0 or more") }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be above 0, and at most 1") }
    guard prompt.map({ !$0.isEmpty }) ?? true else { throw ValidationError("the prompt is empty") }
    guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be 1 or more") }
  }

  func run() async throws {
    let store = try ReadableStore.openIfThere(common)
    try SoulReference.withScratch { scratch in
      let archive = try SoulReference(text: soul, common: common).open(store, scratch: scratch, takingFolders: false)
      let report = try VerificationReport(of: archive, policy: policy, common)
      do throws(VerificationError) { try report.requireTrusted() } catch { throw RefusedSoul(cause: error) }
      try archive.manifest.requirePermission(of: KeyStore(folder: UserFolders().keys))
      if SmokeVersion.isOne(archive.manifest.version) { common.terminal.remark(Quantity.smoke) }
      let voice = try SoulVoice(of: try archive.subject(base: base, store, common), threads: threads)
      if prompt == nil, !common.json, isatty(STDIN_FILENO) == 1 { return try converse(with: voice, archive.manifest) }
      let message = Message(role: .user, content: try prompt ?? PipedPrompt.read())
      if common.json { return try answerAsDocument(voice, message, archive) }
      tellEnd(try say(voice, spoken + [message]))
    }
  }

  private var spoken: [Message] { system.map { [Message(role: .system, content: $0)] } ?? [] }
  private var sampling: Sampling { Sampling(temperature: temperature, topP: topP, seed: seed) }

  private func converse(with voice: SoulVoice, _ manifest: SoulManifest) throws {
    common.terminal.say("\(manifest.name) \(manifest.version)\n\(manifest.intent.harmless)\nAn empty line ends the conversation.")
    var messages = spoken
    while true {
      common.terminal.sayAlways("\n> ", terminator: "")
      let line = String(decoding: try TypedLine.read(from: STDIN_FILENO), as: UTF8.self)
      guard !line.allSatisfy(\.isWhitespace) else { return }
      messages.append(Message(role: .user, content: line))
      let window = try voice.window(of: messages, for: maxTokens)
      if window.count < messages.count { common.terminal.say("(the conversation is longer than the model's context: its beginning is left out)") }
      let answer = try say(voice, window)
      tellEnd(answer)
      messages = window + [Message(role: .assistant, content: answer.text)]
    }
  }

  /// On standard output, as it comes.
  private func say(_ voice: SoulVoice, _ messages: [Message]) throws -> SoulVoice.Answer {
    var failure: (any Error)?
    let answer = try voice.answer(messages, limit: maxTokens, sampling: sampling) { text in
      do { try common.terminal.put(Array(text.harmless.utf8)) } catch { failure = error }
      return failure == nil && !Task.isCancelled
    }
    if let failure { throw failure }
    try common.terminal.put([UInt8(ascii: "\n")])
    try Task.checkCancellation()
    return answer
  }

  private func tellEnd(_ answer: SoulVoice.Answer) {
    switch answer.end {
    case .turn, .listener: break
    case .limit: common.terminal.remark("cut after \(Quantity.counted(maxTokens, "token")); --max-tokens asks for more")
    case .positions: common.terminal.remark("cut: the model has no positions for more")
    }
  }

  private func answerAsDocument(_ voice: SoulVoice, _ message: Message, _ archive: SoulArchive) throws {
    let answer = try voice.answer(spoken + [message], limit: maxTokens, sampling: sampling) { _ in !Task.isCancelled }
    try Task.checkCancellation()
    common.terminal.show(AnswerReport(archive: archive, answer: answer))
  }
}

private struct AnswerReport: Report {
  let archive: SoulArchive
  let answer: SoulVoice.Answer

  let schema = "soulpack.answer/1"
  var members: [String: JSONValue] {
    [
      "soul": ["name": .string(archive.manifest.name), "version": .string(archive.manifest.version), "digest": .digest(archive.digest)],
      "text": .string(answer.text), "tokens": .integer(Int64(answer.tokenCount)), "end": .string(answer.end.rawValue),
    ]
  }
  var lines: [String] { [answer.text] }
}

/// A prompt that comes from a pipe or a file.
private enum PipedPrompt {
  private static let byteLimit = 4 << 20

  static func read() throws -> String {
    guard isatty(STDIN_FILENO) == 0 else { throw NoPrompt(message: "there is no prompt") }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      try TypedLine.waitForInput(STDIN_FILENO)
      let count = Foundation.read(STDIN_FILENO, &piece, piece.count)
      if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      guard count > 0 else { break }
      bytes += piece[..<count]
      guard bytes.count <= byteLimit else { throw NoPrompt(message: "the prompt on standard input is longer than \(Quantity.bytes(Int64(byteLimit)))") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw NoPrompt(message: "the prompt on standard input is not UTF-8") }
    let trimmed = text.hasSuffix("\n") ? String(text.dropLast()) : text
    guard !trimmed.isEmpty else { throw NoPrompt(message: "there is no prompt: neither as an argument nor on standard input") }
    return trimmed
  }
}

struct NoPrompt: ExplainedError {
  let message: String

  var hint: String? { "soulpack run X.soul \"What do you do?\"" }
}

extension SoulManifest {
  /// The Soul's own word on who may run it. A key of the user's that it names will do.
  fileprivate func requirePermission(of keys: KeyStore) throws {
    guard !permissions.runAllow.contains("public") else { return }
    let own = try keys.list().compactMap { listing in if case .key(let file) = listing { file.publicKey.description } else { nil } }
    guard Set(permissions.runAllow).isDisjoint(with: own) else { return }
    throw RunNotAllowed(name: name, allowed: permissions.runAllow)
  }
}

struct RunNotAllowed: ExplainedError {
  let name: String
  let allowed: [String]

  var message: String { "\(name) is not for you to run: its manifest allows \(allowed.isEmpty ? "nobody" : allowed.joined(separator: ", "))" }
  var hint: String? { "ask whoever made it for your key: soulpack keys list" }
}
