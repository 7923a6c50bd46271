internal import CSodium

/// Bytes that must not outlive their use: a seed, a private key, a passphrase.
///
/// They live in libsodium's guarded memory (kept out of swap and core dumps where the system lets us), have one owner, and are wiped when
/// that owner goes.
// Unchecked: the memory is written in `init` alone, before any other reference can exist.
package struct SecretBytes: ~Copyable, @unchecked Sendable {
  package let count: Int
  private let memory: UnsafeMutablePointer<UInt8>

  package init<Failure: Error>(count: Int, filling fill: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Void) throws(Failure) {
    Sodium.start()
    guard let allocated = sodium_malloc(count) else { preconditionFailure("no memory for a secret of \(count) bytes") }
    memory = allocated.bindMemory(to: UInt8.self, capacity: count)
    self.count = count
    try fill(memory)
    sodium_mprotect_readonly(memory)
  }

  /// Takes a copy. The original, where it was a `String` or an array, is the caller's to let go.
  package init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { memory in
      for (index, byte) in bytes.enumerated() { memory[index] = byte }
    }
  }

  // sodium_free(3) wipes before it releases.
  deinit { sodium_free(memory) }

  /// Lends the bytes; there are `count` of them.
  package borrowing func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(memory)
  }
}
