internal import Artifacts
internal import Foundation

/// Which chunks make a large object, in their order. Stored as an object of its own: 36 bytes a chunk, its digest and its length, big-endian.
struct ChunkList: Sendable {
  struct Chunk: Sendable {
    let digest: Digest
    let byteCount: Int
  }

  private static let rowByteCount = Digest.byteCount + 4

  private(set) var chunks: [Chunk] = []
  /// Where each chunk begins; one more than there are chunks, the last being the end.
  private(set) var starts: [Int64] = [0]

  init() {}

  mutating func append(_ digest: Digest, byteCount: Int) {
    chunks.append(Chunk(digest: digest, byteCount: byteCount))
    starts.append(starts[starts.count - 1] + Int64(byteCount))
  }

  var byteCount: Int64 { starts[starts.count - 1] }

  var bytes: Data {
    var bytes = Data(capacity: chunks.count * Self.rowByteCount)
    for chunk in chunks {
      chunk.digest.withUnsafeBytes { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: UInt32(chunk.byteCount).bigEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Nil for what is no list.
  init?(parsing bytes: Data) {
    guard bytes.count.isMultiple(of: Self.rowByteCount) else { return nil }
    bytes.withUnsafeBytes { bytes in
      for offset in stride(from: 0, to: bytes.count, by: Self.rowByteCount) {
        guard let row = bytes.baseAddress?.advanced(by: offset) else { continue }
        append(Digest(at: row), byteCount: Int(UInt32(bigEndian: row.loadUnaligned(fromByteOffset: Digest.byteCount, as: UInt32.self))))
      }
    }
    guard chunks.allSatisfy({ $0.byteCount > 0 && $0.byteCount <= ChunkCutter.maximum }) else { return nil }
  }

  /// The chunk that holds the byte at `offset`, which is within the object.
  func index(at offset: Int64) -> Int {
    var low = 0
    var high = chunks.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
