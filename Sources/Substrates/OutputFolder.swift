internal import Artifacts
internal import Foundation
internal import Glibc

/// The folder that a program was told to write, read without trust: nothing in it is followed, waited for, or read beyond its limit.
struct OutputFolder {
  private static let entryLimit = 1000

  let place: URL

  /// The named files of the folder at `path` in it.
  ///
  /// - Parameter limits: the names, each with the most bytes that it may have.
  func files(at path: String, limits: [String: Int]) throws -> [String: Data] {
    guard Snapshot.isContained(path) else { throw JobFailure(.outsideOutput) }
    try requirePlain()
    var files: [String: Data] = [:]
    for (name, limit) in limits { files[name] = try read(path + "/" + name, limit: limit) }
    return files
  }

  /// Folders and regular files alone, none of them hidden behind a link: also where the output folder itself has been replaced by one.
  private func requirePlain() throws {
    var waiting = [""]
    var count = 0
    while let path = waiting.popLast() {
      switch try kind(of: path) {
      case S_IFDIR:
        let names = try FileManager.default.contentsOfDirectory(atPath: place.appending(path: path).path)
        waiting += names.sorted(by: >).map { path.isEmpty ? $0 : path + "/" + $0 }
        count += names.count
      case S_IFREG: break
      case S_IFLNK: throw JobFailure(.link(path))
      default: throw JobFailure(.notAFile(path))
      }
      guard count <= Self.entryLimit else { throw JobFailure(.tooManyFiles(limit: Self.entryLimit)) }
    }
  }

  private func kind(of path: String) throws -> mode_t {
    var status = stat()
    let whole = path.isEmpty ? place.path : place.path + "/" + path
    guard lstat(whole, &status) == 0 else { throw JobFailure(.missing(path)) }
    return status.st_mode & S_IFMT
  }

  /// O_NOFOLLOW and O_NONBLOCK: whoever escaped the program's group could still exchange the file for a link or a pipe.
  private func read(_ path: String, limit: Int) throws -> Data {
    let descriptor = open(place.path + "/" + path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw JobFailure(errno == ELOOP ? .link(path) : .missing(path)) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw JobFailure(.notAFile(path)) }
    let bytes = try file.read(upToCount: limit + 1) ?? Data()
    guard bytes.count <= limit else { throw JobFailure(.tooLarge(path, byteLimit: limit)) }
    return bytes
  }
}
