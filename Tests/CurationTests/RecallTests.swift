import Artifacts
import Curation
import Foundation
import Hashing
import Synchronization
import Testing

/// Curations that remember: what comes out is what a run from nothing gives, whatever was edited and whatever was forgotten.
@Suite("Recall")
struct RecallTests {
  /// What a store does for curations: pieces and values that stay, of which any may be lost.
  private final class Keeper: Sendable {
    let shelf = MemoryShelf()
    private let values = Mutex<[Digest: Data]>([:])
    /// From now on, so many values are kept, and none after them: as when a run is killed.
    let left = Mutex<Int?>(nil)
    private let sources = Mutex<[Digest: Data]>([:])
    let reports = Mutex<[CurationMemo.Report]>([])

    func add(_ files: [String: Data]) { sources.withLock { for file in files.values { $0[Digest(hashing: file)] = file } } }

    func source(_ digest: Digest) throws -> Data {
      guard let data = sources.withLock({ $0[digest] }) else { throw Absent() }
      return data
    }

    func forget(_ share: Double, _ random: inout Seeded) {
      values.withLock { values in
        for key in values.keys.sorted() where Double.random(in: 0..<1, using: &random) < share { values[key] = nil }
      }
    }

    /// Cuts the ends of some values off.
    func damage(_ share: Double, _ random: inout Seeded) {
      values.withLock { values in
        for key in values.keys.sorted() where Double.random(in: 0..<1, using: &random) < share { values[key] = values[key]?.dropLast(8) }
      }
    }

    func memo(_ scope: String) -> CurationMemo {
      CurationMemo(
        scope: Digest(hashing: Data(scope.utf8)), name: "test", lookup: { keys in self.values.withLock { values in keys.map { values[$0] } } },
        keep: { new in
          let count = self.left.withLock { left in
            defer { left = left.map { max(0, $0 - new.count) } }
            return left ?? new.count
          }
          self.values.withLock { values in for (key, value) in new.prefix(count) { values[key] = value } }
        },
        areStored: { $0.allSatisfy { (try? self.shelf.get($0)) != nil } }, report: { report in self.reports.withLock { $0.append(report) } })
    }
  }

  private func run(
    _ files: [String: Data], _ parameters: CurationParameters, _ keeper: Keeper?, scope: String = "", partByteCount: Int = 3_000,
    loading: @escaping @Sendable () -> Void = {}
  ) async throws -> (dataset: Digest, ledger: Digest) {
    let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    keeper?.add(files)
    let memory = keeper?.shelf ?? MemoryShelf()
    let curator = Curator(parameters: parameters, concurrency: 2, partByteCount: partByteCount)
    let (dataset, ledger) = try await curator.curate(
      snapshot, scratch: FileManager.default.temporaryDirectory,
      load: { entry in
        loading()
        return SourceFile(try keeper?.source(entry.digest) ?? files[entry.path] ?? { throw Absent() }())
      }, shelf: memory.shelf, get: memory.get, memo: keeper?.memo(scope))
    if keeper != nil { _ = try (dataset.whole(), ledger.whole()) }
    return (Digest(hashing: dataset.canonical), Digest(hashing: ledger.canonical))
  }

  // MARK: - A folder that is edited

  private struct Folder {
    var files: [String: [String]] = [:]
    var bytes: [String: Data] {
      var bytes = files.mapValues { Data($0.map { $0 + "\n" }.joined().utf8) }
      bytes["notes/plain.txt"] = Data("a note that\n\nnobody edits".utf8)
      return bytes
    }
  }

  private static let words = "lamp oil wick tower night keeper storm light glass stair brass salt gull rope boat tide fog bell step harbour".split(separator: " ")

  private func text(_ random: inout Seeded, _ count: Int) -> String {
    (0..<count).map { _ in Self.words.randomElement(using: &random).map(String.init) ?? "" + String(Int.random(in: 0..<500, using: &random)) }.joined(separator: " ")
  }

