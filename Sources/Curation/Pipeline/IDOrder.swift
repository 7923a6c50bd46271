internal import Artifacts

/// Sorts things by the ids of records.
enum IDOrder {
  /// The numbers from 0 to `count`, in the order of their ids, and those of one id in their own.
  static func sorted(_ count: Int, _ id: (Int) -> Digest) -> [UInt32] { keyed(count, id).map { UInt32(truncatingIfNeeded: $0) } }

  /// Numbers of one id, in their order, wherever there are two or more.
  static func forEachRun(_ count: Int, _ id: (Int) -> Digest, _ body: (_ first: Int, _ others: [Int]) -> Void) {
    let keyed = keyed(count, id)
    var start = 0
    for index in keyed.indices where index + 1 == keyed.count || keyed[index + 1] >> 32 != keyed[index] >> 32 {
      // Few ids begin alike and are not the same; most begin like no other, and are not even looked up.
      var rest = start < index ? keyed[start...index].map { Int($0 & 0xFFFF_FFFF) }[...] : []
      while let first = rest.popFirst() {
        let own = id(first)
        let others = Array(rest.prefix { id($0) == own })
        rest = rest.dropFirst(others.count)
        if !others.isEmpty { body(first, others) }
      }
      start = index + 1
    }
  }

  /// Each below the beginning of its id.
  private static func keyed(_ count: Int, _ id: (Int) -> Digest) -> [UInt64] {
    var numbers = (0..<count).map { (id($0).words.x & 0xFFFF_FFFF_0000_0000) | UInt64($0) }
    var scratch: [UInt64] = []
    RadixSort.sort(&numbers, byBits: 32..<64, scratch: &scratch)
    var start = 0
    for index in numbers.indices where index + 1 == numbers.count || numbers[index + 1] >> 32 != numbers[index] >> 32 {
      if index > start {
        let run = numbers[start...index].map { (id: id(Int($0 & 0xFFFF_FFFF)), number: $0) }
        let sorted = run.sorted { $0.id == $1.id ? $0.number < $1.number : $0.id < $1.id }
        for (place, element) in zip(start...index, sorted) { numbers[place] = element.number }
      }
      start = index + 1
    }
    return numbers
  }
}
