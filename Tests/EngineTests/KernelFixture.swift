// What the kernel suites share: memory for C, awkward inputs, and the comparison of bits over every path and number of threads.
import CKernels
import Testing

/// All suites of kernels run one after the other: they force the vector path, which the whole process shares.
@Suite("Kernels", .serialized)
struct Kernels {}

/// Arrays for C that live as long as the closure that was given them.
final class Memory {
  private var free: [() -> Void] = []

  func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    // One element more than asked for, so that an empty array has an address too.
    let pointer = UnsafeMutablePointer<Element>.allocate(capacity: elements.count + 1)
    pointer.initialize(from: elements, count: elements.count)
    free.append { pointer.deallocate() }
    return pointer
  }

  func zeros(_ count: Int) -> UnsafeMutablePointer<Float> { array([Float](repeating: 0, count: count)) }

  /// Memory that an operator has to write before anybody may read it.
  func unset(_ count: Int) -> UnsafeMutablePointer<Float> { array([Float](repeating: .nan, count: count)) }

  deinit { free.forEach { $0() } }
}

func withMemory<Result>(_ body: (Memory) throws -> Result) rethrows -> Result {
  let memory = Memory()
  return try withExtendedLifetime(memory) { try body(memory) }
}

func withPool<Result>(threads: Int32, _ body: (OpaquePointer) throws -> Result) rethrows -> Result {
  let pool = ck_pool_create(threads)
  defer { ck_pool_destroy(pool) }
  return try body(pool)
}

func values(_ pointer: UnsafePointer<Float>, _ count: Int) -> [Float] {
  Array(UnsafeBufferPointer(start: pointer, count: count))
}

/// Uniform values in [−bound, bound), from our own generator.
func uniform(_ count: Int, stream: UInt32, bound: Float = 1) -> [Float] {
  [Float](unsafeUninitializedCapacity: count) { buffer, written in
    withPool(threads: 1) { pool in
      if let start = buffer.baseAddress {
        ck_fill_uniform(pool, count, ck_random(seed: 20, stream: stream, step: 0), bound, start)
      }
    }
    written = count
  }
}

/// The same with what arithmetic trips over strewn in: both zeros, denormals, the smallest and rather large values.
func awkward(_ count: Int, stream: UInt32) -> [Float] {
  let strange: [Float] = [-0.0, 0x1.16c2p-133, -0x1.0bp-138, 0.0, .leastNormalMagnitude, 300, -Float.leastNonzeroMagnitude, -0x1.fffffep-1]
  var x = uniform(count, stream: stream)
  for i in stride(from: Int(stream % 5), to: count, by: 5) { x[i] = strange[(i / 5) % strange.count] }
  return x
}

/// Paths that this CPU has, the plain one first.
let paths = [CK_PATH_GENERIC, CK_PATH_AVX2, CK_PATH_AVX512].filter { ck_path_available($0) }

func onPath<Result>(_ path: ck_path, _ body: () throws -> Result) rethrows -> Result {
  let before = ck_path_active()
  #expect(ck_path_force(path))
  defer { _ = ck_path_force(before) }
  return try body()
}

/// Runs an operator on every path with one, two and three threads, expects the same bits from all of them, and gives the first's.
@discardableResult
func everywhere(
  _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ run: (Memory, OpaquePointer) -> [Float]
) -> [Float] {
  var first: [Float]?
  for path in paths {
    for threads: Int32 in 1...3 {
      let result = onPath(path) { withPool(threads: threads) { pool in withMemory { run($0, pool) } } }
      guard let expected = first else {
        first = result
        continue
      }
      expectSameBits(
        result, expected, "\(what) on \(String(cString: ck_path_name(path))) with \(threads) threads", sourceLocation: sourceLocation)
    }
  }
  return first ?? []
}

func expectSameBits(
  _ actual: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  let different = zip(actual, expected).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
  if let (index, (got, want)) = different {
    Issue.record("\(what): element \(index) is \(got), not \(want)", sourceLocation: sourceLocation)
  }
}
