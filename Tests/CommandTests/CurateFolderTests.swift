import Artifacts
import Foundation
import Testing

@Suite("Curating a folder without a recipe")
struct CurateFolderTests {
  /// A folder with one of everything: kept, merged, dropped for several reasons, and not read.
  static let letters: [String: String] = [
    "letters/talk.jsonl": Project.talk(count: 40) + "not json\n" + Project.talk(count: 1) + #"{"text":""}"# + "\n",
    "letters/prose/one.md": "The lamp was lit at dusk.  \n\nThe keeper went up.\n", "letters/photo.png": "\u{89}PNG",
  ]

  @Test("the table counts files, records and reasons, and what comes next is said beside it")
  func table() throws {
    try Tool.inProject(Self.letters) { tool in
      let outcome = try tool.must("curate", "letters")
      let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
      for row in ["jsonl 1 43 records", "markdown 1 1 records", "not read 1 1 .png", "read 44", "merged 1 2.3 % 1 exactly, 0 nearly the same"] {
        #expect(rows.contains(row), "\(row) in\n\(outcome.output)")
      }
      for row in ["read invalid JSON 1 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇", "structure empty text 1 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇"] { #expect(rows.contains(row), "\(row) in\n\(outcome.output)") }
      #expect(outcome.output.hasPrefix("curate.letters  ") && outcome.output.hasSuffix("\n1 action run, 0 up to date\n"))
      #expect(outcome.errors.contains("soulpack why talk.jsonl:41") && outcome.errors.contains("soulpack init letters"))
      #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(outcome.output)")
    }
  }

  @Test("the table and what comes next fit eighty columns however long the names of files are; a command is never broken")
  func longNames() throws {
    let words = "the lamp is trimmed at dusk and the glass is wiped before the first ship passes the point of the long grey head"
    let name = String(repeating: "letters-from-the-lighthouse/", count: 4) + "a rather long name of a file.jsonl"
    let lines = ["", " a", " b", " c"].map { #"{"text":"\#(words + $0)"}"# } + ["not json"]
    try Tool.inProject(["letters/" + name: lines.joined(separator: "\n")]) { tool in
      let outcome = try tool.must("curate", "letters")
      #expect(outcome.output.contains("nearly the same as"))
      #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(outcome.output)")
      #expect(outcome.errors.contains("  soulpack why '\(name):5'\n    tells the story of one record\n"), "\(outcome.errors)")
    }
  }

  @Test("a line more in a folder that was curated before gives what a curation from nothing gives, and every story is told")
  func lineMore() throws {
    let talk = (0..<40).map { number in ("letters/\(number).jsonl", (0..<5).map { #"{"text":"letter \#(number) of \#($0) tells of the tide and of the boats"}"# + "\n" }.joined()) }
    try Tool.inProject(Dictionary(uniqueKeysWithValues: talk)) { tool in
      try tool.must("curate", "letters")
      for (path, line) in [("letters/7.jsonl", "letter 3 of 2 tells of the tide and of the boats"), ("letters/a.jsonl", "nobody wrote this before")] {
        let before = (try? tool.read(path)) ?? Data()
        try tool.write(before + Data("{\"text\":\"\(line)\"}\n".utf8), to: path)
        try tool.must("curate", "letters", "--export", "one.jsonl", "--export-ledger", "one.ledger")
      }
      #expect(try tool.must("why", "letters/7.jsonl:6").output.contains("3.jsonl:3"))
      try tool.remove(".soulpack")
      try tool.must("curate", "letters", "--export", "two.jsonl", "--export-ledger", "two.ledger")
      #expect(try tool.read("one.jsonl") == tool.read("two.jsonl") && tool.read("one.ledger") == tool.read("two.ledger"))
    }
  }

  @Test("a folder is kept clear of the text of an evaluation file, which why names by its line")
  func against() throws {
    let probe = "the lamp that burned in the northern tower was never lit by any hand but the keeper's own"
    let files = Self.letters.merging(["letters/leak.jsonl": #"{"text":"Note: \#(probe.uppercased())"}"#, "evals/probes.jsonl": #"{"text":"\#(probe)"}"# + "\n"]) { own, _ in own }
    try Tool.inProject(files) { tool in
      let outcome = try tool.must("curate", "letters", "--against", "evals/probes.jsonl")
      #expect(outcome.output.contains("text of an evaluation record"), "\(outcome.output)")
      let why = try tool.must("why", "letters/leak.jsonl:1").output
      #expect(why.contains("decontaminate") && why.contains("shares 7 of 7 word runs with the evaluation record probes.jsonl:1"), "\(why)")
      #expect(try tool.must("curate", "letters", "--only", "decontaminate", "--against", "evals").output.contains("text of an evaluation record"))
      // Another evaluation is another curation.
      try tool.write(#"{"text":"\#(probe.replacing("lamp", with: "lantern"))"}"#, to: "evals/probes.jsonl")
      #expect(try tool.must("curate", "letters", "--against", "evals/probes.jsonl").output.hasSuffix("\n1 action run, 0 up to date\n"))

      let refused = try tool.start(["curate", "letters", "--only", "decontaminate"]).wait()
      #expect(refused.status != 0 && refused.errors.contains("needs to be told what to run with") && refused.errors.contains("--against FILE"), "\(refused.errors)")
      try tool.write("{broken\n", to: "evals/probes.jsonl")
      let broken = try tool.start(["curate", "letters", "--against", "evals/probes.jsonl"]).wait()
      #expect(broken.status != 0 && broken.errors.contains("probes.jsonl:1: an evaluation record that cannot be read: invalid JSON"), "\(broken.errors)")
    }
  }

  @Test("languages are shown, noted by the stage or of a sample")
  func languages() throws {
    try Tool.inProject(Self.letters) { tool in
      #expect(try tool.must("curate", "letters").output.contains("\nlanguages of kept records\n"))
      let json = try tool.must("curate", "letters", "--only", "language", "--json").output
      #expect(json.contains(#""languages":{"languages":[{"code":"#), "\(json)")
      #expect(try tool.must("why", "letters/talk.jsonl:1").output.contains("% of the letters"))
    }
  }

  @Test("no text of a record is in any output")
  func discreet() throws {
    try Tool.inProject(Self.letters) { tool in
      for arguments in [["curate", "letters"], ["curate", "letters", "--json"], ["curate", "letters", "-v", "--export-ledger", "-"]] {
        let outcome = try tool.start(arguments).wait()
        #expect(outcome.status == 0)
        for word in ["tide", "not json"] { #expect(!(outcome.output + outcome.errors).contains(word), "\(arguments)") }
      }
    }
  }

  @Test("a second time nothing runs; one more record, and it runs again")
  func cached() throws {
    try Tool.inProject(Self.letters) { tool in
      let first = try tool.must("curate", "letters")
      let second = try tool.must("curate", "letters/")
      #expect(second.output.hasSuffix("\n0 actions run, 1 up to date\n"))
      #expect(first.output.replacing("1 action run, 0 up", with: "0 actions run, 1 up") == second.output)
      #expect(try tool.must("curate", "letters", "-n").output.hasPrefix("same  curate.letters  "))
      try tool.write(#"{"text":"One more."}"# + "\n", to: "letters/more.jsonl")
      #expect(try tool.must("curate", "letters").output.hasSuffix("\n1 action run, 0 up to date\n"))
    }
  }

  @Test("the folder is only read: it may be read-only, and the store is not in it")
  func readOnly() throws {
    try Tool.inProject(Self.letters) { tool in
      let before = try tool.shell("chmod -R a-w letters; find letters -printf '%p %T@ %m\\n' | sort").output
      try tool.must("curate", "letters")
      #expect(try tool.shell("find letters -printf '%p %T@ %m\\n' | sort").output == before)
      #expect(tool.exists(".soulpack"))
      #expect(try tool.shell("chmod -R u+w letters").status == 0)
    }
  }

  @Test("away from any project the store is in the working directory, or where SOULPACK_STORE says; never in the folder")
  func stores() throws {
    try Tool.inProject(Self.letters) { tool in
      let outside = try tool.shell("rm -r .git; mkdir -p ../desk; cd ../desk; soulpack curate ../project/letters; ls -A; ls -A ../project/letters")
      #expect(outside.output.contains("\n.soulpack\nphoto.png\nprose\ntalk.jsonl\n"), "\(outside.output)\(outside.errors)")
      let inside = try tool.shell("cd letters/prose; soulpack curate ..")
      inside.expectFailure(2, "\"\(tool.folder.path)/letters\": the store would lie inside of it", hint: "go to another folder")
      #expect(!tool.exists("letters/prose/.soulpack") && !tool.exists("letters/.soulpack"))
      let elsewhere = try tool.shell("cd letters/prose; SOULPACK_STORE=\(tool.folder.path)/../mine soulpack curate ..; ls -A ..")
      #expect(elsewhere.status == 0 && elsewhere.output.hasSuffix("\nphoto.png\nprose\ntalk.jsonl\n"), "\(elsewhere.errors)")
    }
  }

  @Test("one file is a folder of one; the working directory itself is one too", arguments: ["talk.jsonl", "."])
  func others(path: String) throws {
    try Tool.inProject(["talk.jsonl": Project.talk(count: 3)]) { tool in
      let report = try tool.must("curate", path, "--json").json()
      #expect(report["datasets"]?.array?.first?["summary"]?["kept"]?.integer == 3)
      #expect(try tool.must("why", "talk.jsonl:2").output.contains("talk.jsonl:2"))
      #expect(try tool.must("curate", path).output.hasSuffix("\n0 actions run, 1 up to date\n"))
    }
  }

  @Test("why answers after it, from anywhere, for a place as people name it and for an id; of --only, too")
  func why() throws {
    try Tool.inProject(Self.letters) { tool in
      try tool.run("why", "talk.jsonl:41").expectFailure(1, "nothing has been curated here", hint: "soulpack curate FOLDER")
      try tool.must("curate", "letters")
      let dropped = try tool.must("why", "talk.jsonl:41").output
      #expect(dropped.hasPrefix("talk.jsonl:41  (letters)\n  read") && dropped.contains("dropped: invalid JSON"))
      #expect(try tool.must("why", "letters/talk.jsonl:41").output == dropped)
      #expect(try tool.shell("cd letters; soulpack why talk.jsonl:41; cd prose; soulpack why ../talk.jsonl:41").output == dropped + dropped)
      let merged = try tool.must("why", "letters/talk.jsonl:42", "--json").json()
      let id = try #require(merged["records"]?.array?.first?["id"]?.digest)
      #expect(try tool.must("why", id.short).output.contains("(talk.jsonl:1)"))
      try tool.run("why", "talk.jsonl:300").expectFailure(1, "talk.jsonl:300: no record was read from this line")
      try tool.must("curate", "letters", "--only", "length")
      let story = try tool.must("why", "talk.jsonl:42").output
      #expect(!story.contains("merged") && !story.contains("normalize"), "\(story)")
    }
  }

  @Test("why says so where the folder has changed since, or is gone")
  func staleWhy() throws {
    try Tool.inProject(Self.letters) { tool in
      try tool.must("curate", "letters")
      try tool.write("{}\n", to: "letters/more.jsonl")
      try tool.run("why", "talk.jsonl:41").expectFailure(1, "letters: not curated yet, or its source, or what is retracted, has changed", hint: "soulpack curate letters")
      try tool.remove("letters")
      try tool.run("why", "talk.jsonl:41").expectFailure(2, "letters: there is no such file or folder")
    }
  }

  @Test("beside a recipe, the curation that was last at work answers first; --recipe asks the recipe")
  func beside() throws {
    try Tool.inProject { tool in
      try tool.must("curate", "recipes/voice.yaml")
      try tool.must("curate", "talk")
      try FileManager.default.moveItem(at: tool.place("recipes/voice.yaml"), to: tool.place("soul.yaml"))
      #expect(try tool.must("why", "talk.jsonl:3").output.contains("(talk)"))
      try tool.must("curate")
      #expect(try tool.must("why", "talk.jsonl:3").output.contains("(curate.talk)"))
      try tool.must("curate", "talk")
      #expect(try tool.must("why", "talk.jsonl:3").output.contains("(talk)"))
      #expect(try tool.must("why", "talk.jsonl:3", "--recipe", "soul.yaml").output.contains("(curate.talk)"))
    }
  }

  @Test("what cannot be curated is named, and what can be is said", arguments: [
    ("none", 2, "\"none\": there is no such file or folder", "name a folder of texts"),
    ("pictures", 1, "curate.pictures: the source holds no file that can be read; found 2 .png, 1 without a suffix", "curation reads "),
    ("empty", 1, "curate.empty: the source holds no file", "curation reads "),
    ("letters --only tidy", 2, "unknown stage \"tidy\"", "known: normalize"),
    ("letters --only dedupliacte", 2, "unknown stage \"dedupliacte\"", "did you mean \"deduplicate\"?"),
    ("letters --set train.x.epochs=1", 2, "--set is about a recipe, and \"letters\" is none", ""),
    ("letters --locked", 2, "--locked is about a recipe", ""),
    ("letters --dataset x", 2, "--dataset is about a recipe", ""),
    ("none.yaml", 2, "none.yaml: there is no such file", ""),
  ] as [(String, Int32, String, String)])
  func refused(arguments: String, code: Int32, message: String, hint: String) throws {
    let files = ["pictures/a.png": "x", "pictures/b.PNG": "x", "pictures/notes": "x", "empty/.hidden": "x"]
    try Tool.inProject(Self.letters.merging(files) { $1 }) { tool in
      let outcome = try tool.start(["curate"] + arguments.split(separator: " ").map(String.init)).wait()
      outcome.expectFailure(code, message, hint: hint.isEmpty ? nil : hint)
    }
  }
}
