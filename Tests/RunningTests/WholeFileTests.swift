import Foundation
import Running
import Testing

@Suite("A file that is only ever replaced whole")
struct WholeFileTests {
  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "soulpack-whole-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // What is left is in the system's own folder for such things.
    try body(folder)
  }

  private func names(_ folder: URL) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  @Test("links that lie where a draft might come are not followed, and files of anybody's own stay")
  func links() throws {
    try inFolder { folder in
      let (mine, file) = (folder.appending(path: "mine"), folder.appending(path: "soul.lock"))
      try Data("mine".utf8).write(to: mine)
      // As a clone may bring them: for every number that this process could have.
      for number in [getpid(), 1, 2, 4_194_305] {
        try FileManager.default.createSymbolicLink(at: folder.appending(path: ".soul.lock.\(number)"), withDestinationURL: mine)
      }
      let before = try names(folder)
      try WholeFile(file).replace(with: Data("new".utf8))
      #expect(try Data(contentsOf: mine) == Data("mine".utf8) && Data(contentsOf: file) == Data("new".utf8))
      #expect(try names(folder) == (before + ["soul.lock"]).sorted())
    }
  }

  @Test("a draft of a process that is gone is removed, one of a living process is not")
  func leftovers() throws {
    try inFolder { folder in
      let file = folder.appending(path: "a")
      let (living, gone) = (".a.\(getpid()).0f.soulpack-draft", ".a.4194305.0f.soulpack-draft")  // Above the largest number that a process can have.
      for name in [living, gone, gone + ".partial", ".a.4194305"] { try Data("half".utf8).write(to: folder.appending(path: name)) }
      try WholeFile(file).replace(with: Data())
      #expect(try names(folder) == [".a.4194305", living, "a"].sorted())
    }
  }

  @Test("a file that is to be new does not take another's place")
  func new() throws {
    try inFolder { folder in
      let file = WholeFile(folder.appending(path: "a"))
      try file.create(with: Data("one".utf8))
      #expect(throws: CannotReplace.self) { try file.create(with: Data("two".utf8)) }
      #expect(try Data(contentsOf: file.url) == Data("one".utf8) && names(folder) == ["a"])
    }
  }
}
