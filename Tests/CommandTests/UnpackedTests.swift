import Artifacts
import Foundation
import Testing

@Suite("A Soul that was unpacked to a folder")
struct UnpackedTests {
  @Test("it is the Soul that it was, with nothing hidden counted; another file makes it another, or none")
  func digest() throws {
    try Tool.inBuiltProject { tool in
      let soul = "out/voice-1.0.0.soul"
      let digest = try #require(try tool.must("inspect", soul, "--json").json()["digest"]?.string)
      for folder in ["a/soul", "b/soul"] {
        try FileManager.default.createDirectory(at: tool.place(folder).deletingLastPathComponent(), withIntermediateDirectories: true)
        try tool.must("unpack", soul, folder)
      }
      try tool.write("x", to: "a/soul/.hidden")
      try tool.write("x", to: "a/soul/.git/config")
      try tool.run("run", "a/soul", "Hello").expectFailure(6, "a/soul: a folder holds no signatures", hint: "give the .soul file")
      let same = try tool.must("diff", soul, "a/soul", "--json").json()
      #expect(same["same"] == true && same["new"]?["digest"]?.string == digest)

      // Of the same name as the other, and not the same.
      try tool.write("more", to: "b/soul/notes.txt")
      let other = try tool.must("diff", "a/soul", "b/soul", "--json").json()
      #expect(other["same"] == false && other["old"]?["digest"]?.string == digest && other["new"]?["digest"]?.string != digest)
      let files = other["differences"]?["files"]?.array
      #expect(files?.count == 1 && files?[0]["place"] == "notes.txt" && files?[0]["old"] == .null && files?[0]["new"]?.digest != nil)
      try tool.write("{", to: "b/soul/recipe.json")
      let damaged = try tool.must("diff", "a/soul", "b/soul", "--json").json()["differences"]?["files"]?.array
      #expect(damaged?.map { $0["place"] } == ["notes.txt", "recipe.json"])
      try tool.edit("b/soul/adapter_config.json", "\"r\"", "\"R\"")
      try tool.run("diff", "a/soul", "b/soul").expectFailure(6, tool.place("b/soul").path + ": soul.json names a \"adapter_config.json\" that is not in the archive")
      try FileManager.default.createSymbolicLink(at: tool.place("a/soul/link"), withDestinationURL: tool.place("recipes"))
      try tool.run("diff", soul, "a/soul").expectFailure(6, tool.place("a/soul").path + ": \"link\" is a link or no file")
      try tool.remove("b/soul/soul.json")
      let none = try tool.run("reproduce", "b/soul")
      none.expectFailure(1, tool.place("b/soul").path + ": no Soul was unpacked here", hint: "give a .soul file, or a folder that `soulpack unpack` wrote")
    }
  }

  @Test("what a command that was killed has left is removed, and nothing that another holds, whatever number its process has")
  func scratch() throws {
    try Tool.inBuiltProject { tool in
      let place = tool.folder.deletingLastPathComponent().appending(path: "scratch")
      // Of this process, which lives and holds none of them; and of one that is gone here, and holds it.
      let (left, held) = (place.appending(path: "soulpack-scratch-\(getpid())-left"), place.appending(path: "soulpack-scratch-999999999-held"))
      for folder in [left, held] { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
      let descriptor = open(held.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      defer { close(descriptor) }
      #expect(flock(descriptor, LOCK_EX) == 0)
      try tool.must("inspect", "out/voice-1.0.0.soul", environment: ["TMPDIR": place.path])
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == [held.lastPathComponent])
    }
  }

  @Test("its training can be done again")
  func training() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      #expect(try tool.must("reproduce", "soul", "--threads", "1", "--json").json()["same"] == true)
    }
  }
}
