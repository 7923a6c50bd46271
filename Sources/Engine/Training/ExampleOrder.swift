internal import Artifacts
internal import CKernels
internal import Foundation
internal import Hashing

/// Which examples each step learns from, in which order: known whole before the first step.
///
/// Each epoch is a permutation of its own, a function of the seed and the epoch's number; steps do not reach over the end of an epoch,
/// so the last step of one may be smaller.
struct ExampleOrder: Hashable, Sendable {
  /// The ordinals of the examples of each step.
  let steps: [[Int]]
}

extension ExampleOrder {
  /// `candidates` are the ordinals of the examples that have something to learn.
  init(candidates: [Int], parameters: TrainingParameters) {
    var steps: [[Int]] = []
    var epoch = 0
    while Self.wantsMore(steps.count, epoch, parameters.length), !candidates.isEmpty {
      let order = Self.permutation(of: candidates, epoch: epoch, seed: parameters.seed)
      steps += Self.batches(of: order, parameters)
      epoch += 1
    }
    if case .steps(let count) = parameters.length { steps.removeLast(max(0, steps.count - count)) }
    self.init(steps: steps)
  }

  private static func wantsMore(_ steps: Int, _ epoch: Int, _ length: TrainingParameters.Length) -> Bool {
    switch length {
    case .epochs(let count), .paced(let count, _): epoch < count
    case .steps(let count): steps < count
    }
  }

  private static func batches(of order: [Int], _ parameters: TrainingParameters) -> [[Int]] {
    if case .paced(_, let steps) = parameters.length {
      let bounds = (0...steps).map { order.count * $0 / steps }
      return zip(bounds, bounds.dropFirst()).map { Array(order[$0..<$1]) }.filter { !$0.isEmpty }
    }
    return stride(from: 0, to: order.count, by: parameters.examplesPerBatch).map { first in
      Array(order[first..<min(first + parameters.examplesPerBatch, order.count)])
    }
  }

  private static func permutation(of candidates: [Int], epoch: Int, seed: UInt64) -> [Int] {
    var order = [Int](repeating: 0, count: candidates.count)
    ck_permutation(RandomStream.exampleOrder.at(seed: seed, step: epoch), order.count, &order)
    return order.map { candidates[$0] }
  }

  /// SHA-256 over, for each step, its count and its ordinals, each a little-endian u32.
  var digest: Digest {
    var hasher = SHA256()
    for step in steps {
      let words = ([step.count] + step).map { UInt32($0).littleEndian }
      words.withUnsafeBytes { hasher.update($0) }
    }
    return hasher.finalize()
  }
}
