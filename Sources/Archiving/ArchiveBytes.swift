internal import CArchive
internal import Foundation

/// The packed bytes, as libarchive asks for them: in pieces that are copied to a place that stays where it is.
///
/// A class, because libarchive keeps a pointer to it; the handle that owns the reader keeps it alive.
final class ArchiveBytes {
  private static let pieceByteCount = 1 << 18

  private let data: Data
  private let piece: UnsafeMutableRawBufferPointer
  private var position = 0

  init(_ data: Data) {
    self.data = data
    piece = .allocate(byteCount: Self.pieceByteCount, alignment: 64)
  }

  deinit { piece.deallocate() }

  /// The next bytes; empty at the end. They stay as they are until the next call, which is how long libarchive may look at them
  /// (archive_read_open(3)).
  private func next() -> UnsafeRawBufferPointer {
    let count = min(piece.count, data.count - position)
    let start = data.startIndex + position
    data.copyBytes(to: piece, from: start..<start + count)
    position += count
    return UnsafeRawBufferPointer(rebasing: piece[..<count])
  }

  private func skip(_ request: Int64) -> Int64 {
    let count = min(max(0, request), Int64(data.count - position))
    position += Int(count)
    return count
  }

  /// The new position, or ARCHIVE_FATAL for one outside of the file.
  private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
    let base: Int64? =
      switch whence {
      case SEEK_SET: 0
      case SEEK_CUR: Int64(position)
      case SEEK_END: Int64(data.count)
      default: nil
      }
    guard let base else { return Int64(ARCHIVE_FATAL) }
    let (target, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, (0...Int64(data.count)).contains(target) else { return Int64(ARCHIVE_FATAL) }
    position = Int(target)
    return target
  }
}

extension ArchiveBytes {
  /// Lets a reader that has its formats set read from here. The object must outlive the reader.
  func open(_ reader: OpaquePointer) -> Int32 {
    let seekStatus = archive_read_set_seek_callback(reader) { _, context, offset, whence in
      ArchiveBytes.from(context).seek(offset, whence)
    }
    guard seekStatus == ARCHIVE_OK else { return seekStatus }
    return archive_read_open2(
      reader, Unmanaged.passUnretained(self).toOpaque(), nil,
      { _, context, buffer in
        let bytes = ArchiveBytes.from(context).next()
        buffer?.pointee = bytes.baseAddress
        return bytes.count
      }, { _, context, request in ArchiveBytes.from(context).skip(request) }, nil)
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> ArchiveBytes {
    guard let context else { preconditionFailure("libarchive gives back the context that it was given") }
    return Unmanaged<ArchiveBytes>.fromOpaque(context).takeUnretainedValue()
  }
}
