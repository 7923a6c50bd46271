internal import Artifacts

/// Sorts things by the ids of records.
enum IDOrder {
  /// The numbers from 0 to `count`, in the order of their ids, and those of one id in their own.
  static func sorted(_ count: Int, _ id: (Int) -> Digest) -> [UInt32] {
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
    return numbers.map { UInt32(truncatingIfNeeded: $0) }
  }
}
