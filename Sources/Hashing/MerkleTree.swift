package import Artifacts
internal import Foundation

/// The Merkle tree hash of RFC 9162, section 2.1: leaves and nodes are hashed in separate domains, so that no node can pass for a leaf.
package enum MerkleTree {
  /// The root over `leaves`, in their order. The root of no leaves is the hash of the empty string, as the RFC has it.
  package static func root(of leaves: [Digest]) -> Digest {
    guard !leaves.isEmpty else { return Digest(hashing: Data()) }
    var level = leaves.map(leafHash)
    while level.count > 1 { level = parents(of: level) }
    return level[0]
  }

  /// A node for each pair; an odd last one rises as it is, which gives the same tree as the RFC's split at the largest power of two.
  private static func parents(of level: [Digest]) -> [Digest] {
    stride(from: 0, to: level.count, by: 2).map { index in
      index + 1 < level.count ? nodeHash(level[index], level[index + 1]) : level[index]
    }
  }

  private static func leafHash(_ leaf: Digest) -> Digest { Digest(hashing: [0x00] + leaf.bytes) }
  private static func nodeHash(_ left: Digest, _ right: Digest) -> Digest { Digest(hashing: [0x01] + left.bytes + right.bytes) }
}
