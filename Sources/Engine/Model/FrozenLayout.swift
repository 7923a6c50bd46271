/// How the frozen matrices of a base are held in memory. It decides the bytes of memory and the time, and none of any result.
package enum FrozenLayout: CaseIterable, Hashable, Sendable {
  /// Once more in float32 for each direction, in the order in which products read them: a product of few rows does not wait for its operand to be laid out.
  case packed
  /// As they were read from the file, and nowhere else: products lay out what they need of them, block by block.
  case shared

  /// Laying out costs 0.4 ns an element and product, a fiftieth of a product of 1,000 rows. Two more copies are that dear from here on.
  private static let sharedFrom = 1 << 25

  /// Of whoever multiplies by many rows at a time, as training and scoring do. Generation multiplies by one.
  init(training base: ModelConfiguration) { self = base.parameterCount >= Self.sharedFrom ? .shared : .packed }
}
