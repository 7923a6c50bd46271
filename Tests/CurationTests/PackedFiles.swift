import CArchive
import Foundation
import Testing

/// What goes into an archive that a test makes, by libarchive's own writer.
struct PackedMember {
  enum Kind {
    case file, folder, symbolicLink, hardLink, device
  }

  var name: [UInt8]
  var data = Data()
  var kind = Kind.file

  init(_ name: String, _ text: String = "", kind: Kind = .file) { self.init(name, Data(text.utf8), kind: kind) }

  init(_ name: String, _ data: Data, kind: Kind = .file) {
    (self.name, self.data, self.kind) = (Array(name.utf8), data, kind)
  }
}

/// The bytes of an archive of the kind that `suffix` names, such as `tar.zst`; `gz` and its like take the only member without its name.
func packed(_ members: [PackedMember], as suffix: String, options: String? = nil) throws -> Data {
  let capacity = members.reduce(1 << 16) { $0 + $1.data.count * 2 + 8_192 }
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
  defer { buffer.deallocate() }
  var used = 0
  // The writer brings names into the thread's encoding, as the reader does.
  let locale = car_utf8_locale()
  let before = uselocale(locale)
  defer {
    uselocale(before)
    freelocale(locale)
  }
  let writer = try #require(archive_write_new())
  defer { archive_write_free(writer) }
  func check(_ status: Int32) throws { try #require(status >= ARCHIVE_WARN, "\(String(cString: archive_error_string(writer)))") }
  try setUp(writer, suffix, check)
  if let options {
    try check(archive_write_set_passphrase(writer, "keeper"))
    try check(archive_write_set_options(writer, options))
  }
  try check(archive_write_open_memory(writer, buffer.baseAddress, capacity, &used))
  for member in members { try write(member, to: writer, check) }
  try check(archive_write_close(writer))
  return Data(buffer[..<used])
}

private func setUp(_ writer: OpaquePointer, _ suffix: String, _ check: (Int32) throws -> Void) throws {
  let parts = suffix.split(separator: ".").map(String.init)
  switch parts[0] {
  case "zip": try check(archive_write_set_format_zip(writer))
  case "gnutar": try check(archive_write_set_format_gnutar(writer))
  case "tar", "tgz", "tzst", "txz", "tbz2": try check(archive_write_set_format_pax_restricted(writer))
  default: try check(archive_write_set_format_raw(writer))
  }
  switch parts.last {
  case "gz", "tgz": try check(archive_write_add_filter_gzip(writer))
  case "zst", "tzst": try check(archive_write_add_filter_zstd(writer))
  case "xz", "txz": try check(archive_write_add_filter_xz(writer))
  case "bz2", "tbz2": try check(archive_write_add_filter_bzip2(writer))
  default: break
  }
}

private func write(_ member: PackedMember, to writer: OpaquePointer, _ check: (Int32) throws -> Void) throws {
  let entry = try #require(archive_entry_new())
  defer { archive_entry_free(entry) }
  (member.name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { archive_entry_copy_pathname(entry, $0.baseAddress) }
  archive_entry_set_perm(entry, 0o644)
  archive_entry_set_size(entry, 0)
  switch member.kind {
  case .file:
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_size(entry, Int64(member.data.count))
  case .folder: archive_entry_set_filetype(entry, 0o040000)
  case .symbolicLink:
    archive_entry_set_filetype(entry, 0o120000)
    archive_entry_set_symlink(entry, "/etc/passwd")
  case .hardLink:
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_hardlink(entry, "good.jsonl")
  case .device: archive_entry_set_filetype(entry, 0o020000)
  }
  try check(archive_write_header(writer, entry))
  guard member.kind == .file, !member.data.isEmpty else { return }
  let written = member.data.withUnsafeBytes { archive_write_data(writer, $0.baseAddress, $0.count) }
  #expect(written == member.data.count)
}
