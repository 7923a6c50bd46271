import Foundation
import Substrates
import Testing

@Suite("A command and what it starts", .serialized)
struct CommandGroupTests {
  @Test("asked to end, it hears it, and says its last words")
  func lastWords() async throws {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "soulpack-group-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // What is left is in the system's own folder for such things.
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "trap 'echo ended > words; exit 3' TERM; while :; do sleep 0.02; done"]
    process.currentDirectoryURL = folder
    // Long enough that only who was not heard is made to end.
    let end = try await CommandGroup(grace: .seconds(60)).run(process, deadline: .now + .seconds(1))
    #expect(end == .exit(3))
    #expect(try String(contentsOf: folder.appending(path: "words"), encoding: .utf8) == "ended\n")
  }
}
