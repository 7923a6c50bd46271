import Artifacts
import Foundation
import Testing

@Suite("The store, as commands find it")
struct StoreCommandTests {
  /// Only root may mount, and not in every container.
  private static let canMount: Bool = {
    let place = FileManager.default.temporaryDirectory.appending(path: "soulpack-mount-\(getpid())")
    let tool = Tool(folder: place.appending(path: "project"))
    defer { try? FileManager.default.removeItem(at: place) }  // Only a question was asked.
    let asked = Result {
      try FileManager.default.createDirectory(at: tool.folder, withIntermediateDirectories: true)
      return try tool.shell("mkdir m && mount -t tmpfs -o size=100k soulpack-test m && umount m").status == 0
    }
    return (try? asked.get()) ?? false
  }()

  @Test("a disk without room ends the build with words for it; with room again it goes on to the same bytes", .enabled(if: canMount, "no file system may be mounted here"))
  func fullDisk() throws {
    try Tool.inProject { tool in
      let script = """
        mkdir store && mount -t tmpfs -o size=200k soulpack-test store
        trap 'umount store' EXIT
        SOULPACK_STORE="$PWD/store" soulpack build recipes/voice.yaml --threads 1 -j 1
        echo "first $?"
        mount -o remount,size=20m store
        SOULPACK_STORE="$PWD/store" soulpack build recipes/voice.yaml --threads 1 --json && SOULPACK_STORE="$PWD/store" soulpack fsck >&2
        """
      let outcome = try tool.shell(script)
      #expect(outcome.status == 0 && outcome.output.hasPrefix("first 1\n"), "\(outcome.output)\(outcome.errors)")
      #expect(outcome.errors.contains("no space left on device") || outcome.errors.contains("disk is full"), "\(outcome.errors)")
      #expect(outcome.errors.contains("hint: free some space"), "\(outcome.errors)")
      try tool.remove("out")
      let digest = try tool.digest()
      #expect(outcome.output.contains(digest), "\(outcome.output)")
    }
  }

  @Test("a disk without room for a Soul's files holds nothing of them, and is told from a bad archive", .enabled(if: canMount, "no file system may be mounted here"))
  func unpackToFullDisk() throws {
    try Tool.inBuiltProject { tool in
      let script = """
        mkdir disk && mount -t tmpfs -o size=16k soulpack-test disk
        trap 'umount disk' EXIT
        soulpack unpack out/voice-1.0.0.soul disk/voice
        echo "unpack $?"
        soulpack unpack out/voice-1.0.0.soul disk/merged --merged
        echo "merge $?"
        ls -A disk
        """
      let outcome = try tool.shell(script)
      #expect(outcome.output == "unpack 1\nmerge 1\n", "\(outcome.output)")
      for name in ["voice", "merged"] {
        let words = "soulpack: error: \(tool.place("disk").path)/\(name): cannot be written: no space left on device\nhint: free some space: nothing was left behind\n"
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
      }
    }
  }

  @Test("a file that may not grow further (ulimit -f) is an error like a full disk, not the end of the process")
  func withoutRoomForFiles() throws {
    try Tool.inProject { tool in
      let outcome = try tool.shell("ulimit -f 60; soulpack build recipes/voice.yaml --threads 1 -j 1")
      #expect(outcome.status == 1, "\(outcome.status) \(outcome.errors)")
      #expect(outcome.errors.contains("soulpack: error: "), "\(outcome.errors)")
      #expect(outcome.errors.lowercased().contains("file too large") || outcome.errors.contains("full") || outcome.errors.contains("disk I/O"), "\(outcome.errors)")
      let digest = try tool.digest()
      #expect(try tool.must("fsck").output.hasPrefix("sound: "))
      try tool.remove(".soulpack", "out")
      #expect(try tool.digest() == digest)
    }
  }

  @Test("a store of a newer soulpack is left alone, and the way out is named")
  func newer() throws {
    try Tool.inBuiltProject { tool in
      // https://www.sqlite.org/fileformat.html: the user version is at offset 60, big-endian.
      var database = try tool.read(".soulpack/store.sqlite")
      database.replaceSubrange(60..<64, with: [0, 0, 0, 99])
      try tool.write(database, to: ".soulpack/store.sqlite")
      let store = "\"\(tool.folder.path)/.soulpack\""
      for command in [["build", "recipes/voice.yaml"], ["log"], ["fsck"], ["status", "recipes/voice.yaml"]] {
        let outcome = try tool.start(command).wait()
        outcome.expectFailure(1, "\"\(tool.folder.path)/.soulpack", hint: "use that newer soulpack, or delete ")
        #expect(outcome.errors.contains("the store has version 99"), "\(store) \(outcome.errors)")
      }
      #expect(try tool.read(".soulpack/store.sqlite") == database)
    }
  }

