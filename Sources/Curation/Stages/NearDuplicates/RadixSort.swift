/// Sorts numbers by some of their bits, and leaves equal ones in their order: an LSD radix sort (Knuth, The Art of Computer Programming,
/// volume 3, section 5.2.5). For a million keys it is several times as fast as sorting by comparison.
enum RadixSort {
  private static let digitBits = 11

  static func sort(_ numbers: inout [UInt64], byBits bits: Range<Int>, scratch: inout [UInt64]) {
    guard numbers.count > 1 else { return }
    if scratch.count < numbers.count { scratch = Array(repeating: 0, count: numbers.count) }
    for low in stride(from: bits.lowerBound, to: bits.upperBound, by: digitBits) {
      let mask = UInt64(1) << UInt64(min(digitBits, bits.upperBound - low)) - 1
      pass(&numbers, &scratch, shift: UInt64(low), mask: mask)
    }
  }

  private static func pass(_ numbers: inout [UInt64], _ scratch: inout [UInt64], shift: UInt64, mask: UInt64) {
    let count = numbers.count
    var starts = [Int](repeating: 0, count: Int(mask) + 2)
    numbers.withUnsafeBufferPointer { from in
      scratch.withUnsafeMutableBufferPointer { to in
        starts.withUnsafeMutableBufferPointer { starts in
          for number in from { starts[Int(number >> shift & mask) + 1] += 1 }
          for digit in 1..<starts.count { starts[digit] += starts[digit - 1] }
          for number in from {
            let digit = Int(number >> shift & mask)
            to[starts[digit]] = number
            starts[digit] += 1
          }
        }
      }
    }
    // The scratch may be longer; what is sorted is its beginning.
    if scratch.count == count {
      swap(&numbers, &scratch)
    } else {
      numbers.withUnsafeMutableBufferPointer { to in
        scratch.withUnsafeBufferPointer { from in
          for index in 0..<count { to[index] = from[index] }
        }
      }
    }
  }
}
