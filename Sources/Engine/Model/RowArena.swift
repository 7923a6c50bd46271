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

/// One allocation that holds the activations of the layers, or of the head. It grows where a batch is larger than any before it.
final class RowArena {
  private let layout: RowLayout
  private var buffer = FloatBuffer(count: 0)
  private var capacity = 0

  init(_ layout: RowLayout) { self.layout = layout }

  /// What stood in it is gone when it grows.
  func reserve(tokens: Int) {
    guard tokens > capacity else { return }
    capacity = Self.capacity(tokens: tokens)
    buffer = FloatBuffer(count: 0)  // Frees the old one first: the two together may not fit.
    buffer = FloatBuffer(uninitializedCount: capacity * layout.width)
  }

  /// Gives the memory back until somebody reserves again.
  func release() {
    capacity = 0
    buffer = FloatBuffer(count: 0)
  }

  /// Whole lines of the cache for each slot.
  private static func capacity(tokens: Int) -> Int {
    let tokensPerLine = FloatBuffer.alignment / MemoryLayout<Float>.stride
    return (tokens + tokensPerLine - 1) / tokensPerLine * tokensPerLine
  }

  /// What an arena of this layout takes once it was asked for so many tokens.
  static func byteCount(_ layout: RowLayout, tokens: Int) -> Int { MemoryLayout<Float>.stride * layout.width * capacity(tokens: tokens) }

  subscript(slot: RowSlot) -> UnsafeMutablePointer<Float> { buffer.start + slot.offset * capacity }
}
