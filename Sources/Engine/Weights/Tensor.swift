/// A named array of float32 or bfloat16 numbers, as its file has them, row-major: the last dimension varies fastest.
package struct Tensor: Sendable {
  /// A file's bfloat16 stay what they are, in half the memory: each widens to float32 exactly, whenever it is read.
  enum Numbers: Sendable {
    case float32([Float])
    /// The bit patterns.
    case bfloat16([UInt16])
  }

  package let name: String
  package let shape: [Int]
  let numbers: Numbers

  /// Traps unless the shape holds exactly the values: a caller that gets this wrong has a defect.
  package init(name: String, shape: [Int], values: [Float]) { self.init(name: name, shape: shape, numbers: .float32(values)) }

  init(name: String, shape: [Int], numbers: Numbers) {
    precondition(shape.reduce(1, *) == numbers.count, "the shape does not hold the values")
    self.name = name
    self.shape = shape
    self.numbers = numbers
  }

  package var count: Int { numbers.count }

  /// Widened anew each time where they are not held so.
  package var values: [Float] { numbers.widened }

  /// The place of the first NaN or infinity.
  package var firstNonFiniteIndex: Int? {
    switch numbers {
    case .float32(let values): values.firstIndex { !$0.isFinite }
    case .bfloat16(let patterns): patterns.firstIndex { $0 & 0x7F80 == 0x7F80 }
    }
  }
}

extension Tensor.Numbers {
  var count: Int {
    switch self {
    case .float32(let values): values.count
    case .bfloat16(let patterns): patterns.count
    }
  }

  /// In memory.
  var byteCount: Int {
    switch self {
    case .float32(let values): 4 * values.count
    case .bfloat16(let patterns): 2 * patterns.count
    }
  }

  var widened: [Float] {
    switch self {
    case .float32(let values): values
    case .bfloat16(let patterns): patterns.map { Float(bitPattern: UInt32($0) << 16) }
    }
  }
}

extension Sequence<Tensor> {
  /// By the bytes of the name: the order of every file, sum and commitment of this room.
  package var inNameOrder: [Tensor] {
    sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
