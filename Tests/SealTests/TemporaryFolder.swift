import Foundation

/// A folder that a test has to itself, removed when the test ends.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("soulpack-seal-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      print("left behind: \(url.path)")
    }
  }

  subscript(name: String) -> URL { url.appendingPathComponent(name, isDirectory: false) }

  func write(_ name: String, _ bytes: Data) throws -> URL {
    let file = self[name]
    try bytes.write(to: file)
    return file
  }
}
