internal import CArchive
internal import Foundation

/// A reader of libarchive with one owner, freed with it. Every return code is looked at here, and names and messages are copied at once.
struct ArchiveHandle: ~Copyable {
  enum Kind {
    case file, folder, link, other
  }

  struct Header {
    /// Nil where it is no UTF-8.
    let name: String?
    let kind: Kind
    /// As the archive says it, which need not be true.
    let declaredByteCount: Int64?
    let isEncrypted: Bool
  }

  private let reader: OpaquePointer
  private let bytes: ArchiveBytes

  private init(reader: OpaquePointer, bytes: ArchiveBytes) {
    self.reader = reader
    self.bytes = bytes
  }

  deinit { archive_read_free(reader) }

  static func opening(_ data: Data, _ form: ArchiveForm) throws(ArchiveProblem) -> ArchiveHandle {
    guard let reader = archive_read_new() else { throw .outOfMemory }
    let handle = ArchiveHandle(reader: reader, bytes: ArchiveBytes(data))
    try handle.accept(form)
    let status = inUTF8 { handle.bytes.open(handle.reader) }
    guard status == ARCHIVE_OK else { throw handle.isUnrecognized ? .notOfItsKind(form.layout, form.compression) : handle.problem }
    // libarchive puts a filter on for as long as the bytes look like it, and none where they do not.
    guard handle.hasFilter(of: form) else { throw .notOfItsKind(form.layout, form.compression) }
    guard archive_filter_count(handle.reader) == (form.compression == nil ? 1 : 2) else { throw .packedTwice }
    return handle
  }

  /// The next member's header; nil at the end.
  borrowing func next() throws(ArchiveProblem) -> Header? {
    var entry: OpaquePointer?
    let status = inUTF8 { archive_read_next_header(reader, &entry) }
    if status == ARCHIVE_EOF { return nil }
    guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else { throw problem }
    return inUTF8 { Header(entry, isNameLost: status == ARCHIVE_WARN && isWarningAboutTheName) }
  }

  /// Puts the next unpacked bytes of the member into `buffer`, and says how many they were; 0 at its end.
  borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveProblem) -> Int {
    // ARCHIVE_WARN and ARCHIVE_RETRY are below 0 as well: content about which libarchive has a doubt is not taken.
    let count = archive_read_data(reader, buffer.baseAddress, buffer.count)
    guard count >= 0 else { throw problem }
    return count
  }

  /// Moves past the member without unpacking it. Only a zip can: elsewhere the way to the next member leads through all bytes of this one.
  borrowing func skip() throws(ArchiveProblem) {
    guard archive_read_data_skip(reader) == ARCHIVE_OK else { throw problem }
  }

  /// Packed bytes that were taken; -1 stands for the first in the chain, the file itself (archive_read_filter(3)).
  var packedByteCount: Int64 { archive_filter_bytes(reader, -1) }

  /// Unpacked bytes that were taken, headers and padding among them; 0 stands for the last in the chain, what the format reads.
  var unpackedByteCount: Int64 { archive_filter_bytes(reader, 0) }

  private borrowing func accept(_ form: ArchiveForm) throws(ArchiveProblem) {
    switch form.layout {
    // By its central directory, as other programs read a zip, and never by the headers between the members, which may say something else.
    case .zip: try require(archive_read_support_format_zip_seekable(reader), "zip")
    case .tar: try require(archive_read_support_format_tar(reader), "tar")
    case .single:
      try require(archive_read_support_format_raw(reader), "packed files")
      try require(archive_read_support_format_empty(reader), "packed files")
    }
    switch form.compression {
    case nil: break
    case .gzip: try require(archive_read_support_filter_gzip(reader), "gzip")
    case .zstd: try require(archive_read_support_filter_zstd(reader), "zstd")
    case .xz: try require(archive_read_support_filter_xz(reader), "xz")
    case .bzip2: try require(archive_read_support_filter_bzip2(reader), "bzip2")
    }
  }

  /// ARCHIVE_WARN means that libarchive would start a program found on PATH to unpack (archive_read_filter(3)): that is a refusal here.
  private func require(_ status: Int32, _ part: String) throws(ArchiveProblem) {
    guard status == ARCHIVE_OK else { throw .unsupported(part) }
  }

  private borrowing func hasFilter(of form: ArchiveForm) -> Bool {
    let expected: Int32 =
      switch form.compression {
      case nil: ARCHIVE_FILTER_NONE
      case .gzip: ARCHIVE_FILTER_GZIP
      case .zstd: ARCHIVE_FILTER_ZSTD
      case .xz: ARCHIVE_FILTER_XZ
      case .bzip2: ARCHIVE_FILTER_BZIP2
      }
    return archive_filter_code(reader, 0) == expected
  }

  private var reason: String { archive_error_string(reader).map { String(cString: $0) } ?? "no reason given" }

  private var problem: ArchiveProblem {
    if archive_errno(reader) == ENOMEM { return .outOfMemory }
    return .damaged(reason)
  }

  /// It has no code of its own.
  private var isUnrecognized: Bool { reason == "Unrecognized archive format" }

  /// libarchive has one code for all its warnings; most are about owners and times, which nobody reads here.
  private var isWarningAboutTheName: Bool { reason.contains("athname") }
}

extension ArchiveHandle.Header {
  fileprivate init(_ entry: OpaquePointer, isNameLost: Bool) {
    name = isNameLost ? nil : archive_entry_pathname_utf8(entry).flatMap { String(validatingCString: $0) }
    kind =
      switch car_entry_kind(entry) {
      case CAR_FILE: .file
      case CAR_FOLDER: .folder
      case CAR_LINK: .link
      default: .other
      }
    declaredByteCount = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : nil
    isEncrypted = archive_entry_is_encrypted(entry) != 0
  }
}

/// Made once and kept: a locale is a few bytes, and freeing one that a thread uses is undefined. Nil where the system has none. Unsafe in name
/// alone: it is a pointer that nobody writes through after `let` was set.
nonisolated(unsafe) private let utf8Locale: locale_t? = car_utf8_locale()

/// Runs `body` with a UTF-8 locale in this thread alone. Without one, names beyond ASCII are refused as unreadable.
private func inUTF8<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  guard let utf8Locale else { return try body() }
  let before = uselocale(utf8Locale)
  defer { uselocale(before) }
  return try body()
}