  @Test("a folder of somebody else's is not taken for a store")
  func foreign() throws {
    try Tool.inProject { tool in
      try tool.write("precious", to: "mine/tmp/diary")
      let outcome = try tool.build(environment: ["SOULPACK_STORE": tool.place("mine").path])
      outcome.expectFailure(1, "\"\(tool.folder.path)/mine", hint: "name an empty folder")
      #expect(try tool.read("mine/tmp/diary") == Data("precious".utf8))
    }
  }

  @Test("fsck names a damaged object and exits with 1; repaired, the next build makes it anew and all is well")
  func damagedObject() throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.digest()
      #expect(try tool.must("fsck").output.hasPrefix("sound: "))
      let pack = try #require(try packs(tool).max { try tool.read($0).count < tool.read($1).count })
      try damage(pack, tool) { [$0.count / 2] }

      let found = try tool.run("fsck")
      #expect(found.status == 1)
      #expect(found.output.contains("1 problem") && found.errors.contains("`soulpack fsck --repair`"))
      #expect(try tool.run("fsck", "--json").json()["sound"]?.bool == false)
      let repaired = try tool.run("fsck", "--repair")
      #expect(repaired.status == 1 && repaired.errors.contains("the next build makes it anew"))
      #expect(try tool.must("fsck").output.hasPrefix("sound: "))
      try tool.remove("out")
      #expect(try tool.digest() == digest)
      #expect(try tool.must("fsck").output.hasPrefix("sound: "))
    }
  }

  @Test("a user's folder that cannot be written to costs a warning, and no build; one that no absolute path leads to is not looked for here")
  func noHome() throws {
    try Tool.inBuiltProject { tool in
      try tool.remove("out")
      let outcome = try tool.build("-q", environment: ["HOME": "/proc/nobody", "XDG_STATE_HOME": ""])
      #expect(outcome.status == 0 && tool.exists("out/voice-1.0.0.soul"), "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("soulpack: warning: where the event log ends could not be noted"), "\(outcome.errors)")
      try tool.write(#"{"schema":"soulpack.trust-policy/1","rules":["#, to: ".config/soulpack/trust.json")
      for home in ["", ".", "relative"] {
        try tool.must("trust", "list", environment: ["HOME": home, "XDG_CONFIG_HOME": ""])
      }
    }
  }

  @Test("a build that meets a damaged object says so and names fsck")
  func buildOverDamage() throws {
    try Tool.inBuiltProject { tool in
      for pack in try packs(tool) { try damage(pack, tool) { stride(from: 0, to: $0.count, by: 128) } }
      try tool.remove("out")
      let outcome = try tool.build()
      #expect(outcome.status == 1 && outcome.errors.contains("was changed in"), "\(outcome.errors)")
      #expect(outcome.errors.contains("hint: run `soulpack fsck --repair`"))
    }
  }

  private func packs(_ tool: Tool) throws -> [String] { try tool.names(in: ".soulpack/packs").map { ".soulpack/packs/\($0)" } }

  private func damage(_ path: String, _ tool: Tool, at places: (Data) -> some Sequence<Int>) throws {
    var bytes = try tool.read(path)
    for place in places(bytes) { bytes[place] ^= 1 }
    try tool.remove(path)
    try tool.write(bytes, to: path)
  }

  @Test("the log tells what ran; a log that was cut, or changed, is found out")
  func log() throws {
    try Tool.inProject { tool in
      try tool.digest()
      let events = try #require(try tool.must("log", "--json").json()["events"]?.array)
      #expect(events.count == 13 && events.allSatisfy { $0["event"]?.string == "action-finished" })
      #expect(try tool.must("log", "-c", "2").output.split(separator: "\n").count == 2)
      let whole = try tool.read(".soulpack/log")
      let lines = whole.split(separator: UInt8(ascii: "\n"))

      try tool.write(Data(lines.prefix(5).flatMap { $0 + [UInt8(ascii: "\n")] }), to: ".soulpack/log")
      let cut = try tool.run("fsck")
      #expect(cut.status == 1 && cut.output.contains("log"), "\(cut.output)")
      // Nothing is damaged that a repair could take out, and it does not say so.
      for outcome in [cut, try tool.run("fsck", "--repair")] {
        #expect(outcome.errors.contains("no repair brings back a log") && !outcome.errors.contains("damaged"), "\(outcome.errors)")
      }
      var changed = whole
      let place = try #require(changed.range(of: Data("seal".utf8))).lowerBound
      changed[place] = UInt8(ascii: "t")
      try tool.write(changed, to: ".soulpack/log")
      #expect(try tool.run("fsck").status == 1)
      try tool.write(whole, to: ".soulpack/log")
      try tool.must("fsck")
    }
  }

  @Test("commands that only look make no store")
  func nothingMade() throws {
    try Tool.inProject { tool in
      for command in [["log"], ["fsck"]] {
        try tool.start(command).wait().expectFailure(1, "\"\(tool.folder.path)/.soulpack", hint: "a build makes one")
      }
      #expect(!tool.exists(".soulpack"))
    }
  }
}
