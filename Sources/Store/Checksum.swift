internal import Artifacts

/// 64 bits by which damage is found, never an attack: for what only we write, and what only saves us work.
///
/// Four lanes of multiply and rotate over eight bytes each. A lane's step is one to one in the word that it takes, so that a change within
/// one word is always seen; any other is missed once in 2⁶⁴. Little-endian, as what it guards does not leave the machine.
enum Checksum {
  /// `seed` is what the bytes belong to: bytes in another's place do not pass.
  static func of(_ bytes: UnsafeRawBufferPointer, seed: Digest) -> Int64 {
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = seed.withUnsafeBytes {
      (
        $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
      )
    }
    var offset = 0
    while offset + 32 <= bytes.count {
      a = step(a, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      b = step(b, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      c = step(c, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      d = step(d, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
      offset += 32
    }
    while offset < bytes.count {
      a = step(a, UInt64(bytes[offset]))
      offset += 1
    }
    let whole = step(step(step(step(a, b), c), d), UInt64(bytes.count))
    return Int64(bitPattern: whole ^ (whole >> 29))
  }

  /// An odd factor and a rotation: both can be undone.
  @inline(__always)
  private static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
    return mixed << 31 | mixed >> 33
  }
}
