package import Artifacts
internal import Engine
package import Foundation

/// Any program: it gets a job as JSON on standard input, tells of it in JSON lines on standard output, and leaves an adapter.
///
/// docs/substrates.md is the contract. What happened inside the program nobody here knows, so what comes of it is `opaque`.
package struct CommandSubstrate: Substrate {
  package struct Limits: Sendable {
    /// The longest that a program may say nothing.
    package var silence: Duration
    /// What a program has for ending by itself, once it was asked to.
    package var grace: Duration

    package init(silence: Duration = .seconds(600), grace: Duration = .seconds(5)) {
      self.silence = silence
      self.grace = grace
    }
  }

  /// As the recipe has it, with `{input.NAME}` where the path of a file is to stand.
  private let command: [String]
  private let programs: [String: Digest]
  private let limits: Limits
  private let layOut: @Sendable (URL) throws -> Void
  private let showWords: @Sendable ([String]) -> Void

  /// - Parameters:
  ///   - programs: the files of the command, by the names that its arguments know them under.
  ///   - layOut: puts the base's files into `base` and each program into `inputs/NAME` of a folder.
  ///   - showWords: shown to the person who runs this, and kept nowhere: what a program says may hold record text.
  package init(
    command: [String], programs: [String: Digest], limits: Limits = Limits(), layOut: @escaping @Sendable (URL) throws -> Void,
    showWords: @escaping @Sendable ([String]) -> Void
  ) {
    self.command = command
    self.programs = programs
    self.limits = limits
    self.layOut = layOut
    self.showWords = showWords
  }

  package var capabilities: Capabilities { Capabilities(methods: [.adapter], isReproducible: false, resumes: false) }

  package func train(_ job: TrainingJob, at bench: Workbench) async throws -> TrainingOutcome {
    try capabilities.require(job.parameters.method)
    let promise = try AdapterPromise(job)
    let paper = try JobFolder(job, promise, in: bench.folder)
    try layOut(bench.folder)
    bench.note("handed to \"\(command.first ?? "")\": \(job.train.counts.examples) examples, as job \(paper.digest.short)")
    switch try await run(paper, bench) {
    case .diverged(let step):
      guard step <= paper.stepCount else { throw JobFailure(.divergedAfterPlan(step: step, planned: paper.stepCount)) }
      return .diverged(Divergence(step: step, reason: "the command says that its training diverged"))
    case .done(let answer):
      guard answer.job == paper.digest else { throw JobFailure(.otherJob(answer.job)) }
      let adapter = try promise.verify(try harvest(answer, promise, bench))
      return .trained(TrainedCandidate(files: adapter.files, account: account(of: job, paper, answer)))
    case .progress, .note, nil: throw JobFailure(.noAnswer)
    }
  }

  private func harvest(_ answer: JobEvent.Answer, _ promise: AdapterPromise, _ bench: Workbench) throws -> [String: Data] {
    let limits = [AdapterConfiguration.fileName: 1 << 20, AdapterFolder.weightsFileName: promise.weightsByteLimit]
    return try OutputFolder(place: bench.folder.appending(path: JobFolder.output)).files(at: answer.adapter, limits: limits)
  }

  /// What is known of the run: what was asked, and what the program claims.
  private func account(of job: TrainingJob, _ paper: JobFolder, _ answer: JobEvent.Answer) -> JSONValue {
    var members: [String: JSONValue] = [
      "schema": "soulpack.command-run/1", "label": .string(capabilities.label), "job": .digest(paper.digest),
      "command": .array(command.map { .string($0) }), "programs": .object(programs.mapValues(JSONValue.digest)), "parameters": paper.parameters,
      "counts": job.train.counts.document,
    ]
    if let loss = answer.claimedLossNatsPerToken { members["claim"] = ["lossNatsPerToken": .string(loss)] }
    return .object(members)
  }
}

// MARK: - Running

extension CommandSubstrate {
  /// Runs the program to its end, and gives its last word.
  private func run(_ paper: JobFolder, _ bench: Workbench) async throws -> JobEvent? {
    let output = try ProgramOutput(in: bench.folder)
    let talk = try ProgramOutput(in: bench.folder)
    let placeholders = Placeholders(inputs: programs.keys)
    let program = ForeignProgram(
      arguments: command.map(placeholders.expand), folder: bench.folder, input: paper.folder.appending(path: JobFolder.document), output: output,
      errors: talk, settings: settings(bench))
    let group = CommandGroup(grace: limits.grace)
    let process = try process(of: program)
    let watch = Task { try await listen(JobListener(output, JobListener.Limits(silence: limits.silence)), group, bench) }
    let end: CommandEnd
    do {
      end = try await group.run(process, deadline: bench.deadline)
    } catch {
      watch.cancel()
      throw error
    }
    watch.cancel()
    var listener = try await watch.value
    try listener.hearRest(end) { tell($0, bench) }
    return try lastWord(of: listener, group, talk)
  }

  private func process(of program: ForeignProgram) throws -> sending Process {
    do {
      return try program.process()
    } catch let error as ProgramNotFound {
      throw JobFailure(.notFound(error))
    }
  }

  /// Hears the program until the task is cancelled, which its end does, or until it breaks the protocol, which ends it.
  private func listen(_ listener: JobListener, _ group: CommandGroup, _ bench: Workbench) async throws -> JobListener {
    var listener = listener
    while !Task.isCancelled {
      do {
        tell(try listener.hear(), bench)
      } catch {
        group.end()  // Unheard, it could go on for ever.
        throw error
      }
      if listener.breach != nil {
        group.end()
        break
      }
      do { try await Task.sleep(for: .milliseconds(50)) } catch { break }  // Cancelled.
    }
    return listener
  }

  private func lastWord(of listener: JobListener, _ group: CommandGroup, _ talk: ProgramOutput) throws -> JobEvent? {
    try Task.checkCancellation()
    guard !group.isOverdue else { throw DeadlinePassed(kept: nil) }
    guard let problem = listener.breach else { return listener.ending }
    showWords(try talk.lastWords())
    throw JobFailure(problem)
  }

  private func tell(_ events: [JobEvent], _ bench: Workbench) {
    for event in events {
      switch event {
      case .progress(let step, let steps, let loss):
        bench.report(StepProgress(done: step, total: steps, unit: "steps", detail: loss.map { String(format: "loss %.3f", $0) } ?? "",
            metrics: loss.map { ["lossNatsPerToken": $0] } ?? [:]))
      case .note(let text): showWords([String(text.prefix(200))])
      case .diverged, .done: break
      }
    }
  }

  /// How much of the machine it may use, and where the machine keeps what a GPU needs.
  private func settings(_ bench: Workbench) -> [String: String] {
    let own = ProcessInfo.processInfo.environment.filter { ["CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"].contains($0.key) }
    return own.merging(["OMP_NUM_THREADS": "\(bench.threads)"]) { _, told in told }
  }
}
