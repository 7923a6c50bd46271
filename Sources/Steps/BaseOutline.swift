internal import Artifacts
internal import Engine
internal import Foundation
internal import Running
internal import Store

/// The shape of a model, and how many bytes its weights are: what is known of a folder before they are read, and all that an estimate needs.
struct BaseOutline {
  let configuration: ModelConfiguration
  /// Of the numbers in memory, about: `ModelFolder.byteCount` once they are read.
  let byteCount: Int
  /// Of all files of the folder.
  let fileByteCount: Int

  /// While it is read the files are there, and what was made of them.
  var readingByteCount: Int { fileByteCount + byteCount }

  /// Of an input that is a model folder.
  init(_ context: StepContext, _ input: String) throws {
    let entries = try context.snapshot(input).entries
    let file = try entries.first { $0.path == ModelConfiguration.fileName }.map { try context.store.objects.get($0.digest) }
    try self.init(configurationFile: file, byteCounts: entries.map { ($0.path, Int(clamping: $0.byteCount)) })
  }

  init(files: [String: Data]) throws {
    try self.init(configurationFile: files[ModelConfiguration.fileName], byteCounts: files.map { ($0.key, $0.value.count) })
  }

  /// Of a model that is made anew.
  init(new configuration: ModelConfiguration) {
    self.configuration = configuration
    byteCount = MemoryLayout<Float>.stride * configuration.parameterCount
    fileByteCount = 0
  }

  private init(configurationFile: Data?, byteCounts: [(path: String, byteCount: Int)]) throws {
    guard let configurationFile else { throw ModelError.missingFile(ModelConfiguration.fileName) }
    configuration = try ModelConfiguration(parsing: configurationFile)
    let weights = byteCounts.filter { $0.path == ModelFolder.weightsFileName }
    let weightByteCount = (weights.isEmpty ? byteCounts.filter { $0.path.hasSuffix(".safetensors") } : weights).reduce(0) { $0 + $1.byteCount }
    let wide = MemoryLayout<Float>.stride * configuration.parameterCount
    // Two bytes of a file stay two where they are bfloat16, and become four where they are float16.
    byteCount = try Self.isHalf(configurationFile) ? wide : min(wide, weightByteCount)
    fileByteCount = byteCounts.reduce(0) { $0 + $1.byteCount }
  }

  private static func isHalf(_ configurationFile: Data) throws -> Bool {
    let document = try JSONValue(parsing: configurationFile)
    return (document["dtype"] ?? document["torch_dtype"])?.string == "float16"
  }
}
