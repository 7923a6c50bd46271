import Artifacts
import Foundation
import Testing

@Suite("Sources that are not as a build needs them")
struct SourceTests {
  @Test("a source that is not there")
  func missing() throws {
    try Tool.inProject { tool in
      try tool.remove("talk")
      try tool.build().expectFailure(2, "talk: there is no such file or folder", hint: "paths in a recipe are relative to the root")
    }
  }

  @Test("a dataset with nothing in it, or nothing that is read")
  func empty() throws {
    try Tool.inProject { tool in
      try tool.write("", to: "talk/talk.jsonl")
      try tool.build().expectFailure(1, "curate.talk: the source holds no record: 1 file was read")
      try FileManager.default.moveItem(at: tool.place("talk/talk.jsonl"), to: tool.place("talk/talk.pdf"))
      try tool.build().expectFailure(1, "curate.talk: the source holds no file that can be read; found 1.pdf".replacing("1.", with: "1 ."), hint: "curation reads .jsonl")
      try tool.remove("talk/talk.pdf")
      try tool.build().expectFailure(1, "curate.talk: the source holds no file")
    }
  }

  @Test("a dataset of which curation leaves nothing says which stage took it")
  func everythingDropped() throws {
    try Tool.inProject { tool in
      try tool.edit("recipes/voice.yaml", "{ length: {} }", "{ length: { min-characters: 1000 } }")
      try tool.build().expectFailure(1, "curate.talk: no record is left; dropped: 40 by length (too short)")
    }
  }

  @Test("a dataset too small to hold something out names the part that is empty")
  func emptyPart() throws {
    try Tool.inProject { tool in
      try tool.write(Project.talk(count: 1), to: "talk/talk.jsonl")
      try tool.build().expectFailure(1, "split.talk: the ", hint: "a dataset of one conversation cannot be parted")
    }
  }

  @Test("lines that are broken are counted and answered for, and the build goes on")
  func brokenLines() throws {
    try Tool.inProject { tool in
      let broken = Data("not json\n{\"text\":\n{\"a\":1}\n".utf8) + Data([0xFF, 0xFE, 0x0A]) + Data("[]\n".utf8)
      try tool.write(try tool.read("talk/talk.jsonl") + broken, to: "talk/talk.jsonl")
      let outcome = try tool.build()
      #expect(outcome.status == 0 && outcome.errors.contains("curate.talk: 45 records in: 40 kept, 5 dropped, 0 merged"), "\(outcome.errors)")
      let why = try tool.must("why", "talk/talk.jsonl:41", "--recipe", "recipes/voice.yaml")
      #expect(why.output.contains("dropped: invalid JSON") && why.output.contains("not reached"))
      #expect(!why.output.contains("not json"))
    }
  }

  @Test("links and names that no other machine could read alike", arguments: ["loop", "dangling", "outside", "name"])
  func strange(kind: String) throws {
    try Tool.inProject { tool in
      let manager = FileManager.default
      switch kind {
      case "loop":
        try manager.createSymbolicLink(atPath: tool.place("talk/loop").path, withDestinationPath: ".")
        try tool.build().expectFailure(1, "\"\(tool.folder.path)/talk/loop\": the symbolic link leads back", hint: "remove the link")
      case "dangling":
        try manager.createSymbolicLink(atPath: tool.place("talk/gone.jsonl").path, withDestinationPath: "nothing")
        try tool.build().expectFailure(1, "\"\(tool.folder.path)/talk/gone.jsonl\": the symbolic link leads nowhere", hint: "remove the link, or")
      case "outside":
        try manager.createSymbolicLink(atPath: tool.place("talk/out.jsonl").path, withDestinationPath: "../texts/texts.jsonl")
        try tool.build().expectFailure(1, "\"\(tool.folder.path)/talk/out.jsonl\": the symbolic link leads out", hint: "copy the file")
      default:
        #expect(try tool.shell(#"touch "talk/$(printf '\377').jsonl""#).status == 0)
        try tool.build().expectFailure(1, "\"\(tool.folder.path)/talk/\\xff.jsonl\": the name is not UTF-8", hint: "rename it")
        #expect(try tool.shell("rm talk/*.jsonl").status == 0)
      }
    }
  }

  /// Permissions do not stop root, which can shed its rights where util-linux is there.
  private static let canLackRights = getuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

  @Test("a file that may not be read is named", .enabled(if: canLackRights, "root reads everything, and setpriv(1) is not there"))
  func unreadable() throws {
    try Tool.inProject { tool in
      let lacking = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "env"
      let outcome = try tool.shell("chmod -R a+rwX ..; chmod 0 talk/talk.jsonl; \(lacking) \"$SOULPACK\" build recipes/voice.yaml")
      outcome.expectFailure(1, "cannot read \"\(tool.folder.path)/talk/talk.jsonl\": permission denied", hint: "give yourself the right")
    }
  }

  @Test("a source that changes while the build runs: the result is of what was read, and the person is told")
  func changedMeanwhile() throws {
    try Tool.inProject(Project.commanded(Project.waiting + Project.copying)) { tool in
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      try building.waitUntil(itSays: "start   run.copy")
      try tool.write(Project.texts(count: 50), to: "texts/texts.jsonl")
      try tool.write("", to: "go")
      let outcome = try building.wait()
      #expect(outcome.status == 0 && outcome.errors.contains("soulpack: warning: texts changed while this was built"), "\(outcome.errors)")
      #expect(try tool.build("--allow-run").errors.contains("base/curate.texts: 50 records in"))
    }
  }

  @Test("a source that vanishes while the build runs is told in the same way")
  func vanishedMeanwhile() throws {
    try Tool.inProject(Project.commanded(Project.waiting + Project.copying)) { tool in
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      try building.waitUntil(itSays: "start   run.copy")
      try tool.remove("texts")
      try tool.write("", to: "go")
      let outcome = try building.wait()
      #expect(outcome.status == 0 && outcome.errors.contains("soulpack: warning: texts changed while this was built"), "\(outcome.errors)")
    }
  }
}
