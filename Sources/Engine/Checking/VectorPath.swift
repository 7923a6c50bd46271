internal import CKernels
internal import Foundation

/// A body of the kernels, by the vector width it uses. All give the same bits.
package enum VectorPath: String, CaseIterable, Hashable, Sendable, CustomStringConvertible {
  case generic, avx2, avx512

  private var code: ck_path {
    switch self {
    case .generic: CK_PATH_GENERIC
    case .avx2: CK_PATH_AVX2
    case .avx512: CK_PATH_AVX512
    }
  }

  package var description: String { String(cString: ck_path_name(code)) }

  package static var available: [VectorPath] { allCases.filter { ck_path_available($0.code) } }

  /// The one that the next operator takes.
  package static var active: VectorPath { allCases.first { $0.code == ck_path_active() } ?? .generic }

  /// The choice is the process's: without it, two who force at once would run on each other's path and leave the wrong one behind.
  private static let forcing = NSRecursiveLock()

  /// Runs `body` on this path, one such body at a time. Others who compute meanwhile get the same bits, at another speed.
  package func whileForced<Value>(_ body: () throws -> Value) throws -> Value {
    Self.forcing.lock()
    defer { Self.forcing.unlock() }
    let before = Self.active
    precondition(ck_path_force(code), "this CPU lacks the \(self) path")
    defer { _ = ck_path_force(before.code) }
    return try body()
  }
}
