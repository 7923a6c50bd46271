internal import Artifacts
internal import Foundation

/// Refuses, before it begins, what this machine's memory cannot hold: a clear word instead of the kernel's.
package enum Memory {
  package static func require(byteCount: Int) throws(NotEnoughMemory) {
    let present = ProcessInfo.processInfo.physicalMemory
    guard UInt64(max(0, byteCount)) <= present else { throw NotEnoughMemory(needed: Int64(byteCount), present: Int64(clamping: present)) }
  }
}

package struct NotEnoughMemory: ExplainedError {
  let needed: Int64
  let present: Int64

  package var message: String { "training needs about \(gigabytes(needed)) GB of memory, and this machine has \(gigabytes(present))" }
  package var hint: String? { "choose a smaller model, a shorter context or smaller batches" }

  private func gigabytes(_ byteCount: Int64) -> String { String(format: "%.1f", Double(byteCount) / 1e9) }
}
