import Artifacts
import Foundation
import Testing

@Suite("push --data and pull --data")
struct DataTests {
  @Test("a fresh clone without its datasets, given the folder, builds the same Soul with --locked")
  func freshClone() throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.digest("--locked")
      try tool.must("push", "--data", "../stick")
      try tool.clone()
      #expect(!tool.exists("talk") && !tool.exists("texts"))
      try tool.build("--locked").expectFailure(2, "texts: there is no such file or folder")
      let pulled = try tool.must("pull", "--data", "../stick")
      #expect(pulled.output.contains("2 files laid from ../stick"), "\(pulled.output)")
      #expect(try tool.digest("--locked") == digest)
    }
  }

  @Test("a source of one letter at the root is carried like any other")
  func shortName() throws {
    try Tool.inProject { tool in
      try tool.edit("recipes/voice.yaml", "from: talk\n", "from: d\n")
      try FileManager.default.moveItem(at: tool.place("talk"), to: tool.place("d"))
      let digest = try tool.digest()
      try tool.must("push", "--data", "../stick")
      try tool.clone()
      try tool.must("pull", "--data", "../stick")
      #expect(try tool.digest("--locked") == digest)
    }
  }

  @Test("what is there is not written again, and what is in place is left alone")
  func incremental() throws {
    try Tool.inBuiltProject { tool in
      let first = try tool.must("push", "--data", "../stick", "--json").json()
      #expect(first["schema"]?.string == "soulpack.push/1" && first["objectsWritten"]?.integer == 4)
      let before = try tool.shell("cd ../stick && find . -type f -printf '%p %i\\n' | sort").output
      let second = try tool.must("push", "--data", "../stick")
      #expect(second.output.contains("everything was there already"))
      #expect(try tool.shell("cd ../stick && find . -type f -printf '%p %i\\n' | sort").output == before)
      #expect(try tool.must("pull", "--data", "../stick").output.contains("everything was in place already"))
      try tool.remove("talk/talk.jsonl")
      #expect(try tool.must("pull", "--data", "../stick", "--json").json()["filesLaid"]?.integer == 1)
    }
  }

  @Test("push carries the locked state though the folder has moved on, as long as the store has it")
  func movedOn() throws {
    try Tool.inBuiltProject { tool in
      let locked = try tool.read("talk/talk.jsonl")
      try tool.write(Project.talk(count: 39), to: "talk/talk.jsonl")
      try tool.must("push", "--data", "../stick")
      try tool.remove("talk")
      try tool.must("pull", "--data", "../stick")
      #expect(try tool.read("talk/talk.jsonl") == locked)

      try tool.write(Project.talk(count: 39), to: "talk/talk.jsonl")
      try tool.remove(".soulpack")
      try tool.run("push", "--data", "../other").expectFailure(
        3, "the data is no longer what soul.lock names: talk is ", hint: "bring it back, or lock what is there now")
    }
  }

  @Test("push needs no store: it takes in what lies there")
  func withoutStore() throws {
    try Tool.inBuiltProject { tool in
      try tool.remove(".soulpack")
      try tool.must("push", "--data", "../stick", "--recipe", "recipes/voice.yaml")
      try tool.clone()
      try tool.must("pull", "--data", "../stick")
    }
  }

  @Test("what is in the way is named, and neither it nor anything else is touched")
  func inTheWay() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("push", "--data", "../stick")
      try tool.remove("texts")
      try tool.write("mine\n", to: "talk/talk.jsonl")
      try tool.write("too\n", to: "talk/more.md")
      try tool.run("pull", "--data", "../stick").expectFailure(
        1, "what lies in the project is not what soul.lock names: talk/more.md (not in the listing), talk/talk.jsonl (changed)",
        hint: "nothing was replaced; move those away, and pull again")
      #expect(try tool.read("talk/talk.jsonl") == Data("mine\n".utf8) && !tool.exists("texts"))

      try tool.remove("talk")
      try tool.write("a file\n", to: "talk")
      try tool.run("pull", "--data", "../stick").expectRefusal(1, "talk (a file, where a folder belongs)")
      try tool.remove("talk")
      #expect(try tool.shell("mkdir ../elsewhere && ln -s ../nowhere talk && ln -s ../elsewhere texts").status == 0)
      let links = try tool.run("pull", "--data", "../stick")
      #expect(links.status == 1 && links.errors.contains("talk (a symbolic link)"), "\(links.errors)")
      #expect(try tool.names(in: "../elsewhere").isEmpty && !tool.exists("../nowhere"))
    }
  }

  @Test("a folder of somebody else's is not written to, and not read from")
  func foreign() throws {
    try Tool.inBuiltProject { tool in
      try tool.write("holiday\n", to: "../photos/a.txt")
      for command in ["push", "pull"] {
        try tool.run(command, "--data", "../photos").expectRefusal(1, "the folder holds something that is not soulpack's data", hint: "name an empty or new folder")
      }
      #expect(try tool.names(in: "../photos") == ["a.txt"])
      try tool.run("pull", "--data", "../nothing").expectRefusal(1, "there is no such folder")
      try tool.write(#"{"schema":"soulpack.data/9"}"#, to: "../later/soulpack-data.json")
      try tool.run("pull", "--data", "../later").expectRefusal(1, #"the folder is "soulpack.data/9", and this soulpack knows "soulpack.data/1""#)
    }
  }

  @Test("without a lock there is nothing to carry; a recipe that is not in it, or reads something else, is a lock that differs")
  func notLocked() throws {
    try Tool.inBuiltProject { tool in
      try tool.run("push", "--data", "../stick", "--recipe", "recipes/base.yaml").expectRefusal(3, "recipes/base.yaml is not in soul.lock")
      try FileManager.default.copyItem(at: tool.place("talk"), to: tool.place("chat"))
      try tool.edit("recipes/voice.yaml", "from: talk\n", "from: chat\n")
      try tool.run("push", "--data", "../stick").expectRefusal(3, "chat is not locked")
      try tool.remove("soul.lock")
      try tool.run("pull", "--data", "../stick").expectRefusal(1, "no recipe is locked", hint: "`soulpack build` locks what it builds")
      #expect(!tool.exists("../stick"))
    }
  }

  @Test("what an absolute path names is of the system: not carried, and never laid")
  func ofSystem() throws {
    try Tool.inProject { tool in
      try tool.write(Project.talk(count: 40), to: "../system/talk.jsonl")
      let system = tool.place("../system").standardizedFileURL.path
      try tool.edit("recipes/voice.yaml", "from: talk\n", "from: \(system)\n")
      try tool.digest()
      let pushed = try tool.must("push", "--data", "../stick")
      #expect(pushed.output.contains("\(system)") && pushed.output.contains("of the system: not carried"))
      try tool.remove("../system", "texts")
      let pulled = try tool.must("pull", "--data", "../stick")
      #expect(pulled.output.contains("of the system: not as locked; install what provides it") && !tool.exists("../system") && tool.exists("texts"))
    }
  }

  /// Two recipes, of which one reads a folder within the other's.
  private static var overlapping: [String: String] {
    let one = Project.base.replacing("from: texts", with: "from: data")
    return [
      "recipes/one.yaml": one, "recipes/two.yaml": one.replacing("from: data", with: "from: data/sub"),
      "data/talk.jsonl": Project.talk(count: 4), "data/sub/texts.jsonl": Project.texts(count: 4),
    ]
  }

  @Test("of sources that overlap, each file is laid once")
  func overlapping() throws {
    try Tool.inProject(Self.overlapping) { tool in
      for recipe in ["recipes/one.yaml", "recipes/two.yaml"] { try tool.must("update", recipe) }
      try tool.must("push", "--data", "../stick")
      let before = try tool.read("data/sub/texts.jsonl")
      try tool.remove(".soulpack", "data")
      #expect(try tool.must("pull", "--data", "../stick", "--json").json()["filesLaid"]?.integer == 2)
      #expect(try tool.read("data/sub/texts.jsonl") == before && tool.exists("data/talk.jsonl"))
      #expect(try tool.must("pull", "--data", "../stick").output.contains("everything was in place already"))
    }
  }

  @Test("a file that overlapping sources lock in two states is named, and nothing is laid; a file is no folder either", arguments: [false, true])
  func twoStates(isFolder: Bool) throws {
    try Tool.inProject(Self.overlapping) { tool in
      try tool.must("update", "recipes/one.yaml")
      try tool.must("push", "--data", "../stick", "--recipe", "recipes/one.yaml")
      try tool.remove("data/sub/texts.jsonl")
      try tool.write(Project.texts(count: 5), to: "data/sub/texts.jsonl" + (isFolder ? "/more.jsonl" : ""))
      try tool.must("update", "recipes/two.yaml")
      try tool.must("push", "--data", "../stick", "--recipe", "recipes/two.yaml")
      try tool.remove(".soulpack", "data")
      try tool.run("pull", "--data", "../stick").expectRefusal(1, "data/sub/texts.jsonl (locked in two states)", hint: "nothing was laid; lock the recipes anew")
      #expect(!tool.exists("data"))
      try tool.must("pull", "--data", "../stick", "--recipe", "recipes/two.yaml")
    }
  }

  @Test("a name of 255 bytes is laid, and what a killed pull left is removed")
  func longName() throws {
    try Tool.inProject(Self.overlapping) { tool in
      let name = String(repeating: "a", count: 249) + ".jsonl"
      try tool.write(Project.talk(count: 4), to: "data/sub/" + name)
      try tool.must("update", "recipes/two.yaml")
      try tool.must("push", "--data", "../stick")
      try tool.remove(".soulpack", "data")
      for left in [".pulled-0123456789abcdef", ".pulled-mine"] { try tool.write("half", to: "data/sub/" + left) }
      try tool.must("pull", "--data", "../stick")
      #expect(try tool.names(in: "data/sub") == [".pulled-mine", name, "texts.jsonl"])
    }
  }

  @Test("two pushes into one folder at once")
  func together() throws {
    try Tool.inBuiltProject { tool in
      let pushes = try (0..<4).map { _ in try tool.start(["push", "--data", "../stick"]) }
      for push in pushes {
        let outcome = try push.wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      #expect(try tool.shell("find ../stick -name '*.partial'").output.isEmpty)
      try tool.clone()
      try tool.must("pull", "--data", "../stick")
    }
  }
}

@Suite("pull --data from a folder that was damaged, or made for harm")
struct HostileDataTests {
  @Test("a flipped bit, a cut, a link, a pipe: named by the file, and nothing is laid", arguments: ["flip", "cut", "grown", "link", "pipe", "gone"])
  func damaged(how: String) throws {
    try Tool.inBuiltProject { tool in
      try tool.must("push", "--data", "../stick")
      try tool.write("secret\n", to: "../secret")
      let object = try tool.object(of: "talk/talk.jsonl")
      let script =
        switch how {
        case "flip": #"printf '\377' | dd of="$OBJECT" bs=1 seek=100 conv=notrunc status=none"#
        case "cut": #"truncate -s -1 "$OBJECT""#
        case "grown": #"truncate -s 2G "$OBJECT""#
        case "link": #"rm "$OBJECT" && ln -s "$PWD/../secret" "$OBJECT""#
        case "pipe": #"rm "$OBJECT" && mkfifo "$OBJECT""#
        default: #"rm "$OBJECT""#
        }
      let path = tool.place("../stick/" + object).standardizedFileURL.path
      #expect(try tool.shell(script, environment: ["OBJECT": path]).status == 0)
      try tool.clone()
      let words =
        switch how {
        case "flip", "cut", "grown": "\"\(path)\" does not hold the bytes of object sha256:"
        case "link", "pipe": "\"\(path)\" is not a file"
        default: "is not in \"\(tool.place("../stick").standardizedFileURL.path)\""
        }
      try tool.run("pull", "--data", "../stick").expectRefusal(1, words, hint: how == "gone" ? "push again" : "delete that file, and push again")
      #expect(!tool.exists("talk/talk.jsonl"))
      let fsck = try tool.run("fsck")
      #expect(fsck.status == 0, "\(fsck.output)")
    }
  }

  @Test("a listing and a lock that agree on files outside of the source are refused", arguments: [
    "../../home/.profile", "/etc/passwd", "a/../../x", ".git/config", "sub/.hidden",
  ])
  func escaping(path: String) throws {
    try Tool.inBuiltProject { tool in
      try tool.must("push", "--data", "../stick")
      try tool.forge([path])
      let outcome = try tool.run("pull", "--data", "../stick")
      #expect(outcome.status == 1 && (outcome.errors.contains("is not one that a scan makes") || outcome.errors.contains("is not a snapshot")), "\(outcome.errors)")
      #expect(!tool.exists("talk") && !tool.exists("../home/.profile"))
    }
  }

  @Test("a listing in which a name is a file and a folder, or there twice to some file systems")
  func contradictory() throws {
    for paths in [["a", "a/b"], ["\u{E9}.md", "e\u{301}.md", "f.md"]] {
      try Tool.inBuiltProject { tool in
        try tool.must("push", "--data", "../stick")
        try tool.forge(paths)
        try tool.run("pull", "--data", "../stick").expectRefusal(1, "is not one that a scan makes")
        #expect(!tool.exists("talk"))
      }
    }
  }

  @Test("a source that is git's own folder is not written to")
  func stateFolder() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("push", "--data", "../stick")
      try tool.clone()
      try tool.edit("recipes/voice.yaml", "from: talk\n", "from: .GIT/talk\n")
      try tool.edit("soul.lock", #""talk""#, #"".GIT/talk""#)
      try tool.run("pull", "--data", "../stick").expectRefusal(1, "\".GIT/talk\" is not a place for data")
    }
  }
}

extension Tool {
  /// What a fresh clone has: the recipes and the lock.
  fileprivate func clone() throws { try remove(".soulpack", "out", "talk", "texts") }

  /// Where a file's object lies in a folder of data: its name is the SHA-256 of its bytes, as sha256sum(1) says it.
  fileprivate func object(of path: String) throws -> String {
    let hex = try shell("sha256sum < '\(path)'").output.prefix(64)
    return "objects/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  /// Puts a listing of empty files with these paths into ../stick, and makes the lock of a fresh clone name it in place of the true one.
  fileprivate func forge(_ paths: [String]) throws {
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let entries = paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { path -> JSONValue in
      ["path": .string(path), "bytes": 0, "digest": .string(empty)]
    }
    let listing: JSONValue = ["schema": "soulpack.snapshot/1", "entries": .array(entries)]
    try write(listing.canonical, to: "../listing")
    let hex = try shell("sha256sum < ../listing").output.prefix(64)
    try write(listing.canonical, to: "../stick/objects/\(hex.prefix(2))/\(hex.dropFirst(2))")
    try write("", to: "../stick/objects/e3/\(empty.dropFirst(9))")
    let lock = try JSONValue(parsing: try read("soul.lock"))
    let locked = try #require(lock["recipes"]?["recipes/voice.yaml"]?["sources"]?["talk"]?.string)
    try edit("soul.lock", locked, "sha256:" + hex)
    try clone()
  }
}

extension Tool.Outcome {
  /// Expects a failure whose error holds these words somewhere, paths of the test's own before them.
  fileprivate func expectRefusal(_ code: Int32, _ words: String, hint: String? = nil, at place: SourceLocation = #_sourceLocation) {
    #expect(status == code && output.isEmpty, "\(errors)", sourceLocation: place)
    #expect(errors.split(separator: "\n").contains { $0.hasPrefix("soulpack: error: ") && $0.contains(words) }, "\(errors)", sourceLocation: place)
    if let hint { #expect(errors.contains("\nhint: " + hint), "\(errors)", sourceLocation: place) }
  }
}
