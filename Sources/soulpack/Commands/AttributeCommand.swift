internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
internal import Packaging
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// `soulpack attribute`: what would the model have lost without a group of its training records?
struct AttributeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attribute", abstract: "Train again without a group of records, and say what that changes.",
    discussion: """
      A group is the records that come from certain files, and from no other. Each group is one training more, with the same seed, in which \
      every other record stays in its step, measured on the recipe's own holdout. It gives the same numbers on every machine; another order could \
      give others, so try several seeds before you believe a small change. What a build has trained is not trained again; the lock and what the recipe builds stay as they are. docs/curation.md, "Who contributed what", is the contract.
      """)

  @OptionGroup var arguments: BuildArguments

  @Option(
    help: ArgumentHelp("Files of the dataset to leave out, as in files: of a recipe. Several: each by itself.", valueName: "pattern")) var leaveOut: [String] = []
  @Option(help: ArgumentHelp("Which train target. Without it: the first by name.", valueName: "name")) var target: String?
  @Option(help: ArgumentHelp("Which of its candidates, counted from 1.", valueName: "n")) var candidate: Int = 1

  @Option(help: ArgumentHelp("Also write the shares to this file, for the recipe's contributions: and so for the manifest.", valueName: "file")) var to: String?

  func validate() throws {
    guard to == nil || leaveOut.count > 1 else { throw ValidationError("--to writes shares, which are parts of what several groups did: name two at least") }
    guard to.map({ !$0.isEmpty }) ?? true else { throw ValidationError("--to names no file") }
    guard to == nil || !arguments.smoke, to == nil || !arguments.dryRun else { throw ValidationError("--to writes what was measured: leave out --smoke and --dry-run") }
    guard !arguments.locked else { throw ValidationError("--locked is for builds: attribution locks nothing") }
    guard !leaveOut.isEmpty else { throw ValidationError("name at least one group: --leave-out 'letters/*.jsonl'") }
    guard Set(leaveOut).count == leaveOut.count else { throw ValidationError("--leave-out names a group twice") }
  }

  func run() async throws {
    let project = try Project(arguments.recipe, arguments.common, isSmoke: arguments.smoke)
    if !arguments.smoke { try project.recipe.requireKnownTerms() }
    let target = try project.recipe.target(named: self.target)
    if let key = leaveOut.first(where: { $0.hasPrefix("did:") }) { throw WholeContributor(key: key, dataset: target.dataset) }
    guard let leaving = LeaveOneOut(of: project.plan, target: target.name, dataset: target.dataset, candidate: candidate, files: leaveOut) else {
      throw NoSuchCandidate(target: target.name, candidate: candidate, count: target.candidates.count)
    }
    guard leaving.actions.allSatisfy({ $0.kind != .train || $0.parameters["substrate"] == "embedded" }) else { throw NoisySubstrate(target: target.name) }
    let file = try to.map { try writable(URL(filePath: $0, relativeTo: arguments.common.folder)) }
    // One after the other: a pattern that names no group ends it before a training has begun.
    var inTurn = arguments
    inTurn.jobs = 1
    guard let result = try await Experiment(project: project, arguments: inTurn, name: "attribute").run(leaving.actions) else { return }
    let report = try AttributionReport(
      soul: project.recipe.soul, contender: "candidate \(candidate) of \(target.name)", isSmoke: arguments.smoke, leaving, result)
    if let file { try write(report, leaving, result, to: file) }
    arguments.common.terminal.show(report)
  }

  /// Before hours of training, and not after: what is there already may be anything, unless it is an earlier one of these.
  private func writable(_ file: URL) throws -> URL {
    var status = stat()
    if stat(file.path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw OccupiedPlace(path: file.relativePath) }
      let earlier = (try? JSONValue(parsing: Data(contentsOf: file))).flatMap { try? SoulManifest.Contributions(document: $0) }
      guard earlier != nil else { throw OccupiedPlace(path: file.relativePath) }
    }
    // What a link leads to is written, and not the link.
    let place = file.resolvingSymlinksInPath()
    guard FileManager.default.isWritableFile(atPath: place.deletingLastPathComponent().path) else { throw OccupiedPlace(path: file.relativePath, isFolder: true) }
    return place
  }

  /// Two groups with a record in common would both be given what it did.
  private func requireDistinct(_ leaving: LeaveOneOut, _ result: ActionRun.Result) throws {
    let train = try ids(of: Partition.train.rawValue, leaving.split, result)
    var seen: [(files: String, records: Set<RecordID>)] = []
    for group in leaving.groups {
      let records = train.subtracting(try ids(of: "train", group.leftOut, result))
      if let other = seen.first(where: { !$0.records.isDisjoint(with: records) }) { throw OverlappingGroups(one: other.files, other: group.files) }
      seen.append((group.files, records))
    }
  }

  private func ids(of output: String, _ action: ActionID, _ result: ActionRun.Result) throws -> Set<RecordID> {
    guard let digest = result.report.output(output, of: action), let dataset = try result.store.reading.dataset(digest) else {
      throw MissingInput(action: action, input: output)
    }
    return Set(try dataset.shards.flatMap { try dataset.identities(of: $0).map(\.id) })
  }

  private func write(_ report: AttributionReport, _ leaving: LeaveOneOut, _ result: ActionRun.Result, to file: URL) throws {
    func digest(_ action: ActionID, _ output: String) throws -> Digest {
      guard let digest = result.report.output(output, of: action) else { throw MissingInput(action: action, input: output) }
      return digest
    }
    try requireDistinct(leaving, result)
    let subject = SoulManifest.Contributions.Subject(
      candidate: try digest(leaving.training, "files"), train: try digest(leaving.split, Partition.train.rawValue),
      holdout: try digest(leaving.split, Partition.holdout.rawValue))
    guard let contributions = report.contributions(of: subject) else { throw NothingToWrite() }
    try WholeFile(file).replace(with: contributions.document.canonical + Data("\n".utf8))
  }
}

/// Somebody asked to leave out a contributor by key.
struct WholeContributor: ExplainedError {
  let key: String
  let dataset: String

  var message: String { "\(key): a contributor's key stands for a whole dataset, and a target learns from one alone (\"\(dataset)\")" }
  var hint: String? { "name the contributor's files: --leave-out 'anna/**'" }
}

/// Where the shares are to be written is something else, or nowhere.
struct OccupiedPlace: ExplainedError {
  let path: String
  var isFolder = false

  var message: String { isFolder ? "\(path): there is no such folder, or nothing can be written there" : "\(path): there is something already, and it holds no contributions" }
  var hint: String? { isFolder ? "name a file in a folder of yours" : "name a file that is not there" }
}

struct OverlappingGroups: ExplainedError {
  let one, other: String

  var message: String { "\"\(one)\" and \"\(other)\" have records in common, which would be counted for both" }
  var hint: String? { "name groups that have none, or leave --to out: the table alone says what each does" }
}

/// The candidate itself diverged: there is nothing that a group could have added to.
struct NothingToWrite: ExplainedError {
  var message: String { "the candidate's own training diverged, so that no group has a share" }
  var hint: String? { "name another: --candidate" }
}

/// A program's training differs from run to run.
struct NoisySubstrate: ExplainedError {
  let target: String

  var message: String { "target \"\(target)\" is trained by a command, and what differs from run to run cannot be told from what a group did" }
  var hint: String? { "substrate: embedded gives the same bytes every time" }
}
