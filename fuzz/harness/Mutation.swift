internal import Foundation

/// Changes inputs by chance, and always by the same chance for one seed.
struct Mutation {
  private var random: SplitMix
  private let words: [[UInt8]]

  init(seed: UInt64, words: [[UInt8]]) {
    random = SplitMix(state: seed)
    self.words = words
  }

  mutating func below(_ bound: Int) -> Int { bound < 1 ? 0 : Int(random.next() % UInt64(bound)) }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Some changes of one input; `other` is there to be spliced in.
  mutating func changed(_ bytes: [UInt8], other: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(6) { change(&bytes, other) }
    return Array(bytes.prefix(1 << 16))
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let place = below(bytes.count + 1)
    switch below(11) {
    case 0 where place < bytes.count: bytes[place] ^= UInt8(1 << below(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(below(256))
    case 2: bytes.insert(contentsOf: pick(words), at: place)
    case 3: bytes.insert(contentsOf: pick(words), at: place)
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + below(20)))
    case 5: bytes.removeSubrange(place...)
    case 6:
      let start = below(bytes.count)
      let slice = Array(bytes[start..<min(bytes.count, start + below(200))])
      bytes.insert(contentsOf: slice, at: place)
    case 7:
      let start = below(other.count)
      bytes.insert(contentsOf: other[start..<min(other.count, start + below(300))], at: place)
    case 8: swapLines(&bytes)
    case 9: bytes.insert(contentsOf: Array(repeating: pick(words), count: below(40)).flatMap { $0 }, at: place)
    default: if place < bytes.count { bytes[place] = pick(Array("\n\r\t \"\\,;:{}[]<>-/.0129".utf8) + [0, 0xE2, 0x80, 0x8E, 0xFF]) }
    }
  }

  private mutating func swapLines(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    lines.swapAt(below(lines.count), below(lines.count))
    bytes = Array(lines.joined(separator: [0x0A]))
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
