internal import Artifacts
internal import Foundation
internal import Glibc
internal import Synchronization

/// The packs of a store, opened when they are first read. Shared by everything that was taken from one store, on any thread.
final class PackShelf: Sendable {
  private static let openLimit = 64

  private let folder: String
  private let opened = Mutex<[Int64: OpenPack]>([:])

  init(folder: String) { self.folder = folder }

  func path(_ id: Int64) -> String { folder + "/" + StoreLayout.name(id) }

  /// The bytes at this place, unverified. Nil where the pack is not there or ends before them.
  func read(_ count: Int, at offset: Int64, ofPack id: Int64) throws -> Data? {
    guard let pack = try pack(id) else { return nil }
    var bytes = Data(count: count)
    let filled = try bytes.withUnsafeMutableBytes { try pack.file.read(into: $0, at: offset) }
    return filled == count ? bytes : nil
  }

  /// Nil where there is no such pack.
  private func pack(_ id: Int64) throws -> OpenPack? {
    try opened.withLock { opened in
      if let pack = opened[id] { return pack }
      do {
        let pack = OpenPack(file: try OpenFile(path(id), O_RDONLY | O_NOFOLLOW))
        if opened.count >= Self.openLimit { opened.removeAll() }  // Who reads from one keeps it open.
        opened[id] = pack
        return pack
      } catch StoreError.system(_, _, ENOENT) {
        return nil
      }
    }
  }

  /// Forgets open files: what is read next is what the names say now.
  func closeAll() { opened.withLock { $0.removeAll() } }

  /// The size of a pack's file; nil where it is not there.
  func byteCount(ofPack id: Int64) -> Int64? {
    let status = FileStatus(at: path(id), followingLinks: false)
    return status?.kind == .regular ? status?.byteCount : nil
  }

  private final class OpenPack: Sendable {
    let file: OpenFile
    init(file: consuming OpenFile) { self.file = file }
  }
}
