package import Artifacts
internal import CSHA256

/// SHA-256 (FIPS 180-4) of each of some pieces, and of all of them strung together, in one pass over their bytes.
///
/// Where the processor has instructions for it, both are computed side by side and take little longer than one (`CSHA256.h`).
package struct PiecewiseSHA256: ~Copyable {
  private let isSideBySide: Bool
  private var whole = BlockHash()
  private var wholeApart = SHA256()

  package init() { self.init(sideBySide: true) }

  /// Without `sideBySide` as where the processor has no such instructions.
  package init(sideBySide: Bool) { isSideBySide = sideBySide && sha256_is_supported() != 0 }

  /// The digest of the piece that comes next.
  package mutating func take(_ piece: UnsafeRawBufferPointer) -> Digest {
    guard isSideBySide else {
      wholeApart.update(piece)
      return Digest(hashing: piece)
    }
    var own = BlockHash()
    whole.take(piece, beside: &own)
    return own.finish()
  }

  /// Of all pieces.
  package consuming func finalize() -> Digest { isSideBySide ? whole.finish() : wholeApart.finalize() }
}

/// The hash of the blocks that a stream has had so far, and of its last block what is there.
private struct BlockHash {
  private static let blockByteCount = 64
  /// What stands behind the last byte at least: a one, and the length in bits in eight bytes (FIPS 180-4, section 5.1.1).
  private static let endByteCount = 9

  /// FIPS 180-4, section 5.3.3.
  private var words: [UInt32] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19]
  private var rest: [UInt8] = []
  private var byteCount: UInt64 = 0

  /// Takes what comes next, which is also the beginning of `other`.
  mutating func take(_ bytes: UnsafeRawBufferPointer, beside other: inout BlockHash) {
    let head = fillRest(bytes)
    let count = (bytes.count - head) / Self.blockByteCount * Self.blockByteCount
    if count > 0, let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) {
      sha256_compress_two(&words, base + head, &other.words, base, count / Self.blockByteCount)
      byteCount += UInt64(count)
      other.byteCount += UInt64(count)
    }
    take(UnsafeRawBufferPointer(rebasing: bytes[(head + count)...]))
    other.take(UnsafeRawBufferPointer(rebasing: bytes[count...]))
  }

  /// Takes what comes next.
  private mutating func take(_ bytes: UnsafeRawBufferPointer) {
    let head = fillRest(bytes)
    let count = (bytes.count - head) / Self.blockByteCount * Self.blockByteCount
    if count > 0, let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) {
      sha256_compress(&words, base + head, count / Self.blockByteCount)
      byteCount += UInt64(count)
    }
    rest += bytes[(head + count)...]
    byteCount += UInt64(bytes.count - head - count)
  }

  /// Takes as much as the begun block lacks, and gives how much that was: nothing where none was begun.
  private mutating func fillRest(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !rest.isEmpty else { return 0 }
    let count = min(bytes.count, Self.blockByteCount - rest.count)
    rest += bytes[..<count]
    byteCount += UInt64(count)
    if rest.count == Self.blockByteCount {
      sha256_compress(&words, rest, 1)
      rest.removeAll(keepingCapacity: true)
    }
    return count
  }

  /// Of everything; once.
  mutating func finish() -> Digest {
    let bits = byteCount << 3
    let blocks = rest.count + Self.endByteCount > Self.blockByteCount ? 2 : 1
    rest.append(0x80)
    rest += repeatElement(0, count: blocks * Self.blockByteCount - 8 - rest.count)
    withUnsafeBytes(of: bits.bigEndian) { rest += $0 }
    sha256_compress(&words, rest, blocks)
    func word(_ index: Int) -> UInt64 { UInt64(words[index]) << 32 | UInt64(words[index + 1]) }
    return Digest(words: Digest.Words(word(0), word(2), word(4), word(6)))
  }
}
