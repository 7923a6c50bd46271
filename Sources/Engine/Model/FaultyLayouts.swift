internal import CKernels

// What the faults of `Fault` need and nothing else uses.

extension RaggedBatch {
  /// `Fault.paddedExamples`: token 0 in front, up to the longest, attended to like any other.
  init(paddingInFront examples: [EncodedExample]) {
    let longest = examples.map(\.tokens.count).max() ?? 0
    self.init(
      examples.map { example in
        let padding = longest - example.tokens.count
        return EncodedExample(
          recordID: example.recordID, tokens: [Int32](repeating: 0, count: padding) + example.tokens,
          supervised: [Bool](repeating: false, count: padding) + example.supervised)
      })
  }
}

extension ParameterBlock {
  /// `Fault.restartedMicroBatches`: the gradients so far, which start anew.
  func takeGradients() -> FloatBuffer {
    let taken = FloatBuffer(gradients.values(at: 0, count: gradients.count))
    gradients.clear()
    return taken
  }

  func addGradients(_ other: FloatBuffer, pool: KernelPool) {
    ck_add(pool.handle, gradients.count, gradients.start, other.start, gradients.start)
  }
}
