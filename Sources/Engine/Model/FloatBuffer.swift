/// Float32 numbers at one address for as long as the buffer lives: what the kernels read and write.
final class FloatBuffer {
  /// A cache line, and the widest vector.
  static let alignment = 64

  let start: UnsafeMutablePointer<Float>
  let count: Int
  private let bytes: UnsafeMutableRawBufferPointer

  /// Of no particular value: for what is always written before it is read.
  init(uninitializedCount count: Int) {
    self.count = count
    bytes = .allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: Self.alignment)
    start = bytes.bindMemory(to: Float.self).baseAddress.unsafelyUnwrapped  // At least one element was asked for.
  }

  /// All +0.
  convenience init(count: Int) {
    self.init(uninitializedCount: count)
    clear()
  }

  convenience init(_ values: [Float]) {
    self.init(uninitializedCount: values.count)
    write(values, at: 0)
  }

  deinit { bytes.deallocate() }

  func clear() { start.initialize(repeating: 0, count: count) }

  func write(_ values: [Float], at offset: Int) {
    precondition(offset + values.count <= count)
    values.withUnsafeBufferPointer { if let source = $0.baseAddress { (start + offset).update(from: source, count: values.count) } }
  }

  /// Valid while the buffer lives.
  var rawBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count * MemoryLayout<Float>.stride) }

  func values(at offset: Int, count: Int) -> [Float] {
    precondition(offset + count <= self.count)
    return Array(UnsafeBufferPointer(start: start + offset, count: count))
  }
}

extension [Float] {
  /// The address of a tensor's numbers, for as long as `body` runs. A tensor that is computed with has some.
  func withStart(_ body: (UnsafePointer<Float>) -> Void) {
    withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { preconditionFailure("a weight has elements") }
      body(start)
    }
  }
}
