import Artifacts
import Foundation
import Testing

@Suite("Killed, interrupted, two at once")
struct KillTests {
  /// How many kills; a night can take more.
  private static let kills = ProcessInfo.processInfo.environment["SOULPACK_KILLS"].flatMap(Int.init) ?? 8

  @Test("kill -9 at any moment loses nothing: the next build comes to the same bytes, and the store is sound")
  func killed() throws {
    try Tool.inBuiltProject { tool in
      try tool.remove(".soulpack", "out", "soul.lock")
      let began = ContinuousClock.now
      let digest = try tool.digest()
      let whole = UInt64((ContinuousClock.now - began) / .microseconds(1))
      var random = SplitMix(state: 0x50_4C)
      var hits = 0
      for round in 0..<Self.kills {
        // Each round kills twice: the second build finds what the first left.
        try tool.remove(".soulpack", "out", "soul.lock")
        for _ in 0..<2 {
          let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1"])
          usleep(UInt32(random.next() % whole))
          building.send(SIGKILL)
          if try building.wait().status == -SIGKILL { hits += 1 }
        }
        let last = try tool.build()
        #expect(last.digest == digest, "round \(round): \(last.errors)")
        let fsck = try tool.run("fsck")
        #expect(fsck.status == 0, "round \(round): \(fsck.output)")
        #expect(try tool.names(in: "out") == ["voice-1.0.0.soul"], "round \(round)")
        #expect(try tool.names() == [".git", ".soulpack", "out", "recipes", "soul.lock", "talk", "texts"], "round \(round)")
        #expect(try tool.names(in: ".soulpack/work").isEmpty && tool.names(in: ".soulpack/tmp").isEmpty)
      }
      #expect(hits > 0)
    }
  }

  @Test("what a build that was killed while it wrote a file left beside it is removed; what a living one writes is not")
  func leftovers() throws {
    try Tool.inBuiltProject { tool in
      let gone = "4194305.0f.soulpack-draft"  // Above the largest number that a process can have.
      let own = [".voice-1.0.0.soul.\(getpid()).0f.soulpack-draft", ".voice-1.0.0.soul.notes", ".voice-1.0.0.soul.4194305"]
      for name in [".voice-1.0.0.soul.\(gone)", ".voice-1.0.0.soul.\(gone).0a1b2c3d.partial"] + own { try tool.write("half", to: "out/\(name)") }
      try tool.write("half", to: ".soul.lock.\(gone)")
      try tool.digest()
      #expect(!tool.exists(".soul.lock.\(gone)"))
      #expect(try tool.names(in: "out") == (own + ["voice-1.0.0.soul"]).sorted())
    }
  }

  @Test("Ctrl-C twice ends the commands of a recipe too, whether or not they listen")
  func twice() throws {
    let stubborn = "trap : TERM INT; echo $$ > ../../../pid; " + Project.waiting
    try Tool.inProject(Project.commanded(stubborn + Project.copying)) { tool in
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      try building.waitUntil(itSays: "start   run.copy")
      while try !tool.exists("pid") || tool.read("pid").isEmpty { usleep(10_000) }
      let command = try #require(pid_t(String(decoding: try tool.read("pid"), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
      building.send(SIGINT)
      usleep(200_000)
      building.send(SIGINT)
      #expect(try building.wait().status == 130)
      for _ in 0..<200 where kill(command, 0) == 0 { usleep(10_000) }  // Whoever inherits it collects it.
      let state = try? String(contentsOfFile: "/proc/\(command)/stat", encoding: .utf8)
      #expect(state == nil || state?.contains(") Z ") == true, "\(state ?? "")")
    }
  }

  @Test("Ctrl-C stops a training with exit code 130; the next build goes on from its checkpoint to the same bytes", arguments: [SIGINT, SIGTERM])
  func interrupted(signal: Int32) throws {
    try Tool.inBuiltProject { tool in
      let uninterrupted = try tool.digest("--set", Project.long)
      try tool.remove(".soulpack", "out")
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--set", Project.long])
      try building.waitUntil(itSays: "start   train.talk-lora.1")
      usleep(200_000)
      building.send(signal)
      let stopped = try building.wait()
      #expect(stopped.status == 130 && stopped.output.isEmpty)
      #expect(stopped.errors.contains("soulpack: error: interrupted\nhint: what a build has finished is kept"))
      #expect(try tool.names(in: ".soulpack/checkpoints").count == 1)

      let resumed = try tool.build("--set", Project.long)
      #expect(resumed.errors.contains("train.talk-lora.1: going on from step "))
      #expect(resumed.digest == uninterrupted)
      #expect(try tool.names(in: ".soulpack/checkpoints").isEmpty)
    }
  }

