/// A part of the arena: `width` numbers for each token.
struct RowSlot {
  /// Numbers per token in the slots before this one.
  fileprivate let offset: Int
  let width: Int
}

/// What a pass needs for each token, known before any token is: the arena is its width times the tokens.
struct RowLayout {
  private(set) var width = 0

  mutating func take(_ width: Int) -> RowSlot {
    defer { self.width += width }
    return RowSlot(offset: self.width, width: width)
  }
}

/// One allocation that holds every activation of a pass. It grows before a step, never within one.
final class RowArena {
  private let layout: RowLayout
  private var buffer = FloatBuffer(count: 0)
  private var capacity = 0

  init(_ layout: RowLayout) { self.layout = layout }

  /// What stood in it is gone when it grows.
  func reserve(tokens: Int) {
    guard tokens > capacity else { return }
    let tokensPerLine = FloatBuffer.alignment / MemoryLayout<Float>.stride
    capacity = (tokens + tokensPerLine - 1) / tokensPerLine * tokensPerLine
    buffer = FloatBuffer(count: 0)  // Frees the old one first: the two together may not fit.
    buffer = FloatBuffer(uninitializedCount: capacity * layout.width)
  }

  subscript(slot: RowSlot) -> UnsafeMutablePointer<Float> { buffer.start + slot.offset * capacity }
}
