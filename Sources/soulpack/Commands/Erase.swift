internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
internal import Store

/// `soulpack erase`: a record's bytes taken out of the store, for good, and kept out.
struct Erase: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a record's text out of the store for good, and keep it out.",
    discussion: """
      It is retracted first (soulpack retract). Then every object that holds its text goes: files of sources, datasets and their parts, whatever \
      else the bytes are found in; the whole store is searched before and after. What the next build needs of these, it makes anew.

      Not touched: your own files, which are named where they still hold it; folders of push --data and other clones; and what was trained on it, \
      which is listed. docs/consent.md
      """)

  @Argument(help: "FILE:LINE, or the id of a record or its first digits.") var subject: String
  @Flag(name: .shortAndLong, help: "Do not ask: what is erased cannot be brought back.") var yes = false
  @OptionGroup var arguments: RetractionArguments
  @Flag(name: [.customShort("n"), .long], help: "Say what would go, and take nothing out.") var dryRun = false
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let root = Project.rootFolder(common)
    let folder = Project.storeFolder(in: root)
    guard let reading = try ReadableStore.openIfThere(at: folder) else { throw NothingCurated() }
    let asked = RecordToTrace(subject: subject, recipe: arguments.recipe, common: common)
    if dryRun {
      let found = try await find(asked, in: reading)
      return common.terminal.show(report(found, root, isDone: false))
    }
    let known = try await trace(asked, in: reading)
    try reading.close()
    try confirm()
    // Kept out before it is taken out, and before the store is waited for: no build takes it in again, nor gives it out that has it in now.
    _ = try retract(known, root)
    let store = try await WritableStore.waitAndOpen(at: folder, command: "soulpack erase", onWaiting: common.terminal.tellWaiting)
    let found = try await find(asked, in: store.reading)
    let code = try retract(found.trace, root)
    try store.erase(found.plan.objects.keys.sorted())
    try requireGone(found, store)
    try log(found, code, store)
    common.terminal.show(report(found, root, isDone: true))
  }

  /// What there is to erase, and where.
  struct Found {
    let trace: RecordTrace
    let downstream: Downstream
    let plan: ErasurePlan
    let filesOutside: [String]
  }

  private func find(_ asked: RecordToTrace, in store: ReadableStore) async throws -> Found {
    let trace = try await trace(asked, in: store)
    let downstream = try Downstream(of: trace, in: store)
    let renderer = BuildRenderer(terminal: common.terminal)
    defer { renderer.finish() }
    let plan = try ErasurePlan(trace, downstream, in: store) { renderer.show(.progress(action: "erase", $0)) }
    return Found(trace: trace, downstream: downstream, plan: plan, filesOutside: try plan.filesOutside(store))
  }

  private func trace(_ asked: RecordToTrace, in store: ReadableStore) async throws -> RecordTrace {
    guard let trace = try await asked.trace(in: store), !trace.sightings.isEmpty else { throw LedgerQueryError.unknownRecord(subject) }
    return trace
  }

  private func confirm() throws {
    guard !yes else { return }
    let terminal = common.terminal
    guard isatty(STDIN_FILENO) == 1, terminal.errorIsTerminal, !terminal.isJSON else { throw NotConfirmed(wasAsked: false) }
    terminal.sayAlways("erase \(subject.harmless) from the store, for good? [y/N] ", terminator: "")
    guard String(decoding: try TypedLine.read(from: STDIN_FILENO), as: UTF8.self).lowercased().hasPrefix("y") else { throw NotConfirmed(wasAsked: true) }
  }

  private func retract(_ trace: RecordTrace, _ root: URL) throws -> Digest? {
    let subjects = trace.ids.sorted() + trace.nearDuplicates.sorted()
    let written = try ProjectConsent.update(in: root) { retractions in
      if retractions.needsSalt { retractions.addRandomSalt() }
      for id in subjects { retractions.insert(.record(id), reason: arguments.reason) }
    }
    return subjects.first.flatMap { written.retractions.code(of: .record($0)) }
  }

  /// The proof: no object and no file of the store holds the text any more.
  private func requireGone(_ found: Found, _ store: WritableStore) throws {
    let objects = try store.objects.holding(found.plan.bytes)
    let files = try store.files(holding: found.plan.bytes)
    guard objects.isEmpty, files.isEmpty else { throw StillThere(objects: objects.count, files: files) }
  }

  /// Digests and counts alone: the chain of the log holds nothing that has to be erased.
  private func log(_ found: Found, _ code: Digest?, _ store: WritableStore) throws {
    var details: [String: LogDetail] = ["objects": .count(Int64(found.plan.objects.count)), "reason": .name(arguments.reason)]
    if let code { details["code"] = .digest(code) }
    try store.note("erased", details)
  }

  private func report(_ found: Found, _ root: URL, isDone: Bool) -> EraseReport { EraseReport(found: found, root: root, isDone: isDone) }
}

