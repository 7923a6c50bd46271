internal import Artifacts
internal import CKernels
internal import Foundation
internal import Hashing

/// A run's state between two steps, as bytes: SHA-256 of what follows, the header's length (u64, little-endian), the header (canonical
/// JSON), then the float32 numbers of parameters, first and second moments; after a first validation that can end the run, also those of the parameters that
/// are kept.
struct Checkpoint {
  let trace: TrainingTrace
  let powers: ck_adamw_powers

  init(trace: TrainingTrace, powers: ck_adamw_powers) {
    self.trace = trace
    self.powers = powers
  }

  func encoded(with buffers: [FloatBuffer]) -> Data {
    let header = header(counts: buffers.map(\.count)).canonical
    var bytes = Data(capacity: Digest.byteCount + 8 + header.count + buffers.reduce(0) { $0 + 4 * $1.count })
    bytes.append(Data(count: Digest.byteCount))
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(header)
    for buffer in buffers { bytes.append(contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(start: buffer.start, count: buffer.count))) }
    let digest = Digest(hashing: bytes.dropFirst(Digest.byteCount))
    bytes.replaceSubrange(..<Digest.byteCount, with: digest.bytes)  // In place: a second copy of a whole model would not fit everywhere.
    return bytes
  }

  private func header(counts: [Int]) -> JSONValue {
    [
      "schema": "soulpack.checkpoint/1", "trace": trace.canonical, "counts": .array(counts.map { .integer(Int64($0)) }),
      // Bit patterns: a checkpoint rounds nothing.
      "beta1Power": .string(String(powers.beta1_power.bitPattern)), "beta2Power": .string(String(powers.beta2_power.bitPattern)),
    ]
  }

  /// Writes into the buffers only after everything else has been checked. `kept`: where the parameters go that a run keeps which can end early.
  init(decoding bytes: Data, commitments: TrainingTrace.Commitments, into state: [FloatBuffer], kept: FloatBuffer? = nil, stepLimit: Int) throws(TrainingError) {
    let body = bytes.dropFirst(Digest.byteCount)
    guard body.count >= 8, Digest(bytes: bytes.prefix(Digest.byteCount)) == Digest(hashing: body) else { throw .checkpointDamaged }
    let headerCount = body.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard headerCount <= UInt64(body.count - 8), let header = try? JSONValue(parsing: Data(body.dropFirst(8).prefix(Int(headerCount)))) else {
      throw .checkpointDamaged
    }
    let numbers = body.dropFirst(8 + Int(headerCount))
    guard header["schema"]?.string == "soulpack.checkpoint/1", let trace = header["trace"].flatMap(TrainingTrace.init(canonical:)),
      let beta1 = Self.power(header["beta1Power"]), let beta2 = Self.power(header["beta2Power"])
    else { throw .checkpointDamaged }
    try Self.check(trace.commitments, against: commitments)
    guard trace.steps.count <= stepLimit else { throw .checkpointDamaged }
    let buffers = state + (trace.steps.contains { $0.validation != nil } ? kept.map { [$0] } ?? [] : [])
    guard numbers.count == buffers.reduce(0, { $0 + 4 * $1.count }) else { throw .checkpointDamaged }
    self.init(trace: trace, powers: ck_adamw_powers(beta1_power: beta1, beta2_power: beta2))
    Self.write(numbers, into: buffers)
  }

  private static func power(_ value: JSONValue?) -> Double? {
    value?.string.flatMap { UInt64($0) }.map { Double(bitPattern: $0) }
  }

  private static func check(_ found: TrainingTrace.Commitments, against own: TrainingTrace.Commitments) throws(TrainingError) {
    let parts: [(what: String, isEqual: Bool)] = [
      ("engine", found.semantics == own.semantics), ("base", found.base == own.base), ("set of parameters", found.parameters == own.parameters),
      ("set of examples", found.tokens == own.tokens),
      ("validation part", found.validation == own.validation), ("plan", found.plan == own.plan), ("start", found.initialState == own.initialState),
    ]
    if let different = parts.first(where: { !$0.isEqual }) { throw .checkpointOfAnotherRun(what: different.what) }
  }

  private static func write(_ numbers: Data, into buffers: [FloatBuffer]) {
    numbers.withUnsafeBytes { source in
      var offset = 0
      for buffer in buffers {
        let part = UnsafeRawBufferPointer(rebasing: source[offset..<(offset + 4 * buffer.count)])
        UnsafeMutableRawBufferPointer(start: buffer.start, count: 4 * buffer.count).copyMemory(from: part)
        offset += 4 * buffer.count
      }
    }
  }
}
