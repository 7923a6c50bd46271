internal import CKernels

extension ModelFolder {
  /// A new model: weights normal with the configuration's deviation, norms one, biases zero. A function of the configuration and the seed alone.
  package static func fresh(_ configuration: ModelConfiguration, seed: UInt64) throws(ModelError) -> ModelFolder {
    let pool = KernelPool(threads: 1)
    let tensors = TensorShape.model(configuration).enumerated().map { ordinal, shape in
      let values = [Float](unsafeUninitializedCapacity: shape.count) { values, written in
        if shape.shape.count > 1, let start = values.baseAddress {
          let random = RandomStream.initialValues.at(seed: seed, step: ordinal)
          ck_fill_normal(pool.handle, shape.count, random, configuration.initializerRange, start)
        } else {
          values.initialize(repeating: shape.name.hasSuffix(".bias") ? 0 : 1)
        }
        written = shape.count
      }
      return Tensor(name: shape.name, shape: shape.shape, values: values)
    }
    return try ModelFolder(configuration: configuration, tensors: tensors)
  }
}