/// Nobody said that it may go.
struct NotConfirmed: ExplainedError {
  let wasAsked: Bool

  var message: String { "nothing was erased: nobody said yes" }
  var hint: String? { wasAsked ? nil : "there is no terminal to ask on: -n says what would go, and --yes lets it" }
}

/// The text was found again after it was taken out.
struct StillThere: ExplainedError {
  let objects: Int
  let files: [String]

  var message: String {
    "the record's text is still in the store: in \(objects) \(objects == 1 ? "object" : "objects")" + (files.isEmpty ? "" : ", and in \(files.prefix(5).joined(separator: ", "))")
  }
  var hint: String? { "the record stays out of every build; to be rid of its bytes, delete the store's folder: it is disposable" }
}

struct EraseReport: Report {
  let found: Erase.Found
  let root: URL
  let isDone: Bool

  let schema = "soulpack.erase/1"

  private var counts: [(kind: ErasurePlan.Kind, count: Int)] {
    ErasurePlan.Kind.allCases.map { kind in (kind, found.plan.objects.values.count { $0 == kind }) }
  }

  private var nearDuplicates: [RecordID] { found.trace.nearDuplicates.subtracting(found.trace.ids).sorted() }

  var lines: [String] {
    let places = Set(found.trace.sightings.map(\.entry.source.place)).sorted()
    let ids = found.trace.ids.sorted().map(\.digest.short).joined(separator: ", ")
    var lines = ["\(isDone ? "erased" : "would be erased"): record \(ids) (\(places.prefix(3).map(\.description).joined(separator: ", "))\(places.count > 3 ? " and \(places.count - 3) more" : ""))"]
    let words = counts.filter { $0.count > 0 }.map { Self.counted($0.count, $0.kind) }
    lines.append("  from the store: " + (words.isEmpty ? "nothing was there" : words.joined(separator: ", ")))
    for file in found.filesOutside { lines.append("  still in \(shown(file)): take it out there, or the next build reads the file in again") }
    if !nearDuplicates.isEmpty {
      lines.append("  nearly the same, kept out and not erased: \(nearDuplicates.map(\.digest.short).joined(separator: ", "))")
    }
    let view = DownstreamView(found.downstream, root: root, contributor: nil)
    let made = view.madeLines
    return lines + (made.isEmpty ? [] : ["  made of it, and still there:"] + made)
  }

  private func shown(_ path: String) -> String { URL(filePath: path).path(below: root) ?? path }

  private static func counted(_ count: Int, _ kind: ErasurePlan.Kind) -> String {
    switch kind {
    case .file: "\(count) \(count == 1 ? "file" : "files")"
    case .dataset: "\(count) \(count == 1 ? "dataset" : "datasets")"
    case .shard: "\(count) \(count == 1 ? "shard" : "shards") of datasets"
    case .part: "\(count) \(count == 1 ? "part" : "parts") of datasets"
    case .other: "\(count) other \(count == 1 ? "object" : "objects")"
    }
  }

  var members: [String: JSONValue] {
    let view = DownstreamView(found.downstream, root: root, contributor: nil)
    return view.members.merging([
      "records": .array(found.trace.ids.sorted().map { .digest($0.digest) }), "nearDuplicates": .array(nearDuplicates.map { .digest($0.digest) }),
      "erased": .bool(isDone), "objects": .object(Dictionary(uniqueKeysWithValues: counts.map { ($0.kind.rawValue, .integer(Int64($0.count))) })),
      "filesOutside": .array(found.filesOutside.map { .string(shown($0)) }),
    ]) { own, _ in own }
  }
}
