internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
internal import Recipes
internal import Signing
internal import Store

/// `soulpack retract`: what was made of a record or of a contributor's data, and that it stays out from now on, in every clone.
struct Retract: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep a record, or all of a contributor's data, out from now on; list what was made of it.",
    discussion: """
      It is written into the file retractions in the project's root, which names nobody and belongs in git: every clone keeps it out. What was \
      made of it before stays as it is and is listed: datasets, adapters, Souls. To take the bytes out of the store: soulpack erase.

      A record is known by what it says, wherever it stands: equal ones are retracted with it, and so is what was merged into it because it was \
      nearly the same, since that would stand in its place. docs/consent.md
      """)

  @Argument(help: "FILE:LINE, the id of a record or its first digits, or the did:key of a contributor.") var subject: String
  @OptionGroup var arguments: RetractionArguments
  @Flag(help: "Consent was given again: take the retraction back.") var undo = false
  @Flag(name: [.customShort("n"), .long], help: "List what was made of it, and write nothing.") var dryRun = false
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let root = Project.rootFolder(common)
    var found = try await found(root)
    var hasWaited = false
    let changed = dryRun ? try wouldChange(found, root) : try await write(found, root) { hasWaited = true }
    // Who had the store may have made something of it meanwhile.
    if hasWaited { found = try await self.found(root) }
    common.terminal.show(RetractReport(found: found, root: root, changed: changed, isUndone: undo, isWritten: !dryRun))
    if !dryRun, changed > 0 { common.terminal.remark("commit \(Retractions.fileName), so that every clone \(undo ? "takes it in again" : "keeps it out")") }
  }

  private func wouldChange(_ found: Retracted, _ root: URL) throws -> Int {
    var retractions = try ProjectConsent(in: root).retractions ?? Retractions()
    return change(&retractions, found.subjects)
  }

  private func write(_ found: Retracted, _ root: URL, onWaiting: () -> Void) async throws -> Int {
    // Before the store is waited for: a build that has it goes by the file.
    let written = try ProjectConsent.update(in: root) { retractions in change(&retractions, found.subjects) }
    if written.value > 0, let store = try await writableStore(root, onWaiting) { try log(found, written.retractions, count: written.value, store) }
    return written.value
  }

  /// How many lines came or went.
  private func change(_ retractions: inout Retractions, _ subjects: [Retractions.Subject]) -> Int {
    if undo { return subjects.count { retractions.remove($0) } }
    if retractions.needsSalt { retractions.addRandomSalt() }
    return subjects.count { retractions.insert($0, reason: arguments.reason) }
  }

  private func found(_ root: URL) async throws -> Retracted {
    let store = try ReadableStore.openIfThere(common)
    guard !subject.hasPrefix("did:") else {
      guard PublicKey(subject) != nil else { throw NoContributor(text: subject) }
      let datasets = try store.map { try ContributedDatasets(of: subject, root: root, store: $0).digests } ?? []
      return Retracted(
        contributor: subject, trace: nil, wholeID: nil, downstream: try store.map { try Downstream(ofDatasets: datasets, holding: nil, in: $0) })
    }
    let asked = RecordToTrace(subject: subject, recipe: arguments.recipe, common: common)
    guard let trace = try await asked.trace(in: store), let store else {
      return Retracted(contributor: nil, trace: nil, wholeID: try asked.wholeID(), downstream: nil)
    }
    return Retracted(contributor: nil, trace: trace, wholeID: nil, downstream: try Downstream(of: trace, in: store))
  }

  /// Nil where there is no store: a clone may keep out what it has never seen.
  private func writableStore(_ root: URL, _ onWaiting: () -> Void) async throws -> WritableStore? {
    let folder = Project.storeFolder(in: root)
    guard try ReadableStore.openIfThere(at: folder) != nil else { return nil }
    return try await WritableStore.waitAndOpen(at: folder, command: "soulpack retract") { holder in
      onWaiting()
      common.terminal.remark("it is written into \(Retractions.fileName), and counts from now on; what is left is a line in the store's log, and the list of what was made of it, which `soulpack retract -n` gives too")
      common.terminal.tellWaiting(holder)
    }
  }

  /// Digests and counts alone.
  private func log(_ found: Retracted, _ retractions: Retractions, count: Int, _ store: WritableStore) throws {
    var details: [String: LogDetail] = [
      "kind": .name(found.contributor == nil ? "record" : "contributor"), "lines": .count(Int64(count)), "reason": .name(arguments.reason),
    ]
    if let code = found.subjects.first.flatMap(retractions.code) { details["code"] = .digest(code) }
    try store.note(undo ? "retraction-undone" : "retracted", details)
  }
}

