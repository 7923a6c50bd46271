internal import Artifacts
package import Foundation
internal import CKernels

/// A LoRA adapter in PEFT's layout: `adapter_config.json` and `adapter_model.safetensors`.
package struct AdapterFolder: Sendable {
  package static let weightsFileName = "adapter_model.safetensors"

  package let configuration: AdapterConfiguration
  /// In name order, every number finite. Whether they fit a base is asked by `check(against:)`.
  package let tensors: [Tensor]

  package init(configuration: AdapterConfiguration, tensors: [Tensor]) throws(ModelError) {
    self.configuration = configuration
    self.tensors = tensors.inNameOrder
    try refuseNonFinite(self.tensors, file: Self.weightsFileName)
  }

  package init(files: [String: Data]) throws(ModelError) {
    guard let configuration = files[AdapterConfiguration.fileName] else { throw .missingFile(AdapterConfiguration.fileName) }
    try self.init(
      configuration: try AdapterConfiguration(parsing: configuration),
      tensors: try readTensors(files, Self.weightsFileName))
  }

  package var files: [String: Data] {
    [AdapterConfiguration.fileName: configuration.file, Self.weightsFileName: TensorFile.write(tensors)]
  }

  /// Refuses an adapter whose tensors are not exactly those its configuration promises on this base.
  package func check(against base: ModelConfiguration) throws(ModelError) {
    _ = try TensorShape.check(tensors, against: shapes(on: base))
  }

  func shapes(on base: ModelConfiguration) -> [TensorShape] {
    TensorShape.adapter(base, rank: configuration.rank, targets: Set(configuration.targets))
  }

  /// A fresh adapter: A kaiming-uniform with a = √5, B zero (PEFT's own start), so that its first output is the base's.
  package static func fresh(_ configuration: AdapterConfiguration, on base: ModelConfiguration, seed: UInt64) throws(ModelError) -> AdapterFolder {
    let shapes = TensorShape.adapter(base, rank: configuration.rank, targets: Set(configuration.targets))
    let pool = KernelPool(threads: 1)
    let tensors = shapes.enumerated().map { ordinal, shape in
      let isA = shape.name.hasSuffix("lora_A.weight")
      let values = [Float](unsafeUninitializedCapacity: shape.count) { values, written in
        if isA, let start = values.baseAddress {
          let random = RandomStream.initialValues.at(seed: seed, step: ordinal)
          ck_fill_uniform(pool.handle, shape.count, random, ck_kaiming_bound(shape.shape[1]), start)
        } else {
          values.initialize(repeating: 0)
        }
        written = shape.count
      }
      return Tensor(name: shape.name, shape: shape.shape, values: values)
    }
    return try AdapterFolder(configuration: configuration, tensors: tensors)
  }
}
