import Artifacts
import Foundation
import Testing

@Suite("Consent: retract and erase")
struct ConsentTests {
  private static let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
  private static let question = "Please tell the whole long story of the old lamp in the tower by the grey sea, and of whoever lit it first in winter."
  private static let answer = "Anna of +49 170 1234567 lit it first on a cold night in January, and nobody has since then done it quite so well as she did"

  private static func line(_ answer: String) -> String {
    #"{"messages":[{"role":"user","content":"\#(question)"},{"role":"assistant","content":"\#(answer)"}]}"# + "\n"
  }

  /// The voice, with a record on line 41, a near duplicate of it on line 42, and every stage that gives a record another id.
  private static let files: [String: String] = {
    let stages = "curate: [{ normalize: {} }, { deduplicate: { near: {} } }, { pii: redact }, { length: {} }]"
    let recipe = Project.voice.replacing("curate: [{ normalize: {} }, { deduplicate: {} }, { length: {} }]", with: stages)
    let talk = Project.talk(count: 40) + line(answer + ".") + line(answer)
    return Project.tiny.merging(["recipes/voice.yaml": recipe, "talk/talk.jsonl": talk]) { _, new in new }
  }()

  private static let record = "talk/talk.jsonl:41"

  /// Files of the store in which the record's words stand.
  private func holding(_ text: String, _ tool: Tool) throws -> [String] {
    let names = try #require(FileManager.default.enumerator(atPath: tool.place(".soulpack").path)).compactMap { $0 as? String }
    return names.filter { name in
      FileManager.default.contents(atPath: tool.place(".soulpack/" + name).path)?.range(of: Data(text.utf8)) != nil
    }
  }

  // MARK: - Retract

  @Test("a file of retractions that is a link is written where it leads; one that leads nowhere stops every plan")
  func linkedFile() throws {
    try Tool.inProject(Self.files) { tool in
      try tool.write("# soulpack.retractions/1\n", to: "elsewhere")
      try FileManager.default.createSymbolicLink(at: tool.place("retractions"), withDestinationURL: tool.place("elsewhere"))
      try tool.must("retract", Self.key)
      #expect(String(decoding: try tool.read("elsewhere"), as: UTF8.self).contains("\ncontributor "))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: tool.place("retractions").path) == tool.place("elsewhere").path)
      try tool.remove("elsewhere")
      for command in [["plan", "recipes/voice.yaml"], ["curate", "recipes/voice.yaml"], ["retract", Self.key]] {
        try tool.start(command).wait().expectFailure(1, tool.place("retractions").path + ": a link to a file that is not there", hint: "bring back what it leads to")
      }
    }
  }

