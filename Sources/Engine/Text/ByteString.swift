/// Bytes as a key: compared exactly (Swift's strings are equal where they are canonically equivalent) and hashed at once, not one by one.
struct ByteString: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}
