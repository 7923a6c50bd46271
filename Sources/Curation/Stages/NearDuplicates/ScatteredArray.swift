internal import Foundation

extension Array where Element: FixedWidthInteger {
  /// Zeros that will be visited in no order, in huge pages (2 MiB, where the kernel has any to give): of 4 KiB pages a processor does not know the
  /// addresses of so many, and each visit would wait for one to be looked up.
  static func scattered(count: Int) -> [Element] {
    Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      let hugePage = 2 << 20
      if let base = buffer.baseAddress {
        let start = (Int(bitPattern: base) + hugePage - 1) / hugePage * hugePage
        let end = (Int(bitPattern: base) + count * MemoryLayout<Element>.stride) / hugePage * hugePage
        // A hint: where it is not taken, all is as it was.
        if end > start { _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, MADV_HUGEPAGE) }
      }
      buffer.initialize(repeating: 0)
      initialized = count
    }
  }
}