  @Test("retractions at one time all come into the file, where there is no store to take turns by")
  func atOneTime() throws {
    try Tool.inProject(Self.files) { tool in
      let ids = (0..<12).map { "sha256:" + String(repeating: String($0, radix: 16), count: 64) }
      let running = try ids.map { try tool.start(["retract", $0]) }
      for one in running { #expect(try one.wait().status == 0) }
      #expect(String(decoding: try tool.read("retractions"), as: UTF8.self).split(separator: "\n").count { $0.hasPrefix("record ") } == ids.count)
      #expect(try tool.names().contains("retractions") && !tool.names().contains { $0.hasPrefix(".retractions") })
    }
  }

  @Test("a retraction lists dataset, adapter and Soul, and goes into a file that names nobody; from then on the record stays out, and so does what was nearly the same")
  func retract() throws {
    try Tool.inProject(Self.files) { tool in
      let soul = try tool.digest()
      let outcome = try tool.must("retract", Self.record, "--recipe", "recipes/voice.yaml", "--reason", "consent", "--json").json()
      #expect(outcome["records"]?.array?.count == 2 && outcome["nearDuplicates"]?.array?.count == 1 && outcome["linesChanged"]?.integer == 3)
      #expect(outcome["datasets"]?.array?.first?["actions"]?.array?.first?["action"]?.string == "curate.talk")
      #expect(outcome["candidates"]?.array?.map { $0["kind"]?.string } == ["adapter"])
      let listed = try #require(outcome["souls"]?.array?.first)
      #expect(listed["digest"]?.string == String(soul) && listed["files"] == ["out/voice-1.0.0.soul"])

      let file = String(decoding: try tool.read("retractions"), as: UTF8.self)
      for id in (outcome["records"]?.array ?? []).compactMap(\.digest) { #expect(!file.contains(id.hex)) }
      #expect(!file.contains("talk") && file.split(separator: "\n").count { $0.hasSuffix(" consent") } == 3)

      let built = try tool.build()
      #expect(built.status == 0 && built.errors.contains("curate.talk: 2 records stay out: retracted"), "\(built.errors)")
      for line in [41, 42] {
        #expect(try tool.must("why", "talk.jsonl:\(line)", "--recipe", "recipes/voice.yaml").output.contains("dropped: retracted"))
      }
      #expect(try tool.build().output.contains("0 actions run"))
      #expect(try tool.must("log").output.contains("retracted"))
      #expect(try tool.must("fsck").output.hasPrefix("sound"))
    }
  }

  @Test("with -n nothing is written; a second time nothing is new; --undo takes it in again, and the dataset is what it was")
  func undo() throws {
    try Tool.inProject(Self.files) { tool in
      let first = try tool.must("curate", "recipes/voice.yaml", "--export", "before.jsonl")
      #expect(try tool.must("retract", Self.key, "--undo").output.hasPrefix("stays in: everything of \(Self.key)\n  it was not retracted"))
      #expect(try tool.must("retract", Self.record, "--recipe", "recipes/voice.yaml", "-n").output.hasPrefix("would be retracted: record "))
      #expect(!tool.exists("retractions"))
      try tool.must("retract", Self.record, "--recipe", "recipes/voice.yaml")
      let written = try tool.read("retractions")
      #expect(try tool.must("retract", Self.record, "--recipe", "recipes/voice.yaml").output.contains("it was retracted before"))
      #expect(try tool.read("retractions") == written)
      #expect(try tool.must("curate", "recipes/voice.yaml", "--export", "without.jsonl").output != first.output)
      #expect(try tool.read("without.jsonl").range(of: Data("lit it first".utf8)) == nil)
      try tool.must("retract", Self.record, "--undo", "--recipe", "recipes/voice.yaml")
      #expect(!String(decoding: try tool.read("retractions"), as: UTF8.self).contains("record "))
      try tool.must("curate", "recipes/voice.yaml", "--export", "after.jsonl")
      #expect(try tool.read("after.jsonl") == tool.read("before.jsonl"))
    }
  }

  @Test("an id of the dataset, the first digits of it, or a whole id in a clone without a store: each keeps the record out")
  func ids() throws {
    try Tool.inProject(Self.files) { tool in
      try tool.must("curate", "recipes/voice.yaml")
      let why = try tool.must("why", "talk.jsonl:41", "--recipe", "recipes/voice.yaml", "--json").json()
      let id = try #require(why["records"]?.array?.first?["id"]?.digest)
      try tool.must("retract", String(id.short))
      let byPrefix = try tool.read("retractions")
      try tool.must("curate", "recipes/voice.yaml")
      // The ledger of now knows it by another id: what was asked is answered all the same.
      let gone = try tool.run("why", id.hex)
      #expect(gone.status == 1 && gone.errors.contains("is retracted") && gone.errors.contains("soulpack why talk.jsonl:41"), "\(gone.errors)")
      #expect(byPrefix.split(separator: 0x0A).count == 6)

      try tool.remove(".soulpack", "retractions")
      #expect(try tool.run("retract", String(id.short)).status == 1)
      let clone = try tool.must("retract", id.hex)
      #expect(clone.output.contains("there is no store"))
      let curated = try tool.must("curate", "recipes/voice.yaml", "--json").json()
      #expect(curated.canonicalText.contains("retracted"))
    }
  }

  @Test("another project's line is not found, a bad reason and a bad key are refused, and a broken file stops every build")
  func refused() throws {
    try Tool.inProject(Self.files) { tool in
      #expect(try tool.run("retract", "talk/talk.jsonl:41", "--recipe", "recipes/voice.yaml").status == 1)
      try tool.must("curate", "recipes/voice.yaml")
      #expect(try tool.run("retract", "talk/talk.jsonl:999", "--recipe", "recipes/voice.yaml").status == 1)
      #expect(try tool.run("retract", Self.record, "--reason", "Anna asked").status == 2)
      #expect(try tool.run("retract", "did:key:z6Mk").errors.contains("is not the did:key of a contributor"))
      try tool.write("# soulpack.retractions/1\n<<<<<<< HEAD\n", to: "retractions")
      for arguments in [["curate", "recipes/voice.yaml"], ["curate", "talk"], ["build", "recipes/voice.yaml"], ["retract", Self.record]] {
        let outcome = try tool.start(arguments).wait()
        #expect(outcome.status == 1 && outcome.errors.contains("retractions:2: a merge that was left half done"), "\(arguments): \(outcome.errors)")
      }
    }
  }

  @Test("who takes back while a build waits for the store is heard before it begins")
  func whileWaiting() throws {
    try Tool.inProject(Self.files) { tool in
      try tool.must("curate", "recipes/voice.yaml")
      let outcome = try tool.shell(
        """
        exec 9<>.soulpack/lock && flock -n 9 || exit 99
        soulpack build recipes/voice.yaml --threads 1 2> building 9>&- & building=$!
        while kill -0 $building && ! grep -q "waiting for" building; do sleep 0.02; done
        soulpack retract \(Self.key) 2> retracting 9>&- & retracting=$!
        while kill -0 $retracting && ! grep -q "it is written into retractions, and counts from now on" retracting; do sleep 0.02; done
        grep -c "^contributor" retractions
        exec 9>&-
        wait $building; echo $?
        wait $retracting; echo $?
        """)
      #expect(outcome.output.split(separator: "\n").filter { $0.count == 1 } == ["1", "7", "0"], "\(outcome.output)\(outcome.errors)")
      let said = String(decoding: try tool.read("building"), as: UTF8.self)
      #expect(said.contains("retractions: what is retracted has changed since this began") && !said.contains("start   train"), "\(said)")
      #expect(try !tool.exists("out") && tool.must("log").output.contains("retracted"))
    }
  }

  @Test("who takes back while a build runs is heard before anything is given out; the next build is theirs")
  func whileRunning() throws {
    try Tool.inProject(Project.commanded("cp ../../../kept ../../../retractions; " + Project.copying)) { tool in
      try tool.must("retract", Self.key, "--reason", "consent")
      try tool.must("retract", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
      try FileManager.default.moveItem(at: tool.place("retractions"), to: tool.place("kept"))
      try tool.must("retract", Self.key)
      let building = try tool.build("--allow-run")
      building.expectFailure(7, tool.place("retractions").path + ": what is retracted has changed since this began", hint: "run it again")
      #expect(!tool.exists("out") && !building.errors.contains("the result is of what it was before"), "\(building.errors)")
      #expect(try tool.build("--allow-run").status == 0)
    }
  }

  @Test("a contributor's datasets are left out; a recipe that trains on one does not build, with code 7")
  func contributor() throws {
    var files = Self.files
    files["recipes/voice.yaml"] = files["recipes/voice.yaml"]?.replacing("from: talk", with: "from: talk\n    contributor: \(Self.key)")
    try Tool.inProject(files) { tool in
      let soul = try tool.digest()
      let listed = try tool.must("retract", Self.key)
      #expect(listed.output.contains("adapter") && listed.output.contains("voice 1.0.0 (out/voice-1.0.0.soul)") && listed.output.contains(soul.dropFirst(7).prefix(12)))
      #expect(!String(decoding: try tool.read("retractions"), as: UTF8.self).contains("did:key"))
      let refused = try tool.build()
      #expect(refused.status == 7 && refused.errors.contains("dataset \"talk\": its contributor has retracted it"), "\(refused.errors)")
      // Another dataset takes its place: the rest of the recipe holds.
      try tool.edit("recipes/voice.yaml", "datasets:\n", "datasets:\n  more: { from: more, license: CC0-1.0, split: { holdout: 20%, salt: test } }\n")
      try tool.edit("recipes/voice.yaml", "dataset: talk", "dataset: more")
      try tool.write(Project.talk(count: 50), to: "more/talk.jsonl")
      let built = try tool.build()
      #expect(built.status == 0 && built.errors.contains("dataset \"talk\" stays out"), "\(built.errors)")
      #expect(try !tool.must("plan", "recipes/voice.yaml").output.contains("curate.talk"))
      try tool.must("retract", "--undo", Self.key)
      #expect(try tool.must("plan", "recipes/voice.yaml").output.contains("curate.talk"))
    }
  }

  // MARK: - Erase

  @Test("erasing leaves no byte of the record in the store, in any form; the store is sound, the log is whole, and the next build works")
  func erase() throws {
    try Tool.inProject(Self.files) { tool in
      try tool.digest()
      try tool.must("curate", "talk")
      #expect(try !holding("lit it first", tool).isEmpty)
      let asked = try tool.run("erase", Self.record, "--recipe", "recipes/voice.yaml")
      #expect(asked.status == 8 && asked.errors.contains("--yes"))
      let planned = try tool.must("erase", Self.record, "--recipe", "recipes/voice.yaml", "-n")
      #expect(planned.output.hasPrefix("would be erased") && !tool.exists("retractions"))
      let done = try tool.must("erase", Self.record, "--recipe", "recipes/voice.yaml", "--yes")
      #expect(done.output.hasPrefix("erased: record ") && done.output.contains("still in talk/talk.jsonl") && done.output.contains("trained on it"))
      #expect(try holding("lit it first", tool).isEmpty && holding(Self.question, tool).isEmpty)
      let proof = try tool.must("fsck")
      #expect(proof.output.hasPrefix("sound") && proof.output.contains("taken out on purpose"), "\(proof.output)")
      #expect(try tool.must("log").output.contains("erased"))

      // Its owner takes it out of the file, and what was erased is made anew without it.
      try tool.write(Project.talk(count: 40), to: "talk/talk.jsonl")
      #expect(try tool.build().status == 0)
      #expect(try holding("lit it first", tool).isEmpty && tool.must("fsck").output.hasPrefix("sound"))
      // The event log of before still stands: the chain goes on from it.
      let again = try tool.run("erase", Self.record, "--yes")
      #expect(again.status == 1)
    }
  }

  @Test("erasing forgets what curations remembered, and what comes after is as from nothing")
  func memory() throws {
    try Tool.inProject(Self.files) { tool in
      try tool.must("curate", "talk")
      try tool.write(Project.talk(count: 40) + Self.line(Self.answer + ".") + Self.line(Self.answer) + Self.line("Nobody knows"), to: "talk/talk.jsonl")
      try tool.must("curate", "talk")
      #expect(try !tool.names(in: ".soulpack/memo").isEmpty)
      try tool.must("erase", Self.record, "--yes")
      #expect(try tool.names(in: ".soulpack/memo").isEmpty)
      try tool.must("curate", "talk", "--export", "after.jsonl", "--export-ledger", "after.ledger")
      #expect(try !tool.names(in: ".soulpack/memo").isEmpty)
      try tool.remove(".soulpack")
      try tool.must("curate", "talk", "--export", "fresh.jsonl", "--export-ledger", "fresh.ledger")
      #expect(try tool.read("after.jsonl") == tool.read("fresh.jsonl") && tool.read("after.ledger") == tool.read("fresh.ledger"))
    }
  }

  @Test("in a packed source the whole archive goes; the file of its owner stays, and is named")
  func packed() throws {
    try Tool.inProject(["talk/all.jsonl": Project.talk(count: 30) + Self.line(Self.answer)]) { tool in
      _ = try tool.shell("gzip -c talk/all.jsonl > packed.jsonl.gz; rm -r talk; mkdir talk; mv packed.jsonl.gz talk/all.jsonl.gz")
      try tool.must("curate", "talk")
      let done = try tool.must("erase", "talk/all.jsonl.gz:31", "--yes")
      #expect(done.output.contains("1 file, 1 dataset") && done.output.contains("still in talk/all.jsonl.gz"), "\(done.output)")
      #expect(try holding("lit it first", tool).isEmpty && tool.exists("talk/all.jsonl.gz"))
      // It is retracted: the file may come in again, the record does not.
      let curated = try tool.must("curate", "talk", "--export", "kept.jsonl")
      #expect(curated.output.contains("retracted"))
      #expect(try tool.read("kept.jsonl").range(of: Data("lit it first".utf8)) == nil)
    }
  }

  @Test("a short line of prose is erased where it is, and what happens to have the same letters stays")
  func short() throws {
    try Tool.inProject(["notes/a.txt": "Hello.\n", "notes/b.txt": "Hello. And more than that.\n"]) { tool in
      try tool.must("curate", "notes", "--only", "normalize")
      let done = try tool.must("erase", "notes/a.txt:1", "--yes", "--json").json()
      #expect(done["objects"]?["file"]?.integer == 1 && done["objects"]?["other"]?.integer == 0, "\(done.canonicalText)")
      try tool.must("curate", "notes", "--only", "normalize")
      #expect(try tool.must("why", "b.txt:1").output.contains("passed"))
      #expect(try tool.must("why", "a.txt:1").output.contains("dropped: retracted"))
    }
  }
}
