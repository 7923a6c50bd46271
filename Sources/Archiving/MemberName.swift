/// Why a member is not read though its archive is. The raw value is what a ledger holds and people read; once released, it keeps its meaning.
package enum MemberFault: String, CaseIterable, Error, Hashable, Sendable {
  case absoluteName = "absolute name"
  /// A part of the name is `..`.
  case escapingName = "name leaves the archive"
  case longName = "name too long"
  /// No UTF-8, or with control characters; or none at all.
  case unreadableName = "unreadable name"
  case repeatedName = "name stands twice"
  /// A symbolic or a hard link: nothing of its own to read.
  case link = "link"
  /// A device, a pipe, a socket.
  case special = "neither file nor folder"
  case nestedArchive = "archive in an archive"
}

/// The name of a member of a foreign archive, as one would write it in a folder: relative, without `.` and doubled slashes.
///
/// Nothing is ever written to a disk by this name; it goes into a ledger, and a person may act on it.
enum MemberName {
  /// `\` counts as `/` where danger is looked for: some programs unpack it so.
  static func checked(_ name: String, limitInBytes: Int) throws(MemberFault) -> String {
    guard name.utf8.count <= limitInBytes else { throw .longName }
    guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { throw .unreadableName }
    let isSeparator = { (scalar: Unicode.Scalar) in scalar == "/" || scalar == "\\" }
    guard let first = name.unicodeScalars.first else { throw .unreadableName }
    guard !isSeparator(first), !hasDrive(name) else { throw .absoluteName }
    let climbs = name.unicodeScalars.split(whereSeparator: isSeparator).contains { $0.elementsEqual("..".unicodeScalars) }
    guard !climbs else { throw .escapingName }
    let parts = name.split(separator: "/").filter { $0 != "." }
    guard !parts.isEmpty else { throw .unreadableName }
    return parts.joined(separator: "/")
  }

  /// `C:` and its like, which is absolute on Windows.
  private static func hasDrive(_ name: String) -> Bool {
    let start = Array(name.utf8.prefix(2))
    return start.count == 2 && start[1] == UInt8(ascii: ":") && UInt8(ascii: "a")...UInt8(ascii: "z") ~= start[0] | 0x20
  }
}
