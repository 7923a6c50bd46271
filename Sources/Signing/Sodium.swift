internal import CSodium

/// libsodium's one-time set-up. `sodium_init(3)`: call it before any other function; it may be called again, from any thread.
enum Sodium {
  private static let status = sodium_init()

  /// Traps only where the kernel offers no random numbers: no key may be made there.
  static func start() {
    precondition(status >= 0, "libsodium cannot start")
  }

  static func randomBytes(_ count: Int) -> [UInt8] {
    start()
    var bytes = [UInt8](repeating: 0, count: count)
    randombytes_buf(&bytes, count)
    return bytes
  }
}