  @Test("a used-up wall budget ends with exit code 5 and keeps what was done")
  func budget() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "epochs: 4", "epochs: 20000")
      try tool.edit("recipes/voice.yaml", "license: CC0-1.0\nbase", "license: CC0-1.0\nbudget: { wall: 1s }\nbase")
      let first = try tool.build()
      #expect(first.status == 5 && first.errors.contains("the wall budget is used up after step "), "\(first.errors)")
      #expect(first.errors.contains("or raise \"budget: wall:\""))
      let second = try tool.build()
      #expect(second.status == 5 && second.errors.contains("going on from step "), "\(second.errors)")
    }
  }

  @Test("a second build waits for the first and says for whom; with --no-wait it fails and names it; who only asks need not wait")
  func twoBuilds() throws {
    try Tool.inProject(Project.commanded(Project.waiting + Project.copying)) { tool in
      let first = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      try first.waitUntil(itSays: "start   run.copy")
      let holder = "process \(first.process.processIdentifier) (soulpack build recipes/voice.yaml)"

      let hasty = try tool.build("--no-wait", "--allow-run")
      #expect(hasty.status == 1 && hasty.errors.contains("the store is held by \(holder)"), "\(hasty.errors)")
      #expect(hasty.errors.contains("hint: wait until it is done, or build without --no-wait"))

      let second = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      try second.waitUntil(itSays: "waiting for \(holder), which has the store")
      let fsck = try tool.start(["fsck"])
      try fsck.waitUntil(itSays: "soulpack: waiting for \(holder)")
      let status = try tool.must("status", "recipes/voice.yaml")
      #expect(status.output.contains("run   run.copy") && status.errors.isEmpty, "\(status.errors)")
      try tool.write("", to: "go")
      let outcomes = [try first.wait(), try second.wait()]
      #expect(outcomes.map(\.status) == [0, 0], "\(outcomes.map(\.errors))")
      #expect(outcomes[0].digest == outcomes[1].digest && outcomes[1].actions?.hasPrefix("0 actions run") == true)
      #expect(try fsck.wait().output.hasPrefix("sound: "))
      #expect(try tool.must("status", "recipes/voice.yaml").output.contains("everything is up to date"))
    }
  }

  @Test("Ctrl-C while it waits for the store, or for a command, ends at once with 130, and no command is left behind")
  func interruptedWaiting() throws {
    try Tool.inProject(Project.commanded("echo $$ > ../../../command; sleep 1000; " + Project.copying)) { tool in
      let first = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      while first.process.isRunning && !tool.exists("command") { usleep(5_000) }
      let second = try tool.start(["build", "recipes/voice.yaml", "--allow-run"])
      try second.waitUntil(itSays: "waiting for process")
      second.send(SIGINT)
      #expect(try second.wait().status == 130)
      first.send(SIGINT)
      let outcome = try first.wait()
      #expect(outcome.status == 130, "\(outcome.errors)")
      // What was ended may stay as a zombie, where nobody above collects it.
      let left = "ps -eo pgid=,stat=,args= | awk -v group=$(cat command) '$1 == group && $2 !~ /Z/'"
      var running = try tool.shell(left)
      for _ in 0..<50 where !running.output.isEmpty {
        usleep(20_000)
        running = try tool.shell(left)
      }
      #expect(running.status == 0 && running.output.isEmpty, "\(running.output)\(running.errors)")
    }
  }
}

@Suite("Ends that are not clean")
struct UncleanEndTests {
  @Test("a terminal that is closed ends commands too, but not where nohup has it ignored")
  func hangUp() throws {
    try Tool.inProject(Project.commanded(": > ../../../up; until [ -e ../../../go ]; do sleep 0.02; done; : > ../../../on; " + Project.copying)) { tool in
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      while building.process.isRunning && !tool.exists("up") { usleep(5_000) }
      // By the shell, and by the kernel.
      for _ in 0..<2 { building.send(SIGHUP) }
      let outcome = try building.wait()
      #expect(outcome.status == 130 && outcome.errors.contains("interrupted"), "\(outcome.errors)")
      try tool.remove("up")
      let kept = try tool.shell(
        """
        nohup "$SOULPACK" build recipes/voice.yaml --threads 1 --allow-run > told 2>&1 & building=$!
        while kill -0 $building && ! [ -e up ]; do sleep 0.02; done
        kill -HUP $building; sleep 0.1; : > go
        wait $building
        """)
      let told = String(decoding: try tool.read("told"), as: UTF8.self)
      #expect(kept.status == 0 && tool.exists("on"), "\(kept.errors)\(told)")
    }
  }

  @Test("Ctrl-C ends a command that will not hear of it")
  func trapping() throws {
    let line = "trap \"\" TERM; : > ../../../up; while :; do sleep 0.1; done; "
    try Tool.inProject(Project.commanded(line + Project.copying)) { tool in
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      while building.process.isRunning && !tool.exists("up") { usleep(5_000) }
      building.send(SIGINT)
      let outcome = try building.wait()
      #expect(outcome.status == 130, "\(outcome.errors)")
    }
  }

  @Test("a checkpoint that is damaged, or of an earlier form, costs time only: the training begins anew, to the same bytes")
  func damagedCheckpoint() throws {
    try Tool.inBuiltProject { tool in
      let uninterrupted = try tool.digest("--set", Project.long)
      try tool.remove(".soulpack", "out")
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--set", Project.long])
      try building.waitUntil(itSays: "start   train.talk-lora.1")
      usleep(200_000)
      building.send(SIGINT)
      #expect(try building.wait().status == 130)
      let name = try #require(try tool.names(in: ".soulpack/checkpoints").first)
      var state = try tool.read(".soulpack/checkpoints/" + name)
      state[state.count / 2] ^= 1
      try tool.write(state, to: ".soulpack/checkpoints/" + name)
      let resumed = try tool.build("--set", Project.long)
      #expect(resumed.errors.contains("train.talk-lora.1: the checkpoint is damaged: beginning anew"), "\(resumed.errors)")
      #expect(resumed.digest == uninterrupted)
    }
  }

  @Test("a store that was deleted is begun anew, and the person is told that its log is another")
  func deletedStore() throws {
    let words = "warning: the event log of this store is not the one seen before (deleted, or rolled back)"
    try Tool.inProject { tool in
      #expect(try !tool.build().errors.contains(words))
      #expect(try !tool.build("--set", "train.talk-lora.epochs=5").errors.contains(words))
      try tool.remove(".soulpack")
      let anew = try tool.build()
      #expect(anew.status == 0 && anew.errors.contains(words), "\(anew.errors)")
      #expect(try !tool.build().errors.contains(words))
    }
  }
}

/// Vigna's splitmix64: kills at moments that a failed run can name again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
