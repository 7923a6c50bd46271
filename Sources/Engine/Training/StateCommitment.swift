internal import Artifacts
internal import Foundation
internal import Hashing

/// Merkle roots over what a run is made of.
enum StateCommitment {
  /// 16 KiB of one kind of number.
  static let tileElementCount = 4096

  /// Over the trained tensors in name order: for each, a leaf of its name and shape, then a leaf for each tile, the digest of the
  /// tile's parameters, first and second moments.
  static func root(of block: ParameterBlock, _ optimizer: AdamW) -> Digest {
    var leaves: [Digest] = []
    for slot in block.slots {
      leaves.append(Digest(hashing: ["name": .string(slot.name), "shape": .array(slot.shape.shape.map { .integer(Int64($0)) })]))
      for first in stride(from: 0, to: slot.count, by: tileElementCount) {
        let count = min(tileElementCount, slot.count - first)
        leaves.append(tile([block.values, optimizer.firstMoment, optimizer.secondMoment], offset: slot.offset + first, count: count))
      }
    }
    return MerkleTree.root(of: leaves)
  }

  private static func tile(_ buffers: [FloatBuffer], offset: Int, count: Int) -> Digest {
    var hasher = SHA256()
    for buffer in buffers { hasher.update(UnsafeRawBufferPointer(UnsafeBufferPointer(start: buffer.start + offset, count: count))) }
    return hasher.finalize()
  }

  /// Over the examples in the dataset's order, as they are trained on: the record's id, the token ids (little-endian i32), and a byte
  /// for each token that says whether it is supervised.
  static func tokenRoot(of examples: [EncodedExample]) -> Digest {
    MerkleTree.root(
      of: examples.map { example in
        var hasher = SHA256()
        hasher.update(example.recordID.digest.bytes)
        example.tokens.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
        hasher.update(example.supervised.map { UInt8($0 ? 1 : 0) })
        return hasher.finalize()
      })
  }
}
