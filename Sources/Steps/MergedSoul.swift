internal import Engine
package import Foundation

/// A Soul that is an adapter, and its base, as one whole model with the tokenizer's files.
package struct MergedSoul {
  private let base: BaseModel
  private let model: MergedModel

  /// Nil for a Soul that is a whole model already.
  package init?(of subject: SoulMeasurement.Subject, threads: Int) throws {
    guard case (let base, let adapter?) = try subject.read() else { return nil }
    self.base = base
    model = try MergedModel(base: base.model, adapter: adapter, threads: threads)
  }

  /// Hands on the files, each in one piece or in several that follow each other. The same Soul and base give the same bytes everywhere.
  package func write(shardByteLimit: Int64, _ write: (_ file: String, _ piece: Data) throws -> Void) throws {
    for (path, bytes) in base.textFiles.sorted(by: { $0.key < $1.key }) { try write(path, bytes) }
    try model.write(shardByteLimit: shardByteLimit, write)
  }
}
