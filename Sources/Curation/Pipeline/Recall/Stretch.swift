internal import Artifacts
internal import Foundation

/// Files that stand together in a listing and are read, and remembered, as one: a large one, or a run of small ones.
///
/// The listing alone says where one ends, so that one that is known need not be opened; and a file more moves the ends of few after it.
struct Stretch: Sendable {
  /// Their places among the files that are to be read.
  let files: Range<Int>
  /// An archive's members are known only when it is open: it is always read.
  let isArchive: Bool

  private static let mostFiles = 512

  static func all(of listing: Listing, around byteCount: Int) -> [Stretch] {
    var stretches: [Stretch] = []
    var start = 0
    var gathered = 0
    func close(before end: Int) {
      if start < end { stretches.append(Stretch(files: start..<end, isArchive: false)) }
      (start, gathered) = (end, 0)
    }
    for (place, (_, file)) in listing.readable.enumerated() {
      let size = Int(clamping: file.entry.byteCount)
      switch file.content {
      case .plain where size < byteCount:
        gathered += size
        let isFull = gathered >= byteCount || place + 1 - start >= mostFiles
        if isFull || (gathered >= byteCount / 4 && PathHash.isOneInFour(file.entry.path)) { close(before: place + 1) }
      case .plain, .packed:
        close(before: place)
        close(before: place + 1)
      case .archive:
        close(before: place)
        stretches.append(Stretch(files: place..<place + 1, isArchive: true))
        (start, gathered) = (place + 1, 0)
      }
    }
    close(before: listing.readable.count)
    return stretches
  }
}

enum PathHash {
  /// Of paths, by a hash (FNV-1a, Fowler, Noll and Vo): for ends that do not depend on what stands before them.
  static func isOneInFour(_ path: String) -> Bool {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return (hash >> 24) & 3 == 0
  }
}
