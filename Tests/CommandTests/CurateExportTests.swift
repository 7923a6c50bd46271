import Artifacts
import Foundation
import Hashing
import Testing

@Suite("Writing a curation out")
struct CurateExportTests {
  private func lines(_ bytes: Data) throws -> [JSONValue] {
    try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsingCanonical: Data($0)) }
  }

  @Test("1,000 conversations with one system prompt and one template about different things are 1,000 conversations")
  func template() throws {
    // Words that no two lines share; everything around them is the same.
    let syllables = ["ba", "du", "ke", "li", "mo", "nu", "ra", "si", "to", "ve"]
    func word(_ number: Int, _ end: String) -> String { String(number).compactMap { $0.wholeNumberValue.map { syllables[$0] } }.joined() + end }
    let prompt = "You are a patient keeper of a lighthouse who explains the things of the sea to visitors, in plain words and at length."
    let conversations = (1000..<2000).map { index in
      let thing = (0..<12).map { word(index * 12 + $0, "n") }.joined(separator: " ")
      let answer = (0..<24).map { word(index * 24 + $0, "s") }.joined(separator: " ")
      return #"{"messages":[{"role":"system","content":"\#(prompt)"},{"role":"user","content":"What can you tell me about \#(thing)?"},"#
        + #"{"role":"assistant","content":"Of \#(thing) I can tell you this: \#(answer)."}]}"#
    }
    try Tool.inProject(["talk/talk.jsonl": conversations.joined(separator: "\n") + "\n"]) { tool in
      let outcome = try tool.must("curate", "talk", "--only", "deduplicate", "--export", "kept.jsonl")
      #expect(outcome.output.contains(" 1,000  100.0 %"), "\(outcome.output)")
      let kept = try lines(try tool.read("kept.jsonl"))
      #expect(kept.count == 1000)
      #expect(Set(kept.compactMap { $0["source"]?["line"]?.integer }) == Set(1...1000))
      for record in kept.prefix(20) {
        let line = try #require(record["source"]?["line"]?.integer)
        let source = try JSONValue(parsing: Data(conversations[Int(line) - 1].utf8))
        #expect(record["messages"] == source["messages"] && record["source"]?["file"] == "talk.jsonl")
      }
    }
  }

  @Test("without its source, an exported line is the dataset's; the ledger says of every record what became of it")
  func both() throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      let outcome = try tool.must("curate", "letters", "--export", "kept.jsonl", "--export-ledger", "../fates.jsonl", "--json").json()
      let summary = try #require(outcome["datasets"]?.array?.first?["summary"])
      let kept = try lines(try tool.read("kept.jsonl"))
      let fates = try lines(try tool.read("../fates.jsonl"))
      #expect(kept.count == Int(summary["kept"]?.integer ?? 0) && fates.count == Int(summary["read"]?.integer ?? 0))
      let ids = try kept.map { line in
        var members = try #require(line.object)
        members["source"] = nil
        let record = try #require(DatasetRecord(line: .object(members)))
        return JSONValue.digest(Digest(hashing: record.canonicalContent))
      }
      let keptFates = fates.filter { $0["fate"] == "kept" }
      #expect(Set(ids) == Set(keptFates.compactMap { $0["id"] }))
      #expect(fates.first { $0["source"]?["line"] == 41 }.map { [$0["fate"], $0["stage"], $0["reason"]] } == ["dropped", "read", "invalid JSON"])
      #expect(fates.first { $0["fate"] == "merged" }?["keeper"]?["line"] == 1)
      #expect(fates.allSatisfy { $0["source"]?["file"]?.string != nil && $0["offset"] == nil })
    }
  }

  @Test("to standard output it is alone there; a reader that goes away is no failure")
  func standardOutput() throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      try tool.must("curate", "letters", "--export", "kept.jsonl")
      let outcome = try tool.must("curate", "letters", "--export", "-")
      #expect(try Data(outcome.output.utf8) == tool.read("kept.jsonl") && outcome.errors.contains("0 actions run, 1 up to date"))
      #expect(try tool.shell("set -o pipefail; soulpack curate letters --export - | true").status == 0)
      try tool.shell("soulpack curate letters -q --export - > /dev/full").expectFailure(1, "standard output: the result could not be written")
    }
  }

  @Test("what is no file is written to and stays: a named pipe, a descriptor of the shell's; a link leads to its file")
  func noFile() throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      try tool.must("curate", "letters", "--export", "kept.jsonl")
      let kept = try tool.read("kept.jsonl")
      let script = """
        mkfifo pipe; timeout 60 cat pipe > piped & soulpack curate letters -q --export pipe && wait && test -p pipe
        """
      #expect(try tool.shell("set -e; " + script).status == 0)
      #expect(try tool.read("piped") == kept)
      #expect(try tool.shell("printf 'before\n' > third; soulpack curate letters -q --export /dev/fd/3 3>> third").status == 0)
      #expect(try tool.read("third") == Data("before\n".utf8) + kept)
      let output = try tool.shell("soulpack curate letters --export /dev/stdout > out.jsonl")
      #expect(try tool.read("out.jsonl") == kept && output.errors.contains("0 actions run, 1 up to date"))
      try tool.shell("soulpack curate letters -q --export /dev/full").expectFailure(1, "/dev/full: the export could not be written")

      try tool.write("old", to: "elsewhere/real.jsonl")
      #expect(try tool.shell("ln -s elsewhere/real.jsonl link && ln -s elsewhere/new.jsonl dangling").status == 0)
      try tool.must("curate", "letters", "--export", "link", "--export-ledger", "dangling")
      #expect(try tool.read("elsewhere/real.jsonl") == kept && tool.exists("elsewhere/new.jsonl"))
      #expect(try tool.shell("test -L link && test -L dangling").status == 0)
    }
  }

  @Test("a link does not lead an export, or the store, into what is curated")
  func linkedIntoSource() throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      #expect(try tool.shell("ln -s letters again && ln -s letters/kept.jsonl kept && mkdir letters/store && ln -s letters/store store").status == 0)
      for arguments in ["letters --export again/kept.jsonl", "again --export letters/kept.jsonl", "letters --export kept"] {
        try tool.shell("soulpack curate \(arguments)").expectFailure(2, "\"\(tool.folder.path)/letters/kept.jsonl\" lies in what is curated")
      }
      try tool.shell("SOULPACK_STORE=store soulpack curate letters").expectFailure(2, "\"\(tool.folder.path)/letters\": the store would lie inside of it")
      #expect(try tool.names(in: "letters/store").isEmpty && !tool.exists("letters/kept.jsonl"))
    }
  }

  @Test("an export replaces a file whole; where it cannot, the old one stays, and so it does beside a failed curation")
  func atomic() throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      try tool.write("old", to: "kept.jsonl")
      let failed = try tool.shell("ulimit -f 1; trap '' XFSZ; soulpack curate letters --export kept.jsonl")
      #expect(failed.status == 1 && !failed.errors.isEmpty)
      #expect(try tool.read("kept.jsonl") == Data("old".utf8))
      try tool.run("curate", "letters", "--export", "none/kept.jsonl").expectFailure(1, "\(tool.folder.path)/none/kept.jsonl: cannot be written")
      try tool.must("curate", "letters", "--export", "kept.jsonl")
      #expect(try lines(try tool.read("kept.jsonl")).count == 41)
      #expect(try tool.names() == [".git", ".soulpack", "kept.jsonl", "letters"])
    }
  }

  @Test("an export into what is curated is refused: it would be data the next time", arguments: [
    "letters --export letters/kept.jsonl", "letters --export-ledger letters/prose/x", ". --export kept.jsonl", "letters/talk.jsonl --export letters/talk.jsonl",
  ])
  func intoSource(arguments: String) throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      let before = try tool.read("letters/talk.jsonl")
      let outcome = try tool.start(["curate"] + arguments.split(separator: " ").map(String.init)).wait()
      outcome.expectFailure(2, "\"\(tool.folder.path)/", hint: "name a file outside of it")
      #expect(try tool.read("letters/talk.jsonl") == before && !tool.exists("letters/kept.jsonl") && !tool.exists("kept.jsonl"))
    }
  }

  @Test("of several datasets one has to be named, and it alone is curated")
  func datasets() throws {
    let second = "datasets:\n  other:\n    from: texts\n    license: CC0-1.0\n"
    let recipe = Project.voice.replacing("datasets:\n", with: second)
    try Tool.inProject(Project.tiny.merging(["recipes/voice.yaml": recipe]) { $1 }) { tool in
      let curate = ["curate", "recipes/voice.yaml", "--export", "x.jsonl"]
      try tool.start(curate).wait().expectFailure(2, "an export is of one dataset, and the recipe has 2", hint: "name one with --dataset: other, talk")
      try tool.start(curate + ["--dataset", "tall"]).wait().expectFailure(2, "there is no dataset \"tall\"", hint: "name one with --dataset: other, talk")
      let one = try tool.start(curate + ["--dataset", "talk"]).wait()
      #expect(one.status == 0 && one.output.hasPrefix("curate.talk ") && one.output.hasSuffix("\n1 action run, 0 up to date\n"), "\(one.errors)")
      #expect(try lines(try tool.read("x.jsonl")).count == 40)
      let both = try tool.must("curate", "recipes/voice.yaml")
      #expect(both.output.contains("curate.other ") && both.output.hasSuffix("\n1 action run, 1 up to date\n"))
    }
  }

  @Test("--only leaves out what else a recipe has, keeps its settings, and is a trial: the recipe's own curation stays as it was")
  func onlyOfRecipe() throws {
    let recipe = Project.voice.replacing("{ deduplicate: {} }, { length: {} }", with: "{ length: { max-characters: 47 } }")
    try Tool.inProject(Project.tiny.merging(["recipes/voice.yaml": recipe]) { $1 }) { tool in
      let whole = try tool.must("curate", "recipes/voice.yaml")
      let only = try tool.must("curate", "recipes/voice.yaml", "--only", "length")
      #expect(only.output.contains("too long") && only.output.hasSuffix("\n1 action run, 0 up to date\n"), "\(only.output)")
      #expect(try tool.must("curate", "recipes/voice.yaml", "--only", "deduplicate").output.contains("100.0 %"))
      #expect(try tool.must("curate", "recipes/voice.yaml").output == whole.output.replacing("1 action run, 0 up", with: "0 actions run, 1 up"))
    }
  }

  @Test("what soulpack keeps for itself is not written over", arguments: [".soulpack/store.sqlite", ".soulpack/new", "soul.lock", "retractions", "recipes/voice.yaml"])
  func ownFiles(path: String) throws {
    try Tool.inProject(Project.tiny) { tool in
      try tool.must("curate", "recipes/voice.yaml", "-q")
      try tool.write("before", to: "soul.lock")
      for option in ["--export", "--export-ledger"] {
        try tool.run("curate", "recipes/voice.yaml", option, path).expectFailure(2, "\"", hint: "name another file")
      }
      #expect(try tool.read("soul.lock") == Data("before".utf8))
      #expect(!tool.exists(".soulpack/new"))
    }
  }

  @Test("several curations of one project at once wait for each other")
  func together() throws {
    try Tool.inProject(Project.tiny) { tool in
      let outcome = try tool.shell("for i in 1 2 3 4 5 6; do soulpack curate talk -q >/dev/null & done; for job in $(jobs -p); do wait $job || echo failed; done")
      #expect(outcome.output.isEmpty && !outcome.errors.contains("locked"), "\(outcome.errors)")
    }
  }
}
