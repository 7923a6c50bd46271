import Artifacts
import Foundation
import Store
import Testing

@Suite("What .soulpackignore leaves out")
struct IgnoreTests {
  @Test("names, paths, folders, negation, nested files: as gitignore has them")
  func rules() async throws {
    let folder = try TemporaryFolder()
    for path in ["a.log", "keep.log", "sub/a.log", "build/x", "sub/build/x", "sub/deep/y.txt", "top.txt", "sub/top.txt", "q!", "# note", "sub/mine.tmp"] {
      try folder.write("x", to: path)
    }
    try folder.write("*.log\n!keep.log\nbuild/\n/top.txt\nsub/**/y.txt\n\\# note\nq\\!\n*.tmp\n", to: ".soulpackignore")
    try folder.write("!mine.tmp\n", to: "sub/.soulpackignore")
    let snapshot = try await FolderScanner(try folder.openStore()).scan(folder.url).snapshot
    #expect(snapshot.entries.map(\.path) == ["keep.log", "sub/mine.tmp", "sub/top.txt"])
  }

  @Test("what would be refused is let pass where it is ignored: links to nowhere, pipes, names that are no text")
  func refusals() async throws {
    let folder = try TemporaryFolder()
    try folder.link("dangling", to: "nowhere")
    try folder.write("x", to: "letter")
    try folder.write("dangling\n", to: ".soulpackignore")
    #expect(try await FolderScanner(try folder.openStore()).scan(folder.url).snapshot.entries.map(\.path) == ["letter"])
  }

  @Test("a step's output is whole, whatever a file in it says")
  func outputs() async throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "letter")
    try folder.write("*\n", to: ".soulpackignore")
    let store = try folder.openStore()
    #expect(try await FolderScanner(store, readsIgnoreFiles: false).scan(folder.url).snapshot.entries.map(\.path) == ["letter"])
    #expect(try await FolderScanner(store).scan(folder.url).snapshot.entries == [])
  }

  @Test("a pattern says as often as it can that any folder will do")
  func manyFolders() async throws {
    let folder = try TemporaryFolder()
    for path in ["a/b/x", "a/y", "x"] { try folder.write("x", to: path) }
    try folder.write(String(repeating: "**/", count: 200_000) + "x\n", to: ".soulpackignore")
    #expect(try await FolderScanner(try folder.openStore()).scan(folder.url).snapshot.entries.map(\.path) == ["a/y"])
  }

  @Test("a file of too many bytes is an error with its path")
  func tooLarge() async throws {
    let folder = try TemporaryFolder()
    try folder.write(Data(repeating: UInt8(ascii: "x"), count: (1 << 20) + 1), to: ".soulpackignore")
    let error = ScanError.ignoreFileTooLarge(path: folder.url.path + "/.soulpackignore", limit: 1 << 20)
    await #expect(throws: error) { try await FolderScanner(try folder.openStore()).scan(folder.url) }
  }

  @Test("over generated patterns and trees it leaves out what git check-ignore does", .enabled(if: hasGit), arguments: 0..<60)
  func git(seed: Int) async throws {
    var random = SplitMix(state: UInt64(seed))
    let folder = try TemporaryFolder()
    let root = folder.url.appending(path: "tree")
    for _ in 0..<40 { try folder.write("x", to: "tree/" + path(&random)) }
    for place in ["", "a/", "b/a/"] where place.isEmpty || Bool.random(using: &random) {
      let patterns = (0..<Int.random(in: 1...6, using: &random)).map { _ in pattern(&random) }.joined(separator: "\n")
      for name in [".gitignore", ".soulpackignore"] { try folder.write(patterns + "\n", to: "tree/\(place)\(name)") }
    }
    _ = try run(["init", "-q"], in: root)
    let all = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { path in
      var isFolder: ObjCBool = false
      return !path.split(separator: "/").contains { $0.hasPrefix(".") }
        && FileManager.default.fileExists(atPath: root.path + "/" + path, isDirectory: &isFolder) && !isFolder.boolValue
    }
    let listed = try run(["ls-files", "-z", "--others", "--exclude-per-directory=.gitignore"], in: root).split(separator: "\0").map(String.init)
    let taken = try await FolderScanner(try folder.openStore()).scan(root).snapshot.entries.map(\.path)
    let expected = Set(listed).intersection(all)
    #expect(Set(taken) == expected, "seed \(seed)")
  }

  private static let hasGit = FileManager.default.isExecutableFile(atPath: "/usr/bin/git")

  private func run(_ arguments: [String], in folder: URL) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/git")
    process.arguments = ["-C", folder.path, "-c", "core.excludesFile=/dev/null"] + arguments
    process.standardOutput = pipe
    try process.run()
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Few letters, so that patterns fit now and then.
  private func path(_ random: inout SplitMix) -> String {
    let depth = Int.random(in: 1...4, using: &random)
    let folders = (1..<depth).map { _ in ["a", "b", "ab"].randomElement(using: &random)! }
    return (folders + [["x", "ax", "b.c", "a]", "x-y", "abc.txt", "b c"].randomElement(using: &random)! + (depth == 1 ? ".f" : "")]).joined(separator: "/")
  }

  private func pattern(_ random: inout SplitMix) -> String {
    let parts = ["a", "b", "x", "*", "**", "?", "/", "/", "[ab]", "[!a]", "[a-c]", ".", "c", "\\a", "b.c", "a*", "**/", "/**", "[[:alpha:]]", " "]
    let body = (0..<Int.random(in: 1...5, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
    return (Int.random(in: 0..<4, using: &random) == 0 ? "!" : "") + body + (Int.random(in: 0..<6, using: &random) == 0 ? "/" : "")
  }
}
