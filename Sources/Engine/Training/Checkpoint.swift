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

  /// The most bytes that are handed on at once.
  static let pieceByteCount = 1 << 20

  /// Hands on the state in pieces that follow each other. Hashed in one pass and written in a second: a state is several times a model, and a copy of it
  /// would not fit beside a training that fills the memory.
  func write(_ buffers: [FloatBuffer], to write: ([UInt8]) throws -> Void) rethrows {
    let header = header(counts: buffers.map(\.count)).canonical
    var head = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    var hasher = SHA256()
    hasher.update(head)
    for buffer in buffers { hasher.update(buffer.rawBytes) }
    head = Array(hasher.finalize().bytes) + head
    for piece in Self.pieces(of: head.count) { try write(Array(head[piece])) }
    for buffer in buffers {
      for piece in Self.pieces(of: buffer.rawBytes.count) { try write(Array(buffer.rawBytes[piece])) }
    }
  }

  private static func pieces(of byteCount: Int) -> some Sequence<Range<Int>> {
    stride(from: 0, to: byteCount, by: pieceByteCount).lazy.map { $0..<min($0 + pieceByteCount, byteCount) }
  }

  private func header(counts: [Int]) -> JSONValue {
    [
      "schema": "soulpack.checkpoint/1", "trace": trace.canonical, "counts": .array(counts.map { .integer(Int64($0)) }),
      // Bit patterns: a checkpoint rounds nothing.
      "beta1Power": .string(String(powers.beta1_power.bitPattern)), "beta2Power": .string(String(powers.beta2_power.bitPattern)),
    ]
  }

  /// Writes into the buffers only after everything else has been checked. `bytes` may be a mapped file: nothing here is a copy of the numbers. `kept`: where the parameters go that a run keeps which can end early.
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
