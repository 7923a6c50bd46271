internal import Artifacts
internal import Engine
internal import Foundation
internal import Hashing

/// A job as a program finds it: `job.json` (schema `soulpack.job/1`, docs/substrates.md) and the files that it names, in the folder in
/// which the program runs. Paths are relative and the same in every run.
struct JobFolder {
  static let document = "job.json"
  static let output = "output"

  let folder: URL
  /// Names the job by what decides it: no path outside the folder, no time, no host.
  let digest: Digest
  let parameters: JSONValue
  /// Of the plan.
  let stepCount: Int64

  init(_ job: TrainingJob, _ promise: AdapterPromise, in folder: URL) throws {
    self.folder = folder
    // Made first: it refuses what no trainer could do, before anything is written.
    let plan = try TrainingPlan(base: job.base.configuration, examples: job.train.examples, parameters: job.parameters)
    parameters = job.parameters.jobDocument
    stepCount = Int64(plan.steps.count)
    var members: [String: JSONValue] = [
      "schema": "soulpack.job/1", "kind": "train", "parameters": parameters, "output": .string(Self.output),
      "base": ["path": .string(TrainingJob.baseName), "digest": job.baseDigest.map(JSONValue.digest) ?? .null],
      "start": ["path": .string(try Self.writeStart(promise, seed: job.parameters.seed, in: folder))],
      "train": try Self.write(job.train, "train.jsonl", in: folder),
      "plan": try Self.write(plan, "plan.jsonl", in: folder),
      "validation": try job.validation.map { try Self.write($0, "validation.jsonl", in: folder) } ?? .null,
    ]
    digest = Digest(hashing: JSONValue.object(members))
    members["job"] = .digest(digest)
    try JSONValue.object(members).canonical.write(to: folder.appending(path: Self.document))
    try FileManager.default.createDirectory(at: folder.appending(path: Self.output), withIntermediateDirectories: false)
  }

  private static func writeStart(_ promise: AdapterPromise, seed: UInt64, in folder: URL) throws -> String {
    let place = folder.appending(path: "start")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
    for (name, bytes) in try promise.start(seed: seed).files { try bytes.write(to: place.appending(path: name)) }
    return "start"
  }

  private static func write(_ dataset: EncodedDataset, _ name: String, in folder: URL) throws -> JSONValue {
    try write(dataset.jsonLines, name, in: folder).adding([
      "examples": .integer(Int64(dataset.counts.examples)), "tokens": .integer(Int64(dataset.counts.tokens)),
      "supervised-tokens": .integer(Int64(dataset.counts.supervisedTokens)),
    ])
  }

  private static func write(_ plan: TrainingPlan, _ name: String, in folder: URL) throws -> JSONValue {
    try write(plan.jsonLines, name, in: folder).adding(["steps": .integer(Int64(plan.steps.count))])
  }

  private static func write(_ bytes: Data, _ name: String, in folder: URL) throws -> [String: JSONValue] {
    try bytes.write(to: folder.appending(path: name))
    return ["path": .string(name), "digest": .digest(Digest(hashing: bytes))]
  }
}

extension [String: JSONValue] {
  fileprivate func adding(_ members: [String: JSONValue]) -> JSONValue { .object(merging(members) { _, new in new }) }
}

extension TrainingParameters {
  /// The parameters as a job tells them: the recipe's words, the numbers as numbers.
  fileprivate var jobDocument: JSONValue {
    var members: [String: JSONValue] = [
      "seed": .integer(Int64(truncatingIfNeeded: seed)), "batch": .integer(Int64(examplesPerBatch)), "context": .integer(Int64(maximumTokens)),
      "optimizer": [
        "name": "adamw", "learning-rate": .number(learningRate), "schedule": .string(schedule.rawValue), "warmup": .number(warmupFraction),
        "betas": [.number(beta1), .number(beta2)], "epsilon": .number(epsilon), "weight-decay": .number(weightDecay), "clip": .number(clip),
      ],
    ]
    switch length {
    case .epochs(let count): members["epochs"] = .integer(Int64(count))
    case .steps(let count): members["steps"] = .integer(Int64(count))
    case .paced(let epochs, let steps): (members["epochs"], members["stepsPerEpoch"]) = (.integer(Int64(epochs)), .integer(Int64(steps)))
    }
    switch method {
    case .full: members["method"] = "full"
    case .lora(let settings):
      members["method"] = "sft"
      members["lora"] = .object(settings.jobMembers)
    }
    return .object(members)
  }
}

extension LoRASettings {
  /// As in `TrainingParameters.canonical`: what a plain adapter does not have is not written.
  fileprivate var jobMembers: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "rank": .integer(Int64(rank)), "alpha": .number(alpha), "targets": .array(targets.map(\.rawValue).sorted().map { .string($0) }),
    ]
    if isRankStabilized { members["rank-stabilized"] = true }
    if dropout > 0 { members["dropout"] = .number(dropout) }
    return members
  }
}
