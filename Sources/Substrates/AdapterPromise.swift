internal import Artifacts
internal import Engine
internal import Foundation

/// The adapter that a job asks for, held against the one that came back.
struct AdapterPromise {
  let configuration: AdapterConfiguration
  private let base: ModelConfiguration
  private let baseDigest: Digest

  init(_ job: TrainingJob) throws(JobFailure) {
    guard case .lora(let settings) = job.parameters.method, let digest = job.baseDigest else { throw JobFailure(.methodNotOffered) }
    configuration = settings.configuration(baseName: TrainingJob.baseName)
    base = job.base.configuration
    baseDigest = digest
  }

  /// The start that the engine itself would take: A from the seed, B zero.
  func start(seed: UInt64) throws -> AdapterFolder { try AdapterFolder.fresh(configuration, on: base, seed: seed) }

  /// More bytes than any spelling of the promised tensors needs: float32 numbers, and a kilobyte of header for each.
  var weightsByteLimit: Int {
    let sizes = configuration.sizes(on: base)
    return 65_536 + 4 * sizes.numbers + 1024 * sizes.tensors
  }

  /// Refuses every adapter but the promised one, and gives it in our own spelling: what a foreign program wrote into spare fields of its
  /// files does not come along.
  func verify(_ files: [String: Data]) throws(JobFailure) -> AdapterFolder {
    let found = try explaining { () throws(ModelError) in try AdapterFolder(files: files) }
    try compare(found.configuration)
    return try explaining { () throws(ModelError) in
      let adapter = try AdapterFolder(configuration: configuration, tensors: found.tensors)
      try adapter.check(against: base)
      return adapter
    }
  }

  private func explaining<Value>(_ read: () throws(ModelError) -> Value) throws(JobFailure) -> Value {
    do {
      return try read()
    } catch {
      throw JobFailure(.adapter(error))
    }
  }

  private func compare(_ found: AdapterConfiguration) throws(JobFailure) {
    guard let name = found.baseName, [TrainingJob.baseName, baseDigest.description].contains(name) else { throw JobFailure(.otherBase(found.baseName)) }
    let promised = configuration
    guard found.rank == promised.rank else { throw JobFailure(.otherAdapter("r", found: "\(found.rank)", promised: "\(promised.rank)")) }
    guard found.alpha == promised.alpha else { throw JobFailure(.otherAdapter("lora_alpha", found: "\(found.alpha)", promised: "\(promised.alpha)")) }
    guard found.targets == promised.targets else {
      throw JobFailure(.otherAdapter("target_modules", found: Self.list(found.targets), promised: Self.list(promised.targets)))
    }
    guard found.isRankStabilized == promised.isRankStabilized else {
      throw JobFailure(.otherAdapter("use_rslora", found: "\(found.isRankStabilized)", promised: "\(promised.isRankStabilized)"))
    }
  }

  private static func list(_ targets: [Projection]) -> String { targets.map(\.rawValue).joined(separator: ", ") }
}
