internal import CKernels

/// Linear maps that read the same X, some of them with a LoRA adapter: query, key and value; gate and up; output; down.
///
/// With `sH = s·(X·Aᵀ)`, each output is one chain: X·Wᵀ over the inputs, going on over the rank with sH·Bᵀ. dX is one chain through
/// all base weights of the group in their order, then through all adapters in the same order. The A of one group lie one below the
/// other, so that X is read once for all of them.
struct LinearGroup {
  struct Member {
    let weight: Weight
    let adapter: AdapterSlice?
  }

  /// One member's B [outputs × rank] and its gradient, and the column of sH at which its part begins.
  struct AdapterSlice {
    let b: ParameterPointers
    let column: Int
  }

  /// The stacked A [width × inputs] and its gradient.
  struct AdapterStack {
    let a: ParameterPointers
    let rank: Int
    let width: Int
    /// α/r, or α/√r.
    let scale: Float
  }

  let inputs: Int
  let members: [Member]
  let stack: AdapterStack?

  /// Y of each member [tokens × outputs] from X [tokens × inputs]; keeps sH [tokens × width] for the backward pass.
  func forward(_ x: MatrixRows, into outputs: [MatrixRows], scaledHidden: UnsafeMutablePointer<Float>, tokens: Int, pool: KernelPool) {
    for (member, y) in zip(members, outputs) { member.weight.forward(x, into: y, tokens: tokens, pool: pool) }
    guard let stack else { return }
    let hidden = MatrixRows(start: scaledHidden, stride: stack.width)
    pool.multiply(tokens, stack.width, inputs, x.view, .transposed(stack.a.values, stride: inputs), into: hidden, accumulate: false)
    ck_scale(pool.handle, tokens * stack.width, scaledHidden, stack.scale, scaledHidden)
    for (member, y) in zip(members, outputs) {
      guard let adapter = member.adapter else { continue }
      let part = hidden.columns(from: adapter.column)
      pool.multiply(
        tokens, member.weight.outputs, stack.rank, part.view, .transposed(adapter.b.values, stride: stack.rank), into: y, accumulate: true)
    }
  }

  /// Adds the gradients of W, A and B, and writes dX [tokens × inputs] unless nothing before this needs it.
  func backward(
    _ gradients: [MatrixRows], x: MatrixRows, scaledHidden: UnsafeMutablePointer<Float>, hiddenGradient: UnsafeMutablePointer<Float>,
    into dx: MatrixRows?, tokens: Int, pool: KernelPool
  ) {
    for (index, (member, dy)) in zip(members, gradients).enumerated() {
      member.weight.accumulateGradient(dy, x, tokens: tokens, pool: pool)
      if let dx { member.weight.backward(dy, into: dx, accumulate: index > 0, tokens: tokens, pool: pool) }
    }
    guard let stack else { return }
    let hidden = MatrixRows(start: scaledHidden, stride: stack.width)
    let dHidden = MatrixRows(start: hiddenGradient, stride: stack.width)
    for (member, dy) in zip(members, gradients) {
      guard let adapter = member.adapter else { continue }
      adapter.backward(dy, hidden, into: dHidden, outputs: member.weight.outputs, rank: stack.rank, tokens: tokens, pool: pool)
    }
    ck_scale(pool.handle, tokens * stack.width, hiddenGradient, stack.scale, hiddenGradient)
    // dA [width × inputs] += dHᵀ · X; dX += dH · A
    pool.multiply(
      stack.width, inputs, tokens, dHidden.transposedView, x.view, into: MatrixRows(start: stack.a.gradient, stride: inputs), accumulate: true)
    if let dx { pool.multiply(tokens, inputs, stack.width, dHidden.view, .rows(stack.a.values, stride: inputs), into: dx, accumulate: true) }
  }
}

extension LinearGroup.AdapterSlice {
  /// dB [outputs × rank] += dYᵀ · sH; d(sH) [tokens × rank] = dY · B
  fileprivate func backward(
    _ dy: MatrixRows, _ hidden: MatrixRows, into dHidden: MatrixRows, outputs: Int, rank: Int, tokens: Int, pool: KernelPool
  ) {
    pool.multiply(
      outputs, rank, tokens, dy.transposedView, hidden.columns(from: column).view, into: MatrixRows(start: b.gradient, stride: rank),
      accumulate: true)
    pool.multiply(tokens, rank, outputs, dy.view, .rows(b.values, stride: rank), into: dHidden.columns(from: column), accumulate: false)
  }
}
