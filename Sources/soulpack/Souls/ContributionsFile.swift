internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
internal import Packaging
internal import Planning
internal import Running
internal import Store

/// A file of shares, `soulpack.contributions/1`, which a recipe then names under `contributions`.
struct ContributionsFile {
  private let place: URL

  /// Looked at before hours of training, and not after: what is there already may be anything, unless it is an earlier one of these.
  init(_ file: URL) throws {
    var status = stat()
    if stat(file.path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw OccupiedPlace(path: file.relativePath) }
      let earlier = (try? JSONValue(parsing: Data(contentsOf: file))).flatMap { try? SoulManifest.Contributions(document: $0) }  // Nil: something else.
      guard earlier != nil else { throw OccupiedPlace(path: file.relativePath) }
    }
    // What a link leads to is written, and not the link.
    place = file.resolvingSymlinksInPath()
    guard FileManager.default.isWritableFile(atPath: place.deletingLastPathComponent().path) else { throw OccupiedPlace(path: file.relativePath, isFolder: true) }
  }

  func write(_ report: AttributionReport, _ leaving: LeaveOneOut, _ result: ActionRun.Result) throws {
    let subject = SoulManifest.Contributions.Subject(
      candidate: try result.digest(of: "files", from: leaving.training), train: try result.digest(of: Partition.train.rawValue, from: leaving.split),
      holdout: try result.digest(of: Partition.holdout.rawValue, from: leaving.split))
    guard let contributions = report.contributions(of: subject) else { throw NothingToWrite() }
    try WholeFile(place).replace(with: contributions.document.canonical + Data("\n".utf8))
  }

  /// Two groups with a record in common would both be given what it did. `result` has the groups; no training is needed.
  func requireDistinct(_ leaving: LeaveOneOut, _ result: ActionRun.Result) throws {
    let train = try ids(of: Partition.train.rawValue, leaving.split, result)
    var seen: [(files: String, records: Set<RecordID>)] = []
    for group in leaving.groups {
      let records = train.subtracting(try ids(of: "train", group.leftOut, result))
      if let other = seen.first(where: { !$0.records.isDisjoint(with: records) }) { throw OverlappingGroups(one: other.files, other: group.files) }
      seen.append((group.files, records))
    }
  }

  private func ids(of output: String, _ action: ActionID, _ result: ActionRun.Result) throws -> Set<RecordID> {
    guard let dataset = try result.store.reading.dataset(try result.digest(of: output, from: action)) else { throw MissingInput(action: action, input: output) }
    return Set(try dataset.shards.flatMap { try dataset.identities(of: $0).map(\.id) })
  }
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
