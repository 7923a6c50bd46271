internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Foundation
internal import Running

/// The files that a curation is written to for other tools, or standard output.
struct Exports {
  private enum Target: Equatable {
    /// Open already: standard output, or what a shell has opened for us, as `>(gzip)` or `3> kept.jsonl`.
    case descriptor(Int32)
    case file(URL)
  }

  private let records: Target?
  private let fates: Target?

  init(records: String?, fates: String?, _ common: CommonArguments) throws {
    func target(_ path: String) -> Target {
      if let descriptor = Exports.descriptor(named: path) { return .descriptor(descriptor) }
      return .file(common.place(path).followed)
    }
    self.records = records.map(target)
    self.fates = fates.map(target)
    guard self.records == nil || self.records != self.fates else { throw ValidationError("--export and --export-ledger name one place") }
  }

  /// What is named so is written to as it is: opened again by its name, a file would be written from its beginning.
  private static func descriptor(named path: String) -> Int32? {
    switch path {
    case "-", "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      let folder = ["/dev/fd/", "/proc/self/fd/"].first(where: path.hasPrefix)
      return folder.flatMap { Int32(path.dropFirst($0.count)) }
    }
  }

  var areWanted: Bool { records != nil || fates != nil }
  var useStandardOutput: Bool { [records, fates].contains(.descriptor(STDOUT_FILENO)) }

  /// An export among the data would be data the next time.
  func refusePlaces(in source: URL) throws {
    let source = source.followed
    for case .file(let url)? in [records, fates] where url.path(below: source) != nil { throw ExportIntoSource(path: url.path, source: source.path) }
  }

  /// What soulpack keeps for itself is not written over.
  func refuseOwnFiles(root: URL, store: URL, recipe: String? = nil) throws {
    let files = ([Lock.fileName, Retractions.fileName] + (recipe.map { [$0] } ?? [])).map { URL(filePath: $0, relativeTo: root).followed.path }
    for case .file(let url)? in [records, fates] where url.path(below: store.followed) != nil || files.contains(url.path) {
      throw ExportOverOwnFile(path: url.path)
    }
  }

  /// Of the one dataset that there is, where an export is wanted.
  func write(_ curated: [Curated], _ terminal: Terminal) throws {
    guard areWanted, let only = curated.first else { return }
    let export = CurationExport(only.dataset, only.ledger)
    if let records { try write(.records, of: export, to: records, terminal) }
    if let fates { try write(.fates, of: export, to: fates, terminal) }
  }

  private func write(_ part: CurationExport.Part, of export: CurationExport, to target: Target, _ terminal: Terminal) throws {
    switch target {
    case .descriptor(STDOUT_FILENO): try export.write(part) { try terminal.put($0) }
    case .descriptor(let descriptor): try export.write(part) { try Exports.write($0, to: descriptor, named: "descriptor \(descriptor)") }
    case .file(let url): try write(part, of: export, to: url)
    }
  }

  /// A file comes whole or not at all. What is none, such as a named pipe, is written to: replaced, it would be gone, and its reader would wait.
  private func write(_ part: CurationExport.Part, of export: CurationExport, to url: URL) throws {
    var status = stat()
    guard stat(url.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else {
      return try WholeFile(url).replace(byWriting: { write in try export.write(part, write) })
    }
    let descriptor = open(url.path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LostExport(place: url.path, code: errno) }
    defer { close(descriptor) }
    try export.write(part) { try Exports.write($0, to: descriptor, named: url.path) }
  }

  /// A reader that goes away ends the command, and is no failure, as on standard output.
  private static func write(_ bytes: [UInt8], to descriptor: Int32, named place: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw errno == EPIPE ? EndsWith(code: .done) : LostExport(place: place, code: errno) as any Error }
      rest = rest.dropFirst(count)
    }
  }
}

/// What an export was to be written to does not take it.
struct LostExport: ExplainedError {
  let place: String
  let code: Int32

  var message: String { "\(place): the export could not be written: \(String(cString: strerror(code)).lowercased())" }
  var hint: String? { nil }
}

struct ExportOverOwnFile: ExplainedError {
  let path: String

  var message: String { "\"\(path)\" is soulpack's own: an export would take its place" }
  var hint: String? { "name another file" }
}

struct ExportIntoSource: ExplainedError {
  let path: String
  let source: String

  var message: String { "\"\(path)\" lies in what is curated, \"\(source)\", and would be read the next time" }
  var hint: String? { "name a file outside of it" }
}
