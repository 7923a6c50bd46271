/// Shares work among threads, in slices that are put together in their order: what comes out does not depend on how many threads there are.
struct Workers: Sendable {
  /// Work that is under way at one time.
  let concurrency: Int

  init(concurrency: Int) { self.concurrency = max(1, concurrency) }

  /// `map`, on all cores.
  func map<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @escaping @Sendable (Element) throws -> Result
  ) async throws -> [Result] {
    try await slices(of: elements.count) { range in try range.map { try transform(elements[$0]) } }.flatMap { $0 }
  }

  /// Cuts 0..<count into slices, some for each thread, and runs `body` on each.
  func slices<Result: Sendable>(
    of count: Int, widestAt limit: Int = 4_096, _ body: @escaping @Sendable (Range<Int>) throws -> Result
  ) async throws -> [Result] {
    let width = max(1, min(limit, count / concurrency))
    return try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var gathered = Gathered<Result>()
      for (number, start) in stride(from: 0, to: count, by: width).enumerated() {
        try Task.checkCancellation()
        if gathered.pending(of: number) >= concurrency, let done = try await group.next() { gathered.take(done) }
        group.addTask { (number, try body(start..<min(start + width, count))) }
      }
      while let done = try await group.next() { gathered.take(done) }
      return gathered.inOrder
    }
  }
}

/// Results that arrive in any order.
struct Gathered<Value> {
  private var results: [Int: Value] = [:]

  func pending(of started: Int) -> Int { started - results.count }

  mutating func take(_ result: (Int, Value)) { results[result.0] = result.1 }

  var inOrder: [Value] { results.sorted { $0.key < $1.key }.map(\.value) }
}
