internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Foundation
internal import Running

/// The files that a curation is written to for other tools, or standard output.
struct Exports {
  private enum Target: Equatable {
    case standardOutput
    case file(URL)
  }

  private let records: Target?
  private let fates: Target?

  init(records: String?, fates: String?, _ common: CommonArguments) throws {
    func target(_ path: String) -> Target {
      path == "-" ? .standardOutput : .file(URL(filePath: path, relativeTo: common.folder).standardizedFileURL)
    }
    self.records = records.map(target)
    self.fates = fates.map(target)
    guard self.records == nil || self.records != self.fates else { throw ValidationError("--export and --export-ledger name one place") }
  }

  var areWanted: Bool { records != nil || fates != nil }
  var useStandardOutput: Bool { [records, fates].contains(.standardOutput) }

  /// An export among the data would be data the next time.
  func refusePlaces(in source: URL) throws {
    for case .file(let url)? in [records, fates] where url.path(below: source) != nil { throw ExportIntoSource(path: url.path, source: source.path) }
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
    case .standardOutput: try Exports.inPieces(part, of: export) { try terminal.put($0) }
    case .file(let url): try WholeFile(url).replace(byWriting: { write in try Exports.inPieces(part, of: export, write) })
    }
  }

  /// A system call for every line would cost more than the line.
  private static func inPieces(_ part: CurationExport.Part, of export: CurationExport, _ write: ([UInt8]) throws -> Void) throws {
    let pieceByteCount = 1 << 18
    var piece: [UInt8] = []
    try export.write(part) { line in
      piece += line
      guard piece.count >= pieceByteCount else { return }
      try write(piece)
      piece.removeAll(keepingCapacity: true)
    }
    try write(piece)
  }
}

struct ExportIntoSource: ExplainedError {
  let path: String
  let source: String

  var message: String { "\"\(path)\" lies in what is curated, \"\(source)\", and would be read the next time" }
  var hint: String? { "name a file outside of it" }
}
