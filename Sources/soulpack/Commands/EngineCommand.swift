internal import ArgumentParser
internal import Artifacts
internal import Engine
internal import Foundation

/// `soulpack engine`: the embedded engine, held against PyTorch's numbers and against itself.
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine", abstract: "Check the embedded engine.", subcommands: [Parity.self, SelfCheckCommand.self, HandoutCommand.self])

  struct Parity: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Train as a stored PyTorch run did, and print the largest relative differences.",
      discussion: """
        FOLDER holds base/, init.safetensors, batch.json, losses.json (with the hyper-parameters) and final.safetensors. Exit code 6 where \
        losses or gradient norms differ by more than 1e-4, or the adapter by more than 1e-3 of a tensor's largest value.
        """)

    @Argument(help: "The folder of the stored run.") var folder: String
    @Option(help: "Threads of the engine.") var threads: Int = ProcessInfo.processInfo.activeProcessorCount
    @OptionGroup var common: CommonArguments

    func run() throws {
      let report = try ParityCheck.run(common.place(folder), threads: threads)
      common.terminal.show(ParityResult(report: report))
      guard report.isWithinLimits else { throw EndsWith(code: .verification) }
    }
  }

  struct SelfCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "selfcheck", abstract: "Train a small model over every vector path, thread count and micro-batch; all must agree.",
      discussion: """
        Before that, every operator of the kernels is asked for its known answer (docs/numerics.md, section 15). Exit code 6 where an operator, a
        way of training or the digest of a model differs.
        """)

    @OptionGroup var common: CommonArguments

    func run() throws {
      let result = try SelfCheck.run()
      common.terminal.show(SelfCheckReport(result: result))
      guard result.isSound else { throw EndsWith(code: .verification) }
    }
  }
}

struct ParityResult: Report {
  let report: ParityReport

  let schema = "soulpack.parity/1"
  var members: [String: JSONValue] {
    [
      "losses": .number(report.losses), "gradientNorms": .number(report.gradientNorms), "adapter": .number(report.adapter),
      "decidedAdapter": .number(report.decidedAdapter), "undecidedElements": .integer(Int64(report.undecidedElementCount)),
      "elements": .integer(Int64(report.elementCount)), "steps": .integer(Int64(report.stepCount)), "withinLimits": .bool(report.isWithinLimits),
    ]
  }

  var lines: [String] {
    var table = Table()
    table.add("losses", spelled(report.losses), "at most \(ParityReport.lossLimit)")
    table.add("gradient norms", spelled(report.gradientNorms), "at most \(ParityReport.gradientNormLimit)")
    table.add("adapter", spelled(report.adapter), "at most \(ParityReport.adapterLimit) of a tensor's largest value")
    let undecided = "\(Quantity.count(report.undecidedElementCount)) of \(Quantity.count(report.elementCount)) elements, whose gradient is rounding noise"
    table.add("  without", spelled(report.decidedAdapter), undecided)
    return ["largest relative differences over \(report.stepCount) steps"] + table.lines
  }

  private func spelled(_ difference: Double) -> String { String(format: "%.2e", difference) }
}

struct SelfCheckReport: Report {
  let result: SelfCheck.Result

  let schema = "soulpack.selfcheck/1"
  var members: [String: JSONValue] {
    [
      "digests": .object(Dictionary(uniqueKeysWithValues: result.digests.map { ($0.rawValue, .digest($1)) })), "variations": .integer(Int64(result.variations.count)),
      "disagreeing": .array(result.disagreeing.map { .string($0.description) }),
      "operators": .array(result.operators.map { ["name": .string($0.name), "path": .string($0.path.description), "threads": .integer(Int64($0.threads))] }),
      "changed": .array(result.changed.map { .string($0.rawValue) }),
    ]
  }

  var lines: [String] {
    let disagreeing = result.operators.map { "differs from its known answer: \($0)" } + result.disagreeing.map { "differs: \($0)" }
      + result.changed.map { "not the digest of this release: \($0.rawValue)" }
    var table = Table()
    for subject in SelfCheck.Subject.allCases { table.add(subject.rawValue, result.digests[subject]?.description ?? "") }
    let known = "\(KnownAnswers.expected.count) operators, \(Set(result.operators.map(\.name)).count) differing from their known answers"
    return disagreeing + table.lines + [known, "\(result.variations.count) ways, \(result.disagreeing.count) differing"]
  }
}
