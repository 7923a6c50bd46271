/// A named array of float32 numbers, row-major: the last dimension varies fastest.
package struct Tensor: Sendable {
  package let name: String
  package let shape: [Int]
  package let values: [Float]

  /// Traps unless the shape holds exactly the values: a caller that gets this wrong has a defect.
  package init(name: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "the shape does not hold the values")
    self.name = name
    self.shape = shape
    self.values = values
  }

  package func renamed(_ name: String) -> Tensor { Tensor(name: name, shape: shape, values: values) }

  /// The place of the first NaN or infinity.
  package var firstNonFiniteIndex: Int? { values.firstIndex { !$0.isFinite } }
}

extension Sequence<Tensor> {
  /// By the bytes of the name: the order of every file, sum and commitment of this room.
  package var inNameOrder: [Tensor] {
    sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