extension Downstream {
  /// Of every dataset that kept the record.
  init(of trace: RecordTrace, in store: ReadableStore) throws {
    try self.init(ofDatasets: Set(trace.sightings.filter(\.isKept).compactMap(\.curation.dataset)), holding: trace.ids, in: store)
  }
}

/// What a retraction is about, and what was made of it.
struct Retracted {
  let contributor: String?
  let trace: RecordTrace?
  /// Of a record that no store here knows.
  let wholeID: RecordID?
  /// Nil without a store.
  let downstream: Downstream?

  /// The record under each of its ids, then what was merged into it nearly.
  var subjects: [Retractions.Subject] {
    if let contributor { return [.contributor(contributor)] }
    let own = trace?.ids.sorted() ?? [wholeID].compactMap { $0 }
    return (own + nearDuplicates).map { .record($0) }
  }

  var nearDuplicates: [RecordID] { trace.map { trace in trace.nearDuplicates.subtracting(trace.ids).sorted() } ?? [] }
}

struct NoContributor: ExplainedError {
  let text: String

  var message: String { "\"\(text)\" is not the did:key of a contributor" }
  var hint: String? { "as the recipe has it under \"contributor\": did:key:z6Mk…" }
}

struct RetractReport: Report {
  let found: Retracted
  let root: URL
  let changed: Int
  let isUndone: Bool
  let isWritten: Bool

  let schema = "soulpack.retract/1"

  // MARK: - Text

  var lines: [String] { [heading] + counted + DownstreamView(found.downstream, root: root, contributor: found.contributor).lines }

  private var heading: String {
    if isUndone && changed == 0 { return "stays in: " + subject }
    let verb = isWritten ? (isUndone ? "taken in again: " : "retracted: ") : (isUndone ? "would be taken in again: " : "would be retracted: ")
    return verb + subject
  }

  private var subject: String {
    if let contributor = found.contributor { return "everything of \(contributor)" }
    let ids = found.trace?.ids.sorted() ?? [found.wholeID].compactMap { $0 }
    let places = Set(found.trace?.sightings.map(\.entry.source.place) ?? []).sorted()
    let shown = places.prefix(3).map(\.description).joined(separator: ", ") + (places.count > 3 ? " and \(places.count - 3) more" : "")
    return "record \(ids.map(\.digest.short).joined(separator: ", "))" + (places.isEmpty ? "" : " (\(shown))")
  }

  private var counted: [String] {
    var lines: [String] = []
    if !found.nearDuplicates.isEmpty {
      let count = found.nearDuplicates.count
      lines.append("  and \(count) that \(count == 1 ? "was" : "were") merged into it as nearly the same: \(count == 1 ? "it" : "they") would stand in its place")
    }
    if let keepers = found.trace?.keepers.sorted(), !keepers.isEmpty {
      lines.append("  it was merged into \(keepers.map(\.digest.short).joined(separator: ", ")), nearly the same, which stays: retract that too if it says what must go")
    }
    if changed == 0 { lines.append(isUndone ? "  it was not retracted" : "  it was retracted before") }
    return lines
  }

  // MARK: - JSON

  var members: [String: JSONValue] {
    let view = DownstreamView(found.downstream, root: root, contributor: found.contributor)
    return view.members.merging([
      "contributor": found.contributor.map { .string($0) } ?? .null,
      "records": .array((found.trace?.ids.sorted() ?? [found.wholeID].compactMap { $0 }).map { .digest($0.digest) }),
      "nearDuplicates": .array(found.nearDuplicates.map { .digest($0.digest) }),
      "keepers": .array((found.trace?.keepers.sorted() ?? []).map { .digest($0.digest) }),
      "linesChanged": .integer(Int64(changed)), "written": .bool(isWritten), "undone": .bool(isUndone),
    ]) { own, _ in own }
  }
}
