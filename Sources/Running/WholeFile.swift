internal import Artifacts
package import Foundation

/// A file that is only ever replaced whole: whoever reads it, whenever a writer is killed, finds the old bytes or the new.
///
/// Foundation's atomic writing does the same but leaves its draft behind when it is killed, under a name that nobody can tell from a
/// stranger's. Here the draft is named after the file, the process and chance: the next writer knows whose it was, and that it is gone; and nobody can lay a
/// link in its place beforehand.
package struct WholeFile: Sendable {
  package let url: URL

  package init(_ url: URL) { self.url = url }

  /// What is meant where this is a link, as people have them who keep their settings elsewhere.
  package var target: WholeFile { WholeFile(url.resolvingSymlinksInPath()) }

  /// What it holds; nil where there is none. A link to nothing is not the same as nothing: what it says lies somewhere, and cannot be read now.
  package func bytes() throws -> Data? {
    do {
      return try Data(contentsOf: url)
    } catch CocoaError.fileReadNoSuchFile {
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)) != nil  // Mostly: there is nothing.
      guard !isLink else { throw LostFile(path: url.path) }
      return nil
    }
  }

  /// - Parameter durable: whether the bytes are on the disk before the file takes its place. Not for what can be told from a torn file.
  package func replace(with bytes: Data, durable: Bool = true) throws {
    try replace(durable: durable, byWriting: { write in try write(Array(bytes)) })
  }

  /// The same for bytes that are made while they are written: `body` hands them on piece by piece.
  package func replace(durable: Bool = true, byWriting body: (_ write: ([UInt8]) throws -> Void) throws -> Void) throws {
    try replace(durable: durable) { draft in try write(durable: durable, to: draft, body) }
  }

  private func write(durable: Bool, to draft: URL, _ body: (_ write: ([UInt8]) throws -> Void) throws -> Void) throws {
    let descriptor = open(draft.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CannotReplace(path: url.path, code: errno) }
    defer { close(descriptor) }
    try body { try write($0, to: descriptor) }
    guard !durable || fsync(descriptor) == 0 else { throw CannotReplace(path: url.path, code: errno) }
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw CannotReplace(path: url.path, code: count < 0 ? errno : ENOSPC) }
      rest = rest.dropFirst(count)
    }
  }

  /// Lets `write` make a file beside this one, and puts it in this one's place. Where `durable`, the new name too is on the disk.
  package func replace(durable: Bool = true, _ write: (URL) throws -> Void) throws {
    try lay(durable: durable, write) { rename($0, url.path) }
  }

  /// Puts a file where none is. Throws `CannotReplace` with EEXIST where one is by now.
  package func create(with bytes: Data) throws {
    try lay(durable: true) { draft in try write(durable: true, to: draft) { try $0(Array(bytes)) } } into: { link($0, url.path) }
  }

  /// `into` gives the draft the file's name.
  private func lay(durable: Bool, _ write: (URL) throws -> Void, into name: (String) -> Int32) throws {
    removeLeftovers()
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    let draft = url.deletingLastPathComponent().appending(path: "\(draftPrefix)\(getpid()).\(mark)\(Self.draftSuffix)")
    defer { unlink(draft.path) }  // Still there only where writing failed, or under two names.
    try write(draft)
    guard name(draft.path) == 0 else { throw CannotReplace(path: url.path, code: errno) }
    if durable { try synchronizeFolder() }
  }

  /// rename(2) changes the folder: until that is written, a crash of the machine can bring the old file back.
  private func synchronizeFolder() throws {
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw CannotReplace(path: url.path, code: errno) }
    defer { close(folder) }
    // EINVAL: a file system that keeps no folder to write.
    guard fsync(folder) == 0 || errno == EINVAL else { throw CannotReplace(path: url.path, code: errno) }
  }

  /// Removes what a process that was killed while it wrote here has left. What a living one writes is not touched.
  package func removeLeftovers() {
    let folder = url.deletingLastPathComponent().path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }  // Mostly: there is no such folder yet.
    for name in names where name.hasPrefix(draftPrefix) && name.contains(Self.draftSuffix) {
      guard let process = Int32(name.dropFirst(draftPrefix.count).prefix { $0 != "." }), process > 0 else { continue }
      if kill(process, 0) != 0 && errno == ESRCH { unlink(folder + "/" + name) }
    }
  }

  private var draftPrefix: String { ".\(url.lastPathComponent)." }
  /// Nobody's own file is called so.
  private static let draftSuffix = ".soulpack-draft"
}

package struct CannotReplace: ExplainedError {
  package let path: String
  package let code: Int32

  package var message: String { "\(path): cannot be written: \(String(cString: strerror(code)).lowercased())" }
  package var hint: String? { code == ENOSPC ? "free some space and go on: what was done is kept" : nil }
}

/// A link to a file that is not there.
package struct LostFile: ExplainedError {
  let path: String

  package var message: String { "\(path): a link to a file that is not there" }
  package var hint: String? { "bring back what it leads to, or remove the link if there is nothing to bring back" }
}
