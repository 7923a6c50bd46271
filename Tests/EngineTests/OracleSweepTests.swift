import CKernels
import Engine
import Foundation
import Testing

/// Single operators over the whole range of their arguments, and those that training does not use, against `oracle/sweep.c`: each a
/// checksum over the results' bits.
@Suite("Oracle's sweep")
struct OracleSweepTests {
  private static let stride: UInt32 = 4099

  @Test("functions have the oracle's bits from one end of their arguments to the other", arguments: VectorPath.available)
  func functions(path: VectorPath) throws {
    guard let compiler = OracleProgram.Compiler.first?.path else { try Test.cancel("no C compiler on PATH") }
    let oracle = try OracleProgram(compiler).sweep(stride: Self.stride)
    let engine = try path.whileForced { Dictionary(uniqueKeysWithValues: Self.sweep().map { ($0, $1.value) }) }
    #expect(engine.count == 13)
    #expect(engine.keys.sorted() == oracle.keys.sorted())
    for (name, value) in engine { #expect(value == oracle[name], "\(name)") }
  }

  private static func sweep() -> [(String, Checksum)] {
    let pool = ck_pool_create(1)
    defer { ck_pool_destroy(pool) }
    let floats = Swift.stride(from: UInt64(0), through: UInt64(UInt32.max), by: Int(stride)).map { Float(bitPattern: UInt32($0)) }
    let numbers = floats.filter { !$0.isNaN }
    return [
      ("exp", checksum(numbers) { ck_exp(pool, $0, $1, $2) }), ("log", checksum(numbers) { ck_log(pool, $0, $1, $2) }),
      ("sigmoid", checksum(numbers) { ck_sigmoid(pool, $0, $1, $2) }), ("tanh", checksum(numbers) { ck_tanh(pool, $0, $1, $2) }),
      ("bfloat16", checksum(numbers) { thereAndBack(pool, $0, $1, $2) }), ("float16", float16(pool)),
      ("exp64", checksum64(-.infinity ... .infinity, ck_exp64)), ("log64", checksum64(0 ... .infinity, ck_log64)),
      ("sin64", checksum64(-0x1p20...0x1p20, ck_sin64)), ("cos64", checksum64(-0x1p20...0x1p20, ck_cos64)),
      ("preference", preference()), ("dropout", dropout(pool)), ("schedules", schedules()),
    ]
  }

  // MARK: - Elements

  private static func checksum(_ x: [Float], _ function: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void) -> Checksum {
    var y = [Float](repeating: 0, count: x.count)
    function(x.count, x, &y)
    return Checksum(y)
  }

  private static func thereAndBack(_ pool: OpaquePointer, _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    var narrow = [UInt16](repeating: 0, count: count)
    ck_narrow_bfloat16(pool, count, x, &narrow)
    ck_widen(pool, count, CK_BFLOAT16, narrow, y)
    for index in 0..<count where x[index].isInfinite { y[index] = x[index] }  // Narrowing is defined for finite numbers.
  }

  private static func float16(_ pool: OpaquePointer) -> Checksum {
    let patterns = Array(UInt16.min...UInt16.max)
    var y = [Float](repeating: 0, count: patterns.count)
    ck_widen(pool, patterns.count, CK_FLOAT16, patterns, &y)
    return Checksum(y)
  }

  // MARK: - binary64

  private static func checksum64(_ range: ClosedRange<Double>, _ function: (Double) -> Double) -> Checksum {
    var sum = Checksum()
    var pattern: UInt64 = 0
    var isPast = false
    while !isPast {
      let x = Double(bitPattern: pattern)
      if range.contains(x) { sum.add(function(x)) }
      (pattern, isPast) = pattern.addingReportingOverflow(UInt64(stride) << 32 + 1)
    }
    return sum
  }

  private static func preference() -> Checksum {
    var sum = Checksum()
    for step in -400...400 {
      let i = Double(step)
      let pair = ck_preference_loss(40 + i * 0.37, 55.5 - i * 0.11, 41.25, 54.75, 0.1 + i * i * 0.001, 3)
      #expect(pair.rejected_coefficient == -pair.chosen_coefficient)
      sum.add(pair.chosen_coefficient)
      sum.add(pair.loss)
    }
    return sum
  }

  // MARK: - Others

  private static func dropout(_ pool: OpaquePointer) -> Checksum {
    let width = 77
    let tokens = Array(UInt32(0)..<50)
    let x = tokens.flatMap { _ in (0..<width).map { Float($0 - 30) * 0.3 } }
    var y = [Float](repeating: 0, count: x.count)
    ck_dropout(pool, tokens.count, width, tokens.map { $0 / 7 }, tokens.map { $0 * 3 }, 0x1234_5678_9ABC_DEF0, 5, 0.3, x, &y)
    return Checksum(y)
  }

  private static func schedules() -> Checksum {
    var sum = Checksum()
    for schedule in [CK_SCHEDULE_CONSTANT, CK_SCHEDULE_LINEAR, CK_SCHEDULE_COSINE] {
      for steps in Swift.stride(from: Int64(1), to: 60, by: 7) {
        for warmup in 0...steps {
          for step in 0..<steps { sum.add(ck_learning_rate(schedule, 3e-4, step, steps, warmup)) }
        }
      }
    }
    return sum
  }
}

/// FNV-1a over 64-bit words; every NaN counts as one.
private struct Checksum {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  init() {}

  init(_ numbers: [Float]) {
    for number in numbers { add(number) }
  }

  mutating func add(_ number: Float) { add(word: number.isNaN ? 0x7FC0_0000 : UInt64(number.bitPattern)) }
  mutating func add(_ number: Double) { add(word: number.isNaN ? 0x7FF8_0000_0000_0000 : number.bitPattern) }
  private mutating func add(word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }
}
