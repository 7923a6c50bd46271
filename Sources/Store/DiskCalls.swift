internal import Glibc

/// The system calls by which bytes become durable. Tests put failing ones in their place; nothing else does.
package struct DiskCalls: Sendable {
  /// `write(2)`: the count of bytes written, or -1 and errno.
  package var write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int
  /// `fsync(2)` of the file or folder at the descriptor.
  package var synchronize: @Sendable (Int32) -> Int32
  /// `rename(2)`.
  package var rename: @Sendable (String, String) -> Int32

  package static let system = DiskCalls(
    write: { Glibc.write($0, $1.baseAddress, $1.count) },
    synchronize: { fsync($0) },
    rename: { Glibc.rename($0, $1) })
}
