internal import CKernels

/// The uses of randomness, each a stream of its own: drawing more from one never shifts another.
enum RandomStream: UInt32 {
  case exampleOrder = 1
  case initialValues = 2
  case generation = 3

  func at(seed: UInt64, step: Int) -> ck_random { ck_random(seed: seed, stream: rawValue, step: UInt32(truncatingIfNeeded: step)) }
}
