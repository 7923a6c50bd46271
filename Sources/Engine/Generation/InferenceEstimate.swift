/// What scoring records or generating text will take of memory, and how it is best done within it. Every way gives the same bits.
package struct InferenceEstimate: Hashable, Sendable {
  /// The base as it was read, its matrices once more where they are laid out, the adapter, and what the layers and the head keep of the rows.
  package let peakByteCount: Int
  package let layout: FrozenLayout
  /// Rows computed at once; an example that is longer is a part of its own.
  package let microBatchTokens: Int
}

extension InferenceEstimate {
  /// Of measuring losses on `examples`, cut to `maximumTokens`: of the fastest way that takes no more than `byteCount`; where none does, of the way that
  /// takes the least. `baseByteCount` is `ModelFolder.byteCount`.
  package static func scoring(
    _ examples: [EncodedExample], maximumTokens: Int, base: ModelConfiguration, baseByteCount: Int, adapter: AdapterConfiguration? = nil,
    fitting byteCount: Int
  ) -> InferenceEstimate {
    let examples = examples.map { $0.truncated(to: maximumTokens) }
    let layout = FrozenLayout(training: base)
    let ways = [(layout, 4096), (layout, 1024), (layout, 256), (.shared, 256), (.shared, 1)]
    return least(ways, fitting: byteCount) { layout, microBatchTokens in
      let largest = MicroBatches.largest([examples], tokenBound: microBatchTokens)
      return InferenceEstimate(
        base, baseByteCount, [adapter], layout, microBatchTokens, rows: largest.rows, supervised: largest.supervised, positions: 0)
    }
  }

  /// Of generating: after prompts of `promptTokens`, up to so many `positions`, with matrices laid out where that helps and fits. Where there are several
  /// `adapters`, as many transformers share the base's matrices, and one of them computes at a time; nil is the bare base. Texts are also scored where
  /// `scoredRows` is above zero, so many rows at once.
  package static func generating(
    promptTokens: Int, positions: Int, scoredRows: Int = 0, base: ModelConfiguration, baseByteCount: Int, adapters: [AdapterConfiguration?] = [nil],
    fitting byteCount: Int
  ) -> InferenceEstimate {
    let layouts = Self.isQuickAsItIs(base, baseByteCount) ? [FrozenLayout.shared] : [.packed, .shared]
    return least(layouts.map { ($0, max(1, scoredRows)) }, fitting: byteCount) { layout, microBatchTokens in
      InferenceEstimate(
        base, baseByteCount, adapters, layout, microBatchTokens, rows: max(promptTokens, scoredRows), supervised: max(1, scoredRows), positions: positions)
    }
  }

  /// A token of one row takes 2.7 times as long where matrices in float32 are not laid out, and 1.3 times where they are in bfloat16, half as many bytes to
  /// be read: too little to have a large one in memory three times.
  private static func isQuickAsItIs(_ base: ModelConfiguration, _ byteCount: Int) -> Bool {
    FrozenLayout(training: base) == .shared && byteCount < 3 * base.parameterCount
  }

  private static func least(
    _ ways: [(FrozenLayout, Int)], fitting byteCount: Int, _ estimate: (FrozenLayout, Int) -> InferenceEstimate
  ) -> InferenceEstimate {
    let all = ways.map(estimate)
    return all.first { $0.peakByteCount <= byteCount } ?? all.min { $0.peakByteCount < $1.peakByteCount } ?? all[0]
  }

  private init(
    _ base: ModelConfiguration, _ baseByteCount: Int, _ adapters: [AdapterConfiguration?], _ layout: FrozenLayout, _ microBatchTokens: Int, rows: Int,
    supervised: Int, positions: Int
  ) {
    let copies = layout == .packed ? base.linearWeightCount + base.headWeightCount : WideningRoom.count
    let each = adapters.reduce(0) { sum, adapter in
      // The adapter as it was read, as products read it, and a gradient that nobody takes.
      sum + 3 * 4 * (adapter?.sizes(on: base).numbers ?? 0)
        + RowArena.byteCount(PassLayout(base, AdapterWidths(adapter), nil).layout, tokens: rows)
        + LanguageHead.byteCount(base, supervisedRows: supervised)
    }
    let caches = 2 * 4 * base.layerCount * positions * base.keyValueHeadCount * base.headDimension
    self.init(peakByteCount: baseByteCount + 4 * copies + each + caches, layout: layout, microBatchTokens: microBatchTokens)
  }
}
