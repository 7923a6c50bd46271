internal import Dispatch
internal import Foundation
internal import Synchronization

/// What `body` gives for 0 ..< count, in that order, computed on all cores. Of several errors the one of the least number is thrown, as a loop would.
package func concurrentMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) throws -> Result) throws -> [Result] {
  let results = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: count))
  DispatchQueue.concurrentPerform(iterations: count) { index in
    let result = Swift.Result { try body(index) }
    results.withLock { $0[index] = result }
  }
  return try results.withLock { try $0.compactMap { try $0?.get() } }
}

/// `body` is called, on this thread, with what `make` gives for 0 ..< count, in that order, while the next are made on all cores: as many are held at
/// a time. Of several errors the one of the least number is thrown, as a loop would.
package func concurrentForEach<Value: Sendable>(_ count: Int, _ make: @escaping @Sendable (Int) throws -> Value, _ body: (Value) throws -> Void) throws {
  let queue = DispatchQueue(label: "soulpack.ahead", attributes: .concurrent)
  var underWay: [(work: DispatchWorkItem, place: Place<Value>)] = []
  defer { for (work, _) in underWay { work.wait() } }
  var started = 0
  for number in 0..<count {
    while started < min(count, number + ProcessInfo.processInfo.activeProcessorCount) {
      let place = Place<Value>()
      let work = DispatchWorkItem { [started] in place.fill { try make(started) } }
      queue.async(execute: work)
      underWay.append((work, place))
      started += 1
    }
    let next = underWay.removeFirst()
    next.work.wait()
    if let value = try next.place.take() { try body(value) }
  }
}

/// Where what one thread makes is taken by another.
private final class Place<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)

  func fill(_ make: () throws -> Value) {
    let made = Result { try make() }
    result.withLock { $0 = made }
  }

  func take() throws -> Value? { try result.withLock { $0.take() }?.get() }
}
