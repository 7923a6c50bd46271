/// Where one trained tensor and its gradient are.
struct ParameterPointers {
  let values: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>
}

/// Every trained tensor in one buffer, every gradient in another, the optimiser's state in two more.
///
/// Where a tensor lies in the buffers suits the products; whatever is summed, hashed or written goes by name.
final class ParameterBlock {
  struct Slot {
    let shape: TensorShape
    let offset: Int
    /// Weight decay leaves norm weights alone.
    var decays: Bool { shape.shape.count > 1 }
    var name: String { shape.name }
    var count: Int { shape.count }
  }

  /// In name order.
  let slots: [Slot]
  let values: FloatBuffer
  let gradients: FloatBuffer
  private let places: [String: Int]

  /// `layout` is the order in the buffers.
  init(layout: [TensorShape]) {
    var offset = 0
    var slots: [Slot] = []
    for shape in layout {
      slots.append(Slot(shape: shape, offset: offset))
      offset += shape.count
    }
    self.slots = slots.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    places = Dictionary(uniqueKeysWithValues: slots.map { ($0.name, $0.offset) })
    values = FloatBuffer(count: offset)
    gradients = FloatBuffer(count: offset)
  }

  subscript(name: String) -> ParameterPointers? {
    places[name].map { ParameterPointers(values: values.start + $0, gradient: gradients.start + $0) }
  }

  func set(_ tensors: [Tensor]) {
    for tensor in tensors {
      guard let offset = places[tensor.name] else { preconditionFailure("tensor \(tensor.name) is not trained") }
      values.write(tensor.values, at: offset)
    }
  }

  /// The tensors of `buffer`, which is laid out as `values` is, in name order.
  func tensors(_ buffer: FloatBuffer) -> [Tensor] {
    slots.map { Tensor(name: $0.name, shape: $0.shape.shape, values: buffer.values(at: $0.offset, count: $0.count)) }
  }
}
