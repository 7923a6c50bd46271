import Foundation
import Testing

@Suite("The README's commands")
struct ReadmeTests {
  /// What stands after `$ ` in the ```console blocks, where it calls soulpack.
  private static func commands() throws -> [String] {
    var isInside = false
    return try text().split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
      if line.hasPrefix("```") { isInside = line == "```console" && !isInside }
      return isInside && line.hasPrefix("$ soulpack ") ? String(line.dropFirst(2)) : nil
    }
  }

  private static func text() throws -> String {
    try String(contentsOf: Tool.repository.appending(path: "README.md"), encoding: .utf8)
  }

  @Test("each is a command of this program, about recipes and options that are there")
  func commands() throws {
    try Tool.inProject([:]) { tool in
      for folder in ["recipes", "datasets", "models", "tools"] {
        try FileManager.default.copyItem(at: Tool.repository.appending(path: folder), to: tool.place(folder))
      }
      try tool.must("curate", "recipes/lamplighter.yaml", "-q")
      let commands = try Self.commands()
      #expect(commands.count >= 6)
      for command in commands {
        // What takes minutes only says what it would do; everything else runs as it stands there.
        let outcome = try tool.shell(
          """
          soulpack() {
            case "$1" in build|train|publish) "$SOULPACK" "$@" -n;; *) "$SOULPACK" "$@";; esac
          }
          \(command)
          """)
        // The archive to verify and to make again is what the shortened `publish` did not make.
        let expected: Int32 = ["soulpack verify ", "soulpack reproduce "].contains(where: command.hasPrefix) ? 1 : 0
        #expect(outcome.status == expected, "\(command): \(outcome.errors)")
      }
    }
  }

  @Test("the recipes of this repository are in order, and each plan ends in a seal")
  func recipes() throws {
    try Tool.inProject([:]) { tool in
      try FileManager.default.copyItem(at: Tool.repository.appending(path: "recipes"), to: tool.place("recipes"))
      let recipes = try tool.names(in: "recipes").filter { $0.hasSuffix(".yaml") }
      #expect(!recipes.isEmpty)
      for recipe in recipes {
        try tool.must("check", "recipes/\(recipe)")
        #expect(try tool.must("plan", "recipes/\(recipe)").output.contains("\nseal  "))
      }
    }
  }

  @Test("the table of commands names every command of the program, and none that is not")
  func table() throws {
    let text = try Self.text()
    let start = try #require(text.range(of: "## The commands"))
    let end = try #require(text[start.upperBound...].range(of: "\n## "))
    try Tool.inProject([:]) { tool in
      let rows = text[start.upperBound..<end.lowerBound].split(separator: "\n").filter { $0.hasPrefix("|") }
      let named = Set(rows.flatMap { $0.matches(of: /`([a-z]+)[^`]*`/).map { String($0.1) } })
      let help = try tool.must("--help").output
      let known = Set(help.matches(of: /\n  ([a-z]+) {2,}/).map { String($0.1) })
      #expect(known.isSuperset(of: ["build", "verify", "fsck"]))
      #expect(named == known)
    }
  }
}
