internal import Artifacts
internal import CKernels
internal import Foundation
internal import Hashing

/// Which examples each step learns from, in which order: known whole before the first step.
///
/// Each epoch is a permutation of its own, a function of the seed and the epoch's number; steps do not reach over the end of an epoch,
/// so the last step of one may be smaller. What is left out is left out of a plan that is drawn over all: everything else stays in its step, at its
/// rate, and drops out the same (docs/numerics.md, section 14).
struct ExampleOrder: Hashable, Sendable {
  struct Step: Hashable, Sendable {
    /// Among all that were planned, from 0: what its rate follows from.
    let number: Int
    /// The ordinals of its examples in the dataset.
    let examples: [Int]
    /// For each, how many examples of all planned steps stand before it: what its dropout follows from.
    let places: [Int]
  }

  /// Those with an example that is learned from.
  let steps: [Step]
  let plannedStepCount: Int
  /// SHA-256 over, for each planned step, how many examples it learns from and their ordinals, each a little-endian u32.
  let digest: Digest

  /// `planned` are the ordinals of the examples of each step.
  init(_ planned: [[Int]], without isLeftOut: (Int) -> Bool = { _ in false }) {
    var place = 0
    let all = planned.enumerated().map { number, examples in
      let placed = zip(examples, place...).filter { !isLeftOut($0.0) }
      place += examples.count
      return Step(number: number, examples: placed.map(\.0), places: placed.map(\.1))
    }
    plannedStepCount = planned.count
    digest = Self.digest(of: all)
    steps = all.filter { !$0.examples.isEmpty }
  }

  private static func digest(of steps: [Step]) -> Digest {
    var hasher = SHA256()
    for step in steps {
      let words = ([step.examples.count] + step.examples).map { UInt32($0).littleEndian }
      words.withUnsafeBytes { hasher.update($0) }
    }
    return hasher.finalize()
  }
}

extension ExampleOrder {
  /// After which of the steps that are taken, counted from 1, a stretch of so many planned ones is done. The last is always one.
  func ends(ofEvery interval: Int) -> Set<Int> {
    let next = steps.dropFirst().map(\.number) + [plannedStepCount]
    let ends = zip(1..., zip(steps, next)).filter { $1.1 / interval > $1.0.number / interval }.map(\.0)
    return Set(ends + [steps.count])
  }

  /// Throws where there is nothing to learn, or nothing is left of it.
  init(of set: TrainingSet, parameters: TrainingParameters) throws(TrainingError) {
    guard !set.learnable.isEmpty else { throw .nothingSupervised(exampleCount: set.examples.count) }
    var steps: [[Int]] = []
    var epoch = 0
    while Self.wantsMore(steps.count, epoch, parameters.length) {
      let order = Self.permutation(of: set.learnable, epoch: epoch, seed: parameters.seed)
      steps += Self.batches(of: order, parameters)
      epoch += 1
    }
    if case .steps(let count) = parameters.length { steps.removeLast(max(0, steps.count - count)) }
    self.init(steps) { set.examples[$0].isLeftOut }
    guard !self.steps.isEmpty else { throw .nothingLeft }
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
}
