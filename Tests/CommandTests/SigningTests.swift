import Artifacts
import Foundation
import Packaging
import Signing
import Testing

@Suite("Archives, keys and trust")
struct SigningTests {
  @Test("an unsigned archive is not verified (6); a signed one whose signer nobody trusts is not permitted (8), and the way to trust is named")
  func unsigned() throws {
    try Tool.inBuiltProject { tool in
      try tool.run("verify", "out/voice-1.0.0.soul").expectFailure(6, #""voice" is not signed"#)
      let key = try tool.signed()
      try tool.run("verify", "out/voice-1.0.0.soul").expectFailure(
        8, #"no rule of the trust policy is for "voice""#, hint: "if you know the signer: soulpack trust add voice \(key)")
      let json = try tool.run("verify", "out/voice-1.0.0.soul", "--json")
      #expect(try json.status == 8 && json.json()["schema"]?.string == "soulpack.verify/1")
      let other = try #require(try tool.must("keys", "new", "other", "--no-passphrase", "--json").json()["key"]?.string)
      try tool.must("trust", "add", "vo*", other)
      #expect(try tool.run("verify", "out/voice-1.0.0.soul").status == 8)
      try tool.must("trust", "add", "vo*", key)
      try tool.must("verify", "out/voice-1.0.0.soul")
    }
  }

  @Test("a trial under the same name and version keeps the signed archive beside its own")
  func trialBesideSigned() throws {
    try Tool.inBuiltProject { tool in
      let key = try tool.signed()
      try tool.must("trust", "add", "voice", key)
      let signed = try tool.read("out/voice-1.0.0.soul")
      let trial = try tool.build("--set", "train.talk-lora.epochs=2")
      #expect(trial.status == 0 && trial.errors.contains("the signed archive that was there is kept as out/voice-1.0.0."), "\(trial.errors)")
      let aside = try #require(try tool.names(in: "out").first { $0.hasPrefix("voice-1.0.0.") && $0 != "voice-1.0.0.soul" })
      #expect(try tool.read("out/\(aside)") == signed)
      try tool.must("verify", "out/\(aside)")
    }
  }

  @Test("publishing where somebody else's signed archive lies keeps it")
  func publishBesideSigned() throws {
    try Tool.inBuiltProject { tool in
      let key = try tool.signed()
      try tool.must("trust", "add", "voice", key)
      let signed = try tool.read("out/voice-1.0.0.soul")
      // Another person's machine: it knows of no version that was published.
      let state = ["XDG_STATE_HOME": tool.folder.deletingLastPathComponent().appending(path: "elsewhere").path]
      try tool.edit("recipes/voice.yaml", "An adapter that counts.", "An adapter that counts on.")
      let published = try tool.start(["publish", "recipes/voice.yaml", "--threads", "1"], environment: state).wait()
      #expect(published.status == 0 && published.errors.contains("the signed archive that was there is kept as out/voice-1.0.0."), "\(published.errors)")
      let aside = try #require(try tool.names(in: "out").first { $0.hasPrefix("voice-1.0.0.") && $0 != "voice-1.0.0.soul" })
      #expect(try tool.read("out/\(aside)") == signed)
      for file in [aside, "voice-1.0.0.soul"] { try tool.must("verify", "out/\(file)") }
    }
  }

  @Test("what lies at an archive's place with a false statement in it is not called published")
  func falseStatement() throws {
    try Tool.inBuiltProject { tool in
      _ = try tool.signed()
      let place = tool.place("out/voice-1.0.0.soul")
      let signed = try SoulArchive.open(place)
      try tool.edit("recipes/voice.yaml", "version: 1.0.0", "version: 1.0.1")
      try tool.must("publish", "recipes/voice.yaml", "--threads", "1")
      let ofAnother = try #require(try SoulArchive.open(tool.place("out/voice-1.0.1.soul")).referrers.compactMap(\.envelope).first)
      _ = try signed.attach(ofAnother, to: tool.place("both.soul"))
      try FileManager.default.removeItem(at: place)
      try FileManager.default.moveItem(at: tool.place("both.soul"), to: place)
      try tool.edit("recipes/voice.yaml", "version: 1.0.1", "version: 1.0.0")
      let refused = try tool.run("publish", "recipes/voice.yaml", "--threads", "1")
      refused.expectFailure(6, "out/voice-1.0.0.soul: nobody would believe it: referrer ", hint: "move it away, and publish again")
    }
  }

  @Test("every one of two hundred single flipped bits is refused with exit code 6")
  func flippedBits() throws {
    try Tool.inBuiltProject { tool in
      let key = try tool.signed()
      try tool.must("trust", "add", "voice", key)
      let archive = try tool.read("out/voice-1.0.0.soul")
      var random = SplitMix(state: 0xF11B)
      for number in 0..<200 {
        var changed = archive
        changed[Int.random(in: 0..<changed.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        try tool.write(changed, to: "changed/\(number).soul")
      }
      // One shell for all: starting a process from here is the larger part of the time.
      let outcome = try tool.shell("for file in changed/*.soul; do soulpack verify $file -q >/dev/null 2>>words; echo $?; done")
      let codes = outcome.output.split(separator: "\n")
      #expect(codes.count == 200 && codes.allSatisfy { $0 == "6" }, "\(Set(codes))")
      let words = String(decoding: try tool.read("words"), as: UTF8.self)
      #expect(words.split(separator: "\n").count { $0.hasPrefix("soulpack: error: ") } == 200)
    }
  }

  @Test("an archive cut at any length, or with something after it, is refused with exit code 6")
  func cut() throws {
    try Tool.inBuiltProject { tool in
      let archive = try tool.read("out/voice-1.0.0.soul")
      for count in [0, 1, 511, 512, 513, archive.count / 2, archive.count - 512, archive.count - 1] {
        try tool.write(archive.prefix(count), to: "x.soul")
        for command in ["verify", "inspect"] { #expect(try tool.run(command, "x.soul").status == 6, "\(command) \(count)") }
      }
      try tool.write(archive + Data([0]), to: "x.soul")
      #expect(try tool.run("verify", "x.soul").status == 6)
      let unpacked = try tool.run("unpack", "x.soul", "y")
      #expect(unpacked.status == 6 && !tool.exists("y"))
    }
  }

  @Test("a file that is not there is no failed verification")
  func absent() throws {
    try Tool.inProject([:]) { tool in
      for command in [["verify", "x.soul"], ["unpack", "x.soul", "y"]] {
        try tool.start(command).wait().expectFailure(1, "\(tool.folder.path)/x.soul: ")
      }
      try tool.run("inspect", "x.soul").expectFailure(1, "x.soul: there is no such file")
    }
  }

  @Test("a key with a passphrase signs with it, and with no other; a wrong one costs no build")
  func passphrase() throws {
    try Tool.inBuiltProject { tool in
      try tool.write("correct horse\n", to: "right")
      try tool.write("battery staple\n", to: "wrong")
      let made = try tool.shell("SOULPACK_PASSPHRASE_FD=3 soulpack keys new me --json 3<right")
      #expect(try made.status == 0 && made.json()["protected"]?.bool == true, "\(made.errors)")
      let secrets = try tool.shell(#"stat -c %a "$XDG_DATA_HOME"/soulpack/keys "$XDG_DATA_HOME"/soulpack/keys/me.key"#)
      #expect(secrets.output == "700\n600\n")

      try tool.remove(".soulpack", "out")
      let wrong = try tool.shell("SOULPACK_PASSPHRASE_FD=3 soulpack publish recipes/voice.yaml 3<wrong")
      #expect(wrong.status == 1 && wrong.errors.contains("soulpack: error: ") && !wrong.errors.contains("start"), "\(wrong.errors)")
      #expect(wrong.errors.contains("passphrase") && !wrong.errors.contains("battery"))
      try tool.run("publish", "recipes/voice.yaml").expectFailure(
        1, "the key needs its passphrase, and there is no terminal to ask on", hint: "set SOULPACK_KEY_FILE")
      try tool.run("publish", "recipes/voice.yaml", environment: ["SOULPACK_PASSPHRASE_FD": "77"]).expectFailure(
        1, #"SOULPACK_PASSPHRASE_FD names "77", which is not an open file descriptor"#)
      try tool.shell("SOULPACK_PASSPHRASE_FD=3 soulpack publish recipes/voice.yaml 3</dev/null").expectFailure(1, "the passphrase is empty")
      #expect(!tool.exists("out"))

      let right = try tool.shell("SOULPACK_PASSPHRASE_FD=3 soulpack publish recipes/voice.yaml --threads 1 3<right")
      #expect(right.status == 0 && right.output.contains("  signed   did:key:"), "\(right.errors)")
    }
  }

  @Test("Ctrl-C at the passphrase prompt ends the command at once with 130, and the terminal shows what is typed again")
  func interruptedPrompt() throws {
    try Tool.inProject([:]) { tool in
      // pty(7): the other end tells the state of the terminal, and what is written there is typed.
      let script = """
        import os, pty, sys, termios
        def shows(end): return bool(termios.tcgetattr(end)[3] & termios.ECHO)
        process, end = pty.fork()
        if process == 0: os.execv(sys.argv[1], [sys.argv[1], "keys", "new", "me"])
        said = b""
        while b"passphrase for the new key: " not in said: said += os.read(end, 1000)
        hidden = not shows(end)
        os.write(end, b"half\\x03")
        status = os.waitpid(process, 0)[1]
        print(os.waitstatus_to_exitcode(status), hidden, shows(end))
        """
      let outcome = try tool.start(["60", "python3", "-c", script, Tool.executable.path], of: URL(filePath: "/usr/bin/timeout")).wait()
      #expect(outcome.output == "130 True True\n", "\(outcome.output) \(outcome.errors)")
      #expect(!tool.exists("../home/data/soulpack/keys/me.key"))
    }
  }

  @Test("Ctrl-C at the question whether a command may run ends the build with 130")
  func interruptedQuestion() throws {
    try Tool.inProject(Project.commanded(Project.copying)) { tool in
      let script = """
        import os, pty, sys
        process, end = pty.fork()
        if process == 0: os.execv(sys.argv[1], [sys.argv[1], "build", "recipes/voice.yaml", "--threads", "1"])
        said = b""
        while b"[y/N] " not in said: said += os.read(end, 1000)
        os.write(end, b"\\x03")
        try:
          while os.read(end, 1000): pass
        except OSError: pass  # EIO: nobody is at the other side any more
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        """
      let outcome = try tool.start(["60", "python3", "-c", script, Tool.executable.path], of: URL(filePath: "/usr/bin/timeout")).wait()
      #expect(outcome.output == "130\n", "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test("a rule is taken back by its pattern; a pattern that fits no name, and a policy that is not there, are mistakes that are named")
  func trustRemove() throws {
    try Tool.inProject([:]) { tool in
      let key = try #require(try tool.must("keys", "new", "me", "--no-passphrase", "--json").json()["key"]?.string)
      for pattern in ["lamp*", "*", "a-?"] { try tool.must("trust", "add", pattern, key) }
      let left = try tool.must("trust", "remove", "lamp*", "--json").json()["rules"]?.array?.compactMap { $0["souls"]?.string }
      #expect(left == ["*", "a-?"])
      try tool.run("trust", "remove", "lamp*").expectFailure(2, #"there is no rule for "lamp*""#, hint: "soulpack trust list shows them")
      for pattern in ["../../x", "out/lamp-1.0.0.soul", "Lamp", "", "-a"] {
        try tool.run("trust", "add", "--", pattern, key).expectFailure(2, "\"\(pattern)\" fits no Soul's name", hint: "a name has small letters")
      }
      #expect(try tool.must("trust", "list", "--json").json()["rules"]?.array?.count == 2)
    }
    // What changes nothing writes nothing: no policy where there was none, and none as somebody wrote it by hand in another form.
    try Tool.inProject([:]) { tool in
      let policy = "../home/config/soulpack/trust.json"
      try tool.run("trust", "remove", "lamp*").expectFailure(2, #"there is no rule for "lamp*""#, hint: "soulpack trust list shows them")
      #expect(!tool.exists(policy))
      let byHand = #"{ "rules" : [ ],"schema":"soulpack.trust/1"}"#
      try tool.write(byHand, to: policy)
      try tool.run("trust", "remove", "lamp*").expectFailure(2, #"there is no rule for "lamp*""#, hint: "soulpack trust list shows them")
      #expect(try tool.read(policy) == Data(byHand.utf8))
    }
    try Tool.inBuiltProject { tool in
      let policy = try tool.run("verify", "out/voice-1.0.0.soul", "--policy", "nope")
      policy.expectFailure(2, "", hint: "without --policy your own is asked")
      #expect(policy.errors.contains("/nope: there is no such policy\n"), "\(policy.errors)")
      try tool.run("build", "-j", "-1").expectFailure(2, "-j must be between 1 and 1024")
      try tool.run("run", "out/voice-1.0.0.soul", "--threads", "-1").expectFailure(2, "")
    }
  }

  @Test("rules that many processes add at once are all in the policy")
  func trustAtOnce() throws {
    try Tool.inProject([:]) { tool in
      let key = try #require(try tool.must("keys", "new", "me", "--no-passphrase", "--json").json()["key"]?.string)
      let outcome = try tool.shell("for i in $(seq 24); do soulpack trust add soul$i \(key) -q >/dev/null & done; wait")
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(try tool.must("trust", "list", "--json").json()["rules"]?.array?.count == 24)
    }
  }

  @Test("notes that are no notes are to be moved away; notes that cannot be read are not, and both are left as they are")
  func notes() throws {
    try Tool.inBuiltProject { tool in
      let notes = "../home/state/soulpack/log-heads.json"
      try tool.write("<<<<", to: notes)
      let unparsed = try tool.build()
      #expect(unparsed.status == 0 && unparsed.errors.contains("log-heads.json: not readable as soulpack's notes; move it away"), "\(unparsed.errors)")
      #expect(try tool.read(notes) == Data("<<<<".utf8))
      try tool.remove(notes)
      try FileManager.default.createDirectory(at: tool.place(notes), withIntermediateDirectories: true)
      let unread = try tool.build()
      #expect(unread.status == 0 && unread.errors.contains("warning: where the event log ends could not be noted") && !unread.errors.contains("move it away"), "\(unread.errors)")
    }
  }

  @Test("keys: a new one needs a passphrase or the wish for none; one that is there is never overwritten")
  func keys() throws {
    try Tool.inProject([:]) { tool in
      #expect(try tool.must("keys", "list").output == "no keys yet: soulpack keys new NAME\n")
      try tool.run("keys", "new", "me").expectFailure(1, "a new key needs a passphrase", hint: "give it on a descriptor")
      try tool.must("keys", "new", "me", "--no-passphrase")
      let before = try tool.must("keys", "list").output
      try tool.run("keys", "new", "me", "--no-passphrase").expectFailure(1, "", hint: "keys are never overwritten")
      #expect(try tool.must("keys", "list").output == before)
      for name in ["../me", "a/b", "", "."] { #expect(try tool.run("keys", "new", name, "--no-passphrase").status != 0, "\(name)") }
    }
  }

  @Test("publishing without a key, with one of several, with one that is not there")
  func choosing() throws {
    try Tool.inBuiltProject { tool in
      try tool.run("publish", "recipes/voice.yaml").expectFailure(1, "there is no key to sign with", hint: "soulpack keys new NAME")
      try tool.must("keys", "new", "a", "--no-passphrase")
      try tool.must("keys", "new", "b", "--no-passphrase")
      try tool.run("publish", "recipes/voice.yaml").expectFailure(1, "several keys and none chosen: a, b", hint: "--key a")
      #expect(try tool.run("publish", "recipes/voice.yaml", "--key", "c").errors.contains(#"no key named "c""#))
      try tool.must("publish", "recipes/voice.yaml", "--key", "b")
    }
  }

  @Test("a version that was published is not published with other content; with the same, it may be")
  func sameVersion() throws {
    try Tool.inBuiltProject { tool in
      _ = try tool.signed()
      let signed = try tool.read("out/voice-1.0.0.soul")
      try tool.must("publish", "recipes/voice.yaml")
      #expect(try tool.read("out/voice-1.0.0.soul") == signed)
      try tool.edit("recipes/voice.yaml", "Answers with numbers.", "Answers otherwise.")
      let other = try tool.run("publish", "recipes/voice.yaml", "-q")
      other.expectFailure(1, "voice@1.0.0 was published before as ", hint: "raise \"version\" in the recipe")
      // Notes that are kept elsewhere, and cannot be read now, are not empty notes.
      let notes = "../home/state/soulpack/published.json"
      try FileManager.default.moveItem(at: tool.place(notes), to: tool.place("kept.json"))
      try FileManager.default.createSymbolicLink(at: tool.place(notes), withDestinationURL: tool.place("elsewhere.json"))
      try tool.run("publish", "recipes/voice.yaml", "-q").expectFailure(
        1, tool.place(notes).standardizedFileURL.path + ": a link to a file that is not there", hint: "bring back what it leads to")
      try FileManager.default.moveItem(at: tool.place("kept.json"), to: tool.place("elsewhere.json"))
      #expect(try tool.read("out/voice-1.0.0.soul") == signed)
      try tool.edit("recipes/voice.yaml", "version: 1.0.0", "version: 1.0.1")
      try tool.must("publish", "recipes/voice.yaml")
    }
  }

  @Test("a time of signing that is no number is refused before the build", arguments: ["yesterday", "nan", "-1", "1e300", "1.5", "253402300800"])
  func badTime(text: String) throws {
    try Tool.inProject { tool in
      try tool.must("keys", "new", "me", "--no-passphrase")
      let outcome = try tool.run("publish", "recipes/voice.yaml", environment: ["SOURCE_DATE_EPOCH": text])
      outcome.expectFailure(2, "SOURCE_DATE_EPOCH is \"\(text)\"", hint: "for example")
      #expect(!tool.exists("out"))
    }
  }

  @Test("a build over a signed archive of the same content leaves the signature")
  func signatureStays() throws {
    try Tool.inBuiltProject { tool in
      _ = try tool.signed()
      let signed = try tool.read("out/voice-1.0.0.soul")
      try tool.digest()
      #expect(try tool.read("out/voice-1.0.0.soul") == signed)
    }
  }
}

extension Tool {
  /// Makes a key, publishes with it, and gives it.
  func signed() throws -> String {
    let key = try #require(try must("keys", "new", "me", "--no-passphrase", "--json").json()["key"]?.string)
    try must("publish", "recipes/voice.yaml", "--threads", "1")
    return key
  }
}
