package import Archiving
package import Artifacts
package import Foundation

/// What happened to every file and every record of a curation.
///
/// On disk: a first line with the files, the parameters and the summary, then one line an entry, all canonical JSON, in the order of the
/// sources. It names files and holds bare digests of records, so it stays beside the data, and is not for publishing.
package struct Ledger: Hashable, Sendable {
  package enum FileFate: Hashable, Sendable {
    case read(FileKind, records: Int)
    /// An archive. Its members are files of their own, called `ARCHIVE!/NAME`.
    case opened(members: Int)
    /// A member that is not read, whatever its kind; or a file that is packed twice.
    case refused(MemberFault)
    /// Its name ends in nothing that is read.
    case unknownKind
    /// No pattern of the recipe names it.
    case notSelected
  }

  package struct File: Hashable, Sendable {
    package let path: String
    /// Of a member that was not read: as its archive says it.
    package let byteCount: Int64
    /// Nil for a member that was not read.
    package let digest: Digest?
    package let fate: FileFate
  }

  package let files: [File]
  package let parameters: CurationParameters
  package let summary: LedgerSummary
  /// In the order of the sources.
  package let entries: [LedgerEntry]
}

extension Ledger {
  static let schema = "soulpack.ledger/2"

  /// The canonical lines.
  package var bytes: Data {
    var writer = CanonicalWriter()
    var data = header.canonical
    data.append(UInt8(ascii: "\n"))
    for entry in entries {
      writer.entry(entry)
      writer.raw("\n")
    }
    data.append(contentsOf: writer.bytes)
    return data
  }

  var header: JSONValue {
    [
      "schema": .string(Ledger.schema), "files": .array(files.map(\.canonical)), "parameters": parameters.canonical,
      "summary": summary.canonical,
    ]
  }

  /// Reads what was written, and holds it against its summary.
  package init(parsing data: Data) throws {
    let lines = data.split(separator: UInt8(ascii: "\n"))
    guard let first = lines.first, let header = LedgerHeader(parsing: first) else { throw CurationError.malformedLedger(line: 1) }
    entries = try lines.dropFirst().enumerated().map { index, line in
      // Why a line cannot be read does not matter: which one it is does, and the error says that.
      guard let value = try? JSONValue(parsingCanonical: Data(line)), let entry = LedgerEntry(canonical: value) else {
        throw CurationError.malformedLedger(line: index + 2)
      }
      return entry
    }
    (files, parameters, summary) = (header.files, header.parameters, header.summary)
    let recount = try LedgerSummary(entries: entries, recordsRead: entries.count, recordsKept: summary.kept)
    guard recount == summary else { throw CurationError.malformedLedger(line: 1) }
  }
}

/// The first line of a ledger.
struct LedgerHeader: Sendable {
  let files: [Ledger.File]
  let parameters: CurationParameters
  let summary: LedgerSummary

  /// Nil where it is not one, whatever the reason: whoever asked has an error of its own for a ledger that is none.
  init?(parsing line: some DataProtocol) {
    guard let value = try? JSONValue(parsing: Data(line)) else { return nil }
    self.init(value, schema: Ledger.schema)
  }

  init?(_ value: JSONValue, schema: String) {
    guard value["schema"]?.string == schema, let values = value["files"]?.array, let summary = value["summary"].flatMap(LedgerSummary.init(canonical:)),
      let parameters = value["parameters"].flatMap({ try? CurationParameters($0) })
    else { return nil }
    files = values.compactMap(Ledger.File.init(canonical:))
    guard files.count == values.count else { return nil }
    (self.parameters, self.summary) = (parameters, summary)
  }
}

extension Ledger.File {
  fileprivate var canonical: JSONValue {
    var members: [String: JSONValue] = ["path": .string(path), "bytes": .integer(byteCount)]
    if let digest { members["digest"] = .digest(digest) }
    switch fate {
    case .read(let kind, let records):
      members["fate"] = "read"
      members["kind"] = .string(kind.rawValue)
      members["records"] = .integer(Int64(records))
    case .opened(let count):
      members["fate"] = "opened"
      members["members"] = .integer(Int64(count))
    case .refused(let fault):
      members["fate"] = "refused"
      members["reason"] = .string(fault.rawValue)
    case .unknownKind: members["fate"] = "unknown kind"
    case .notSelected: members["fate"] = "not selected"
    }
    return .object(members)
  }

  fileprivate init?(canonical value: JSONValue) {
    guard let path = value["path"]?.string, let bytes = value["bytes"]?.integer else { return nil }
    let digest = value["digest"]?.digest
    guard digest != nil || value["digest"] == nil else { return nil }
    switch value["fate"]?.string {
    case "unknown kind": fate = .unknownKind
    case "not selected": fate = .notSelected
    case "opened":
      guard let members = value.natural("members") else { return nil }
      fate = .opened(members: members)
    case "refused":
      guard let fault = value["reason"]?.string.flatMap(MemberFault.init(rawValue:)) else { return nil }
      fate = .refused(fault)
    case "read":
      guard let kind = value["kind"]?.string.flatMap(FileKind.init(rawValue:)), let records = value.natural("records") else { return nil }
      fate = .read(kind, records: records)
    default: return nil
    }
    (self.path, byteCount, self.digest) = (path, bytes, digest)
  }
}
