/// Byte strings as keys, numbered as they come, in one block of memory: a vocabulary of hundreds of thousands is not as many allocations.
///
/// Keys are compared exactly (Swift's strings are equal where they are canonically equivalent), and hashed with the process's own seed, so
/// that no file and no text can make its keys collide. The seed changes no result.
struct ByteTable: Sendable {
  private var bytes: [UInt8] = []
  /// Where each key ends; it begins where the one before ends.
  private var ends: [Int] = []
  private var hashes: [Int] = []
  /// Open addressing: the number of a key, or `vacant`. At most half of them are taken.
  private var slots: [Int32]
  private static let vacant = Int32(-1)

  init(capacity: Int = 8) {
    var count = 16
    while count < 2 * capacity { count *= 2 }
    slots = Array(repeating: Self.vacant, count: count)
  }

  var count: Int { ends.count }

  /// The number of a key; nil where it is not there.
  func index(of key: UnsafeRawBufferPointer) -> Int? {
    let index = slots[slot(of: key, hash: Self.hash(key))]
    return index == Self.vacant ? nil : Int(index)
  }

  func index(of key: some Collection<UInt8>) -> Int? {
    if let index = key.withContiguousStorageIfAvailable({ self.index(of: UnsafeRawBufferPointer($0)) }) { return index }
    return Array(key).withUnsafeBytes { index(of: $0) }
  }

  /// Takes a key in, unless it is there.
  mutating func insert(_ key: UnsafeRawBufferPointer) -> (index: Int, isNew: Bool) {
    if 2 * (count + 1) > slots.count { grow() }
    let hash = Self.hash(key)
    let slot = slot(of: key, hash: hash)
    if slots[slot] != Self.vacant { return (Int(slots[slot]), false) }
    slots[slot] = Int32(count)
    bytes.append(contentsOf: key)
    ends.append(bytes.count)
    hashes.append(hash)
    return (count - 1, true)
  }

  mutating func insert(_ key: [UInt8]) -> (index: Int, isNew: Bool) { key.withUnsafeBytes { insert($0) } }

  func key(at index: Int) -> ArraySlice<UInt8> { bytes[start(of: index)..<ends[index]] }

  private func start(of index: Int) -> Int { index == 0 ? 0 : ends[index - 1] }

  private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: key)
    return hasher.finalize()
  }

  /// Where the key is, or where it would be.
  private func slot(of key: UnsafeRawBufferPointer, hash: Int) -> Int {
    let mask = slots.count - 1
    var slot = hash & mask
    while slots[slot] != Self.vacant {
      let index = Int(slots[slot])
      if hashes[index] == hash, holds(key, at: index) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func holds(_ key: UnsafeRawBufferPointer, at index: Int) -> Bool {
    let start = start(of: index)
    guard ends[index] - start == key.count else { return false }
    return bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[start..<start + key.count]).elementsEqual(key) }
  }

  private mutating func grow() {
    slots = Array(repeating: Self.vacant, count: 2 * slots.count)
    let mask = slots.count - 1
    for (index, hash) in hashes.enumerated() {
      var slot = hash & mask
      while slots[slot] != Self.vacant { slot = (slot + 1) & mask }
      slots[slot] = Int32(index)
    }
  }
}
