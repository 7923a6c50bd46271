internal import CKernels

/// Linear maps that read the same X, some of them with a LoRA adapter: query, key and value; gate and up; output; down.
///
/// With `sH = s·(X·Aᵀ)`, each output is one chain: X·Wᵀ over the inputs, going on over the rank with sH·Bᵀ; a bias is added at its end. dX is one chain through
/// all base weights of the group in their order, then through all adapters in the same order. The A of one group lie one below the
/// other, so that X is read once for all of them. With dropout each adapter reads an X of its own, and its part of dX is added.
struct LinearGroup {
  struct Member {
    let weight: Weight
    let bias: BiasWeight?
    let adapter: AdapterSlice?
  }

  /// One member's B [outputs × rank] and its gradient, the column of sH (and row of A) at which its part begins, and its number in dropout.
  struct AdapterSlice {
    let b: ParameterPointers
    let column: Int
    let module: UInt32
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
  func forward(
    _ x: MatrixRows, into outputs: [MatrixRows], scaledHidden: UnsafeMutablePointer<Float>, dropout: DropoutPass?, tokens: Int, pool: KernelPool
  ) {
    stack?.computeHidden(x, members, scaledHidden: scaledHidden, dropout: dropout, inputs: inputs, tokens: tokens, pool: pool)
    for (member, y) in zip(members, outputs) {
      member.weight.forward(x, tail: stack?.tail(of: member, scaledHidden) ?? ck_tail(), into: y, tokens: tokens, pool: pool)
      member.bias?.add(to: y, tokens: tokens, pool: pool)
    }
  }

  /// Adds the gradients of W, bias, A and B, and writes dX [tokens × inputs] unless nothing before this needs it.
  func backward(
    _ gradients: [MatrixRows], x: MatrixRows, scaledHidden: UnsafeMutablePointer<Float>, hiddenGradient: UnsafeMutablePointer<Float>,
    dropout: DropoutPass?, into dx: MatrixRows?, tokens: Int, pool: KernelPool
  ) {
    let dHidden = MatrixRows(start: hiddenGradient, stride: stack?.width ?? 0)
    stack?.backwardHidden(members, gradients, scaledHidden: scaledHidden, into: dHidden, tokens: tokens, pool: pool)
    for (index, (member, dy)) in zip(members, gradients).enumerated() {
      member.weight.accumulateGradient(dy, x, tokens: tokens, pool: pool)
      member.bias?.accumulateGradient(dy, tokens: tokens, pool: pool)
      guard let dx else { continue }
      // With dropout the adapters' part is no part of the chain.
      let tail = index == members.count - 1 && dropout == nil ? stack?.gradientTail(dHidden, inputs: inputs) : nil
      member.weight.backward(dy, tail: tail ?? ck_tail(), into: dx, accumulate: index > 0, tokens: tokens, pool: pool)
    }
    guard let stack else { return }
    if let dropout {
      for adapter in members.compactMap(\.adapter) {
        stack.backward(dHidden, x: x, of: adapter, dropout, into: dx, inputs: inputs, tokens: tokens, pool: pool)
      }
    } else {
      stack.accumulateGradient(dHidden, x: x, inputs: inputs, tokens: tokens, pool: pool)
    }
  }
}

extension LinearGroup.AdapterStack {
  /// sH [tokens × width]
  fileprivate func computeHidden(
    _ x: MatrixRows, _ members: [LinearGroup.Member], scaledHidden: UnsafeMutablePointer<Float>, dropout: DropoutPass?, inputs: Int, tokens: Int,
    pool: KernelPool
  ) {
    let hidden = MatrixRows(start: scaledHidden, stride: width)
    if let dropout {
      for adapter in members.compactMap(\.adapter) {
        dropout.apply(x.start, width: inputs, module: adapter.module, pool: pool)
        let seen = MatrixRows(start: dropout.room, stride: inputs)
        pool.multiply(
          tokens, rank, inputs, seen.view, .transposed(a.values + adapter.column * inputs, stride: inputs), into: hidden.columns(from: adapter.column),
          accumulate: false)
      }
    } else {
      pool.multiply(tokens, width, inputs, x.view, .transposed(a.values, stride: inputs), into: hidden, accumulate: false)
    }
    ck_scale(pool.handle, tokens * width, scaledHidden, scale, scaledHidden)
  }

  /// What the chains of this member's Y go on over: sH · Bᵀ.
  fileprivate func tail(of member: LinearGroup.Member, _ scaledHidden: UnsafeMutablePointer<Float>) -> ck_tail? {
    guard let adapter = member.adapter else { return nil }
    return ck_tail(k: rank, a: .rows(scaledHidden + adapter.column, stride: width), b: .transposed(adapter.b.values, stride: rank))
  }

  /// dH [tokens × width], and each dB.
  fileprivate func backwardHidden(
    _ members: [LinearGroup.Member], _ gradients: [MatrixRows], scaledHidden: UnsafeMutablePointer<Float>, into dHidden: MatrixRows, tokens: Int,
    pool: KernelPool
  ) {
    let hidden = MatrixRows(start: scaledHidden, stride: width)
    for (member, dy) in zip(members, gradients) {
      member.adapter?.backward(dy, hidden, into: dHidden, outputs: member.weight.outputs, rank: rank, tokens: tokens, pool: pool)
    }
    ck_scale(pool.handle, tokens * width, dHidden.start, scale, dHidden.start)
  }

  /// What the chains of dX go on over, after the last base: dH · A.
  fileprivate func gradientTail(_ dHidden: MatrixRows, inputs: Int) -> ck_tail {
    ck_tail(k: width, a: dHidden.view, b: .rows(a.values, stride: inputs))
  }

  /// dA [width × inputs] += dHᵀ · X
  fileprivate func accumulateGradient(_ dHidden: MatrixRows, x: MatrixRows, inputs: Int, tokens: Int, pool: KernelPool) {
    pool.multiply(width, inputs, tokens, dHidden.transposedView, x.view, into: MatrixRows(start: a.gradient, stride: inputs), accumulate: true)
  }

  /// dA of one member, through what its dropout left of X, and its dX +=; that is whole before it is dropped and added.
  fileprivate func backward(
    _ dHidden: MatrixRows, x: MatrixRows, of adapter: LinearGroup.AdapterSlice, _ dropout: DropoutPass, into dx: MatrixRows?, inputs: Int, tokens: Int,
    pool: KernelPool
  ) {
    let room = MatrixRows(start: dropout.room, stride: inputs)
    let (part, offset) = (dHidden.columns(from: adapter.column), adapter.column * inputs)
    dropout.apply(x.start, width: inputs, module: adapter.module, pool: pool)
    pool.multiply(rank, inputs, tokens, part.transposedView, room.view, into: MatrixRows(start: a.gradient + offset, stride: inputs), accumulate: true)
    guard let dx else { return }
    pool.multiply(tokens, inputs, rank, part.view, .rows(a.values + offset, stride: inputs), into: room, accumulate: false)
    dropout.apply(room.start, width: inputs, module: adapter.module, pool: pool)
    ck_add(pool.handle, tokens * inputs, dx.start, room.start, dx.start)
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