  private func line(_ random: inout Seeded, _ all: [String]) -> String {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return all.randomElement(using: &random) ?? goodLine
    case 1: return (all.randomElement(using: &random) ?? goodLine).replacingOccurrences(of: "lamp", with: "lantern")
    case 2: return textLine("This is the set phrase that all of them begin with and nobody reads " + text(&random, 6))
    case 3: return textLine(text(&random, 40), conversation: "talk \(Int.random(in: 0..<5, using: &random))")
    case 4: return "{\"broken\": "
    case 5: return textLine("write to someone\(Int.random(in: 0..<3, using: &random))@example.org " + text(&random, 3))
    default: return GeneratedCorpus.line(&random)
    }
  }

  private func edit(_ folder: inout Folder, _ random: inout Seeded) {
    let all = folder.files.values.flatMap { $0 }.sorted()
    let paths = folder.files.keys.sorted()
    let path = paths.randomElement(using: &random) ?? "a.jsonl"
    let place = Int.random(in: 0...(folder.files[path]?.count ?? 0), using: &random)
    switch Int.random(in: 0..<9, using: &random) {
    case 0...2: folder.files[path, default: []].append(line(&random, all))
    case 3: folder.files[path, default: []].insert(line(&random, all), at: place)
    case 4: if let count = folder.files[path]?.count, count > 0 { folder.files[path]?.remove(at: place % count) }
    case 5: if let count = folder.files[path]?.count, count > 0 { folder.files[path]?[place % count] = line(&random, all) }
    case 6: folder.files["new \(Int.random(in: 0..<99, using: &random)).jsonl"] = (0..<Int.random(in: 1..<8, using: &random)).map { _ in line(&random, all) }
    case 7: if paths.count > 4 { folder.files["moved/\(path)"] = folder.files.removeValue(forKey: path) }
    default: if paths.count > 10 { folder.files[path] = nil }
    }
  }

  private func start(_ random: inout Seeded) -> Folder {
    var folder = Folder()
    var all: [String] = []
    for number in 0..<30 {
      let lines = (0..<Int.random(in: 1..<25, using: &random)).map { _ in line(&random, all) }
      folder.files["file \(number).jsonl"] = lines
      all += lines
    }
    folder.files["large.jsonl"] = (0..<120).map { _ in line(&random, all) }
    return folder
  }

  @Test("a run that recalls gives what a run from nothing gives, through any edits", arguments: 1...6 as ClosedRange<UInt64>)
  func edits(seed: UInt64) async throws {
    var random = Seeded(seed)
    var folder = start(&random)
    let stages: [[CurationParameters.Stage]] = [everyStage, standardStages, [.near], [.repair]]
    let parameters = CurationParameters(stages: stages[Int(seed) % 4 == 1 ? 0 : Int(seed) % 4])
    let keeper = Keeper()
    for round in 0..<14 {
      let remembered = try await run(folder.bytes, parameters, keeper)
      let fresh = try await run(folder.bytes, parameters, nil)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger, "round \(round)")
      if round % 5 == 4 { keeper.forget(0.1, &random) }
      for _ in 0..<Int.random(in: 1...3, using: &random) { edit(&folder, &random) }
    }
    let reports = keeper.reports.withLock { $0 }
    #expect(reports.contains { !$0.startedOver && $0.recalledErrands > 2 * $0.assessedErrands })
  }

  /// One name in two Unicode forms, composed and not.
  private static let forms = ["caf\u{E9}", "cafe\u{301}"]

  /// The name of a file in its other form.
  private static func other(_ path: String) -> String {
    let composed = path.precomposedStringWithCanonicalMapping
    return path.utf8.elementsEqual(composed.utf8) ? path.decomposedStringWithCanonicalMapping : composed
  }

  /// Every kind of line that meets others: copies, near copies, what lies between two texts, other keys of conversations, phrases that many have.
  private func meeting(_ all: [String], _ random: inout Seeded) -> String {
    let (one, other) = (all.randomElement(using: &random) ?? goodLine, all.randomElement(using: &random) ?? goodLine)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: return one
    case 1: return one.replacingOccurrences(of: "lamp", with: "lantern")
    case 2:
      // Half of one text and half of another, so that it may join two clusters.
      let (left, right) = (one.split(separator: " "), other.split(separator: " "))
      return textLine((left.dropFirst().prefix(left.count / 2) + right.dropFirst(right.count / 2).dropLast()).joined(separator: " ").filter { $0.isLetter || $0 == " " })
    case 3: return one.replacingOccurrences(of: "{\"text\"", with: "{\"conversation\":\"\(Self.forms.randomElement(using: &random) ?? "") \(Int.random(in: 0..<9, using: &random))\",\"text\"")
    default: return line(&random, all)
    }
  }

  private func amend(_ folder: inout Folder, _ random: inout Seeded) {
    let all = folder.files.values.flatMap { $0 }.sorted()
    let path = folder.files.keys.sorted().randomElement(using: &random) ?? "a.jsonl"
    let count = folder.files[path]?.count ?? 0
    let place = count == 0 ? 0 : Int.random(in: 0..<count, using: &random)
    switch Int.random(in: 0..<13, using: &random) {
    case 0...3: folder.files[path, default: []].append(meeting(all, &random))
    case 4: folder.files[path, default: []].insert(meeting(all, &random), at: place)
    case 5: if count > 0 { folder.files[path]?.remove(at: place) }
    case 6: if count > 0 { folder.files[path]?[place] = meeting(all, &random) }
    case 7: folder.files["\(["a", "m", "z"].randomElement(using: &random) ?? "")\(Int.random(in: 0..<999, using: &random)).jsonl"] = [meeting(all, &random)]
    case 8: if count > 1 { folder.files[path]?.swapAt(place, count - 1) }
    case 9: if folder.files.count > 60 { folder.files[path] = nil }
    case 10: if let moved = folder.files.removeValue(forKey: path) { folder.files["z\(path)"] = moved }
    case 11:
      let named = folder.files.keys.filter { $0.contains("\u{E9}") }.sorted()
      if let path = named.randomElement(using: &random), let moved = folder.files.removeValue(forKey: path) { folder.files[Self.other(path)] = moved }
    // Takes out the first of those that say the same, which stands for them.
    default:
      let copies = Dictionary(grouping: folder.files.keys.sorted().flatMap { path in folder.files[path, default: []].indices.map { (path, $0) } }) {
        folder.files[$0.0]?[$0.1] ?? ""
      }
      if let first = copies.values.filter({ $0.count > 1 }).map({ $0[0] }).min(by: { $0 < $1 }) { folder.files[first.0]?.remove(at: first.1) }
    }
  }

  @Test("a run that amends the last one's result gives what a run from nothing gives", arguments: 1...8 as ClosedRange<UInt64>)
  func amendments(seed: UInt64) async throws {
    var random = Seeded(seed &+ 1_000)
    var folder = start(&random)
    for number in 0..<60 { folder.files["more \(number).jsonl"] = (0..<12).map { _ in meeting(folder.files["large.jsonl"] ?? [], &random) } }
    for number in 0..<4 { folder.files["\(Self.forms[0]) \(number).jsonl"] = (0..<6).map { _ in meeting(folder.files["large.jsonl"] ?? [], &random) } }
    let parameters = CurationParameters(stages: seed % 2 == 0 ? [.repair, .near] : everyStage)
    let keeper = Keeper()
    // Texts of other kinds of files, which are like some of the others.
    var texts = (0..<12).map { "keeper \($0) of the " + text(&random, 30) }
    for number in 0..<12 { folder.files["like \(number).jsonl"] = [textLine(texts[number] + " now")] }
    for round in 0..<24 {
      var files = folder.bytes
      files["rows.csv"] = Data(("text\n" + texts.prefix(4).joined(separator: "\n") + "\n").utf8)
      files["list.json"] = Data(("[" + texts[4..<8].map { "{\"text\":\"\($0)\"}" }.joined(separator: ",") + "]").utf8)
      for (number, text) in texts[8...].enumerated() { files["prose/\(number).md"] = Data(text.utf8) }
      let remembered = try await run(files, parameters, keeper, partByteCount: seed % 3 == 0 ? 900 : 6_000)
      let fresh = try await run(files, parameters, nil, partByteCount: seed % 3 == 0 ? 900 : 6_000)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger, "round \(round)")
      keeper.left.withLock { $0 = nil }
      switch Int.random(in: 0..<12, using: &random) {
      case 0: keeper.forget(0.02, &random)
      case 1: keeper.damage(0.02, &random)
      case 2: keeper.left.withLock { $0 = Int.random(in: 0..<40, using: &random) }
      default: break
      }
      for _ in 0..<Int.random(in: 1...2, using: &random) { amend(&folder, &random) }
      if round % 3 == 2 { texts[Int.random(in: 0..<12, using: &random)] += " " + text(&random, 2) }
    }
    let reports = keeper.reports.withLock { $0 }
    #expect(reports.count { $0.amended } >= 8, "\(reports.count { $0.amended }) of \(reports.count)")
  }

  @Test("a name or a key of which the Unicode form alone is another one is written anew in an amended result")
  func unicodeForms() async throws {
    var random = Seeded(233)
    var folder = start(&random)
    for number in 0..<60 { folder.files["more \(number).jsonl"] = (0..<12).map { _ in GeneratedCorpus.line(&random) } }
    let text = "the fog horn sounded twice that night and the boats stayed in the harbour until the tide had turned once more"
    let (first, second) = ("\(Self.forms[0]).jsonl", "\(Self.forms[1]).jsonl")
    folder.files[first] = [textLine(text, conversation: Self.forms[0]), textLine("the lamp was lit at six and burnt until the morning without a flicker")]
    let (parameters, keeper) = (CurationParameters(stages: [.repair, .near]), Keeper())
    func compare() async throws -> (dataset: Digest, ledger: Digest) {
      let remembered = try await run(folder.bytes, parameters, keeper)
      let fresh = try await run(folder.bytes, parameters, nil)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger)
      return remembered
    }
    let composed = try await compare()
    let lines = folder.files.removeValue(forKey: first) ?? []
    folder.files[second] = lines
    let renamed = try await compare()
    #expect(keeper.reports.withLock { $0.last?.amended } == true)
    #expect(renamed.ledger != composed.ledger && renamed.dataset == composed.dataset)
    folder.files[second] = [textLine(text, conversation: Self.forms[1]), lines[1]]
    let rekeyed = try await compare()
    #expect(keeper.reports.withLock { $0.last?.amended } == true)
    #expect(rekeyed.dataset != renamed.dataset)
  }

  @Test("a run that is cancelled while it amends the last one's result ends, and the next one amends it")
  func cancellation() async throws {
    var random = Seeded(61)
    var folder = start(&random)
    let (parameters, keeper) = (CurationParameters(stages: [.repair, .near]), Keeper())
    _ = try await run(folder.bytes, parameters, keeper)
    folder.files["file 7.jsonl"]?.append(textLine("a record that nobody has seen before, of words that stand nowhere else"))
    let files = folder.bytes
    let cancelled = Task { try await run(files, parameters, keeper, loading: { withUnsafeCurrentTask { $0?.cancel() } }) }
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(keeper.reports.withLock { $0.count } == 1)
    let remembered = try await run(files, parameters, keeper)
    let fresh = try await run(files, parameters, nil)
    #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger)
    #expect(keeper.reports.withLock { $0.last?.amended } == true)
  }

  @Test("what was retracted stays out of an amended result, and comes back with the retraction's end")
  func retractions() async throws {
    var random = Seeded(404)
    var folder = start(&random)
    let keeper = Keeper()
    let text = "the fog horn sounded twice that night and the boats stayed in the harbour until the tide had turned once more"
    let line = textLine(text)
    folder.files["file 3.jsonl"]?.append(line)
    var retracted = Retractions()
    retracted.add(salt: Data((0..<32).map { UInt8($0) }))
    retracted.insert(.record(DatasetRecord(content: .text(text)).id), reason: Retractions.standardReason)
    for round in 0..<6 {
      var parameters = CurationParameters(stages: everyStage)
      if round % 3 == 1 { parameters.retractions = retracted }
      // Another file of retractions is another scope, as it is another input of the action.
      let remembered = try await run(folder.bytes, parameters, keeper, scope: round % 3 == 1 ? "retracted" : "")
      let fresh = try await run(folder.bytes, parameters, nil)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger, "round \(round)")
      folder.files["file 5.jsonl"]?.append(line.replacingOccurrences(of: "twice", with: "\(round) times"))
    }
    #expect(keeper.reports.withLock { $0.contains { $0.amended } })
  }

  @Test("one record more is one errand more, whether records are compared by likeness or not", arguments: [everyStage, standardStages])
  func oneMore(stages: [CurationParameters.Stage]) async throws {
    var random = Seeded(77)
    var folder = start(&random)
    let keeper = Keeper()
    _ = try await run(folder.bytes, CurationParameters(stages: stages), keeper)
    folder.files["file 7.jsonl"]?.append(textLine("a record that nobody has seen before, of words that stand nowhere else"))
    let remembered = try await run(folder.bytes, CurationParameters(stages: stages), keeper)
    let fresh = try await run(folder.bytes, CurationParameters(stages: stages), nil)
    #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger)
    let report = try #require(keeper.reports.withLock { $0.last })
    #expect(!report.startedOver && report.assessedErrands <= 4 && report.recalledErrands >= 20)
    #expect(report.amended == (stages == everyStage))
  }

  @Test("a phrase that becomes a template's, and one that ceases to be, make the run begin again")
  func templates() async throws {
    var random = Seeded(31)
    var folder = Folder()
    let phrase = "as the keeper of the northern light always said to everyone "
    for number in 0..<40 {
      let opening = number < 19 ? phrase : ""
      folder.files["file \(number).jsonl"] = [textLine(opening + text(&random, 30))]
    }
    let keeper = Keeper()
    let parameters = CurationParameters(stages: [.near])
    func compare(startsOver: Bool) async throws {
      let remembered = try await run(folder.bytes, parameters, keeper)
      let fresh = try await run(folder.bytes, parameters, nil)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger)
      #expect(keeper.reports.withLock { $0.last?.startedOver } == startsOver)
    }
    try await compare(startsOver: true)
    folder.files["file 20.jsonl"]?.append(textLine(text(&random, 30)))
    try await compare(startsOver: false)
    folder.files["file 21.jsonl"]?.append(textLine(phrase + text(&random, 30)))
    try await compare(startsOver: true)
    folder.files["file 0.jsonl"] = [textLine(text(&random, 30))]
    try await compare(startsOver: true)
    folder.files["file 1.jsonl"]?.append(textLine(text(&random, 30)))
    try await compare(startsOver: false)
  }

  @Test("with members of archives, and other formats")
  func archives() async throws {
    var random = Seeded(5)
    var folder = start(&random)
    let keeper = Keeper()
    for round in 0..<5 {
      var files = folder.bytes
      let members = (0..<3).map { PackedMember("in/\($0).jsonl", Data((folder.files["file \($0).jsonl"] ?? []).joined(separator: "\n").utf8)) }
      files["packed.zip"] = try packed(members, as: "zip")
      files["table.csv"] = Data("question,answer\n\(round),yes\n".utf8)
      let parameters = CurationParameters(stages: everyStage)
      let remembered = try await run(files, parameters, keeper)
      let fresh = try await run(files, parameters, nil)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger, "round \(round)")
      edit(&folder, &random)
    }
  }

  @Test("what is made in another scope is not taken for this one's")
  func scopes() async throws {
    var random = Seeded(9)
    let folder = start(&random)
    let keeper = Keeper()
    let lengths: [[CurationParameters.Stage]] = [everyStage, [.near, .length(minimumInCharacters: 1, maximumInCharacters: 60)]]
    for (number, stages) in (lengths + lengths).enumerated() {
      let remembered = try await run(folder.bytes, CurationParameters(stages: stages), keeper, scope: "\(number % 2)")
      let fresh = try await run(folder.bytes, CurationParameters(stages: stages), nil)
      #expect(remembered.dataset == fresh.dataset && remembered.ledger == fresh.ledger)
    }
    #expect(keeper.reports.withLock { $0.last?.assessedErrands } == 0)
  }
}
