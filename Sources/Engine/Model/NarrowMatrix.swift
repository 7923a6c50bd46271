internal import CKernels

/// Where the rows of a narrow matrix are widened, one block after the other. One for all matrices of a model: products follow each other.
final class WideningRoom {
  /// 2 MiB: it stays in a core's cache, and a product over as many rows has enough to do.
  static let count = 1 << 19

  private var buffer = FloatBuffer(uninitializedCount: 0)

  func start(count: Int) -> UnsafeMutablePointer<Float> {
    if buffer.count < count { buffer = FloatBuffer(uninitializedCount: count) }
    return buffer.start
  }
}

/// A frozen matrix W [rows × columns] in bfloat16, as its file has it. Products read it widened, some rows at a time: every number widens exactly, and a
/// chain goes on from one block to the next, so that the results are those of the same numbers in float32, to the bit.
struct NarrowMatrix {
  private let patterns: [UInt16]
  private let rows: Int
  private let columns: Int
  private let room: WideningRoom

  init(_ patterns: [UInt16], rows: Int, columns: Int, room: WideningRoom) {
    (self.patterns, self.rows, self.columns, self.room) = (patterns, rows, columns, room)
  }

  /// Y [tokens × rows] = X [tokens × columns] · Wᵀ, the chains going on over the tail: a block of W gives some columns of Y.
  func multiplyTransposed(_ x: MatrixRows, tail: ck_tail, into y: MatrixRows, tokens: Int, pool: KernelPool) {
    forEachBlock(pool) { first, count, block in
      pool.multiply(
        tokens, count, columns, x.view, .transposed(block, stride: columns), tail: tail.columns(from: first), into: y.columns(from: first),
        accumulate: false)
    }
  }

  /// C [tokens × columns] (+)= A [tokens × rows] · W, the chains going on over the tail: each goes through the blocks in their order.
  func multiply(_ a: MatrixRows, tail: ck_tail, into c: MatrixRows, accumulate: Bool, tokens: Int, pool: KernelPool) {
    forEachBlock(pool) { first, count, block in
      pool.multiply(
        tokens, columns, count, a.columns(from: first).view, .rows(block, stride: columns), tail: first + count == rows ? tail : ck_tail(), into: c,
        accumulate: accumulate || first > 0)
    }
  }

  private func forEachBlock(_ pool: KernelPool, _ body: (_ first: Int, _ count: Int, _ block: UnsafePointer<Float>) -> Void) {
    let height = max(1, min(rows, WideningRoom.count / columns))
    let block = room.start(count: height * columns)
    patterns.withUnsafeBufferPointer { patterns in
      guard let start = patterns.baseAddress else { preconditionFailure("a weight has elements") }
      for first in stride(from: 0, to: rows, by: height) {
        let count = min(height, rows - first)
        ck_widen(pool.handle, count * columns, CK_BFLOAT16, start + first * columns, block)
        body(first, count, block)
      }
    }
  }
}

extension ck_tail {
  /// For the columns of the product from `first` on.
  fileprivate func columns(from first: Int) -> ck_tail {
    guard k > 0 else { return self }
    var tail = self
    tail.b.data += first * b.column_stride
    return tail
  }
}

extension Tensor.Numbers {
  /// Their address and kind, as the kernels take them, for as long as `body` runs.
  func withStart<Result>(_ body: (UnsafeRawPointer, ck_element) -> Result) -> Result {
    func start(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
      guard let start = bytes.baseAddress else { preconditionFailure("a weight has elements") }
      return start
    }
    switch self {
    case .float32(let values): return values.withUnsafeBytes { body(start($0), CK_FLOAT32) }
    case .bfloat16(let patterns): return patterns.withUnsafeBytes { body(start($0), CK_BFLOAT16) }
    }
  }
}
