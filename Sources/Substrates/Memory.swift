internal import Artifacts
internal import Foundation

/// Refuses, before it begins, what this machine's memory cannot hold: a clear word instead of the kernel's.
package enum Memory {
  package enum Work: String, Hashable, Sendable {
    case training, reading = "reading the model", scoring, listening = "listening for canaries", answering
  }

  /// What a training, or whatever else can do with less, should fit into: what the recipe allows, else what leaves the machine a tenth of its memory.
  package static func allowed(_ byteCount: Int64?) -> Int { Int(clamping: byteCount ?? Int64(present / 10 * 9)) }

  /// `allowed` is the recipe's word; without one a training may try all that there is.
  package static func require(byteCount: Int, allowed: Int64? = nil, for work: Work = .training) throws(NotEnoughMemory) {
    let limit = min(UInt64(clamping: allowed ?? .max), present)
    guard UInt64(max(0, byteCount)) <= limit else {
      throw NotEnoughMemory(work: work, needed: Int64(byteCount), limit: Int64(clamping: limit), isOfMachine: limit == present)
    }
  }

  /// What the machine has, or the container that this runs in.
  private static var present: UInt64 { containerLimits.reduce(ProcessInfo.processInfo.physicalMemory, min) }

  /// Of control groups, version 2 and 1 (cgroups(7)), as a container sees its own. The kernel ends who takes more.
  private static var containerLimits: [UInt64] {
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap { place in
      let text = try? String(contentsOfFile: place, encoding: .utf8)  // Where there is none, the machine's memory is the limit.
      return text.flatMap { UInt64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
  }
}

package struct NotEnoughMemory: ExplainedError {
  let work: Memory.Work
  let needed: Int64
  let limit: Int64
  /// The machine has no more; else the recipe allows no more.
  package let isOfMachine: Bool

  package var message: String {
    "\(work.rawValue) needs about \(gigabytes(needed)) GB of memory, and \(isOfMachine ? "this machine has" : "budget.memory allows") \(gigabytes(limit))"
  }
  package var hint: String? {
    guard work == .training else { return "choose a smaller model, or a machine with more memory: what can be done with less is counted already" }
    return "choose a smaller model\(isOfMachine ? "" : ", a larger budget.memory") or a shorter context: smaller micro-batches and layers computed twice are counted already"
  }

  private func gigabytes(_ byteCount: Int64) -> String { String(format: byteCount < 100_000_000 ? "%.3f" : "%.1f", Double(byteCount) / 1e9) }
}
