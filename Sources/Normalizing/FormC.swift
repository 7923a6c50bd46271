internal import Foundation

/// Unicode's normalization form C (UAX #15), pinned to Unicode 9.0 as Hugging Face `tokenizers` has it: a later scalar stands for itself.
/// Pinned, because record ids and token ids are taken over its results: a newer toolchain must not change them.
///
/// The algorithm is ours, and of the standard library we ask for facts about single scalars only. Swift 6.3's own form C leaves ᆨ beside 가,
/// does not reorder what U+0F73 decomposes to, and makes Á of U+10041 U+0301, which is another text.
package enum FormC {
  package static func composed(_ text: [UInt8]) -> [UInt8] {
    // Nothing below U+0300 composes with what stands before it, or changes by itself.
    guard text.contains(where: { $0 >= 0xCC }) else { return text }
    if isInert(text) { return text }
    var decomposed: [UInt32] = []
    decomposed.reserveCapacity(text.count)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars { appendDecomposition(of: scalar.value, to: &decomposed) }
    order(&decomposed)
    var output = String.UnicodeScalarView()
    for value in compose(decomposed) {
      if let scalar = Unicode.Scalar(value) { output.append(scalar) }
    }
    return Array(String(output).utf8)
  }

  /// The quick check (UAX #15, section 9): no scalar is a mark, is composed with what stands before it, or is other than its own form C.
  private static func isInert(_ text: [UInt8]) -> Bool {
    let moved = tables.moved
    return text.withUnsafeBufferPointer { text in
      var position = 0
      while position < text.count {
        let lead = UInt32(text[position])
        guard lead >= 0xCC else {
          position += lead < 0x80 ? 1 : 2
          continue
        }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var scalar = lead & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
        for offset in 1..<length { scalar = scalar << 6 | UInt32(text[position + offset] & 0x3F) }
        if scalar < tableEnd, moved[Int(scalar >> 6)] & 1 << UInt64(scalar & 63) != 0 { return false }
        position += length
      }
      return true
    }
  }

  private static func appendDecomposition(of scalar: UInt32, to output: inout [UInt32]) {
    if let parts = Hangul.decomposition(of: scalar) ?? tables.decompositions[scalar] {
      output += parts
    } else {
      output.append(scalar)
    }
  }

  /// The canonical ordering algorithm (Unicode 16.0, D109): runs of combining marks by their class, equal ones as they stood.
  private static func order(_ scalars: inout [UInt32]) {
    var start = 0
    while start < scalars.count {
      guard combiningClass(scalars[start]) != 0 else {
        start += 1
        continue
      }
      let end = scalars[start...].firstIndex { combiningClass($0) == 0 } ?? scalars.count
      if end - start > 1 {
        // By place too, since the library does not promise a stable sort.
        let marks = scalars[start..<end].enumerated().map { (combiningClass($0.element), $0.offset, $0.element) }
        scalars.replaceSubrange(start..<end, with: marks.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2))
      }
      start = end
    }
  }

  /// The canonical composition algorithm (Unicode 16.0, D117): each scalar joins the last starter, unless one between them blocks it (D115).
  private static func compose(_ scalars: [UInt32]) -> [UInt32] {
    var output: [UInt32] = []
    output.reserveCapacity(scalars.count)
    var starter: Int?
    for scalar in scalars {
      let kind = combiningClass(scalar)
      if let starter, starter == output.count - 1 || combiningClass(output[output.count - 1]) < kind,
        let composite = Hangul.composite(of: output[starter], scalar) ?? tables.composites[pair(output[starter], scalar)]
      {
        output[starter] = composite
        continue
      }
      if kind == 0 { starter = output.count }
      output.append(scalar)
    }
    return output
  }

  private static func combiningClass(_ scalar: UInt32) -> UInt8 { scalar < 0x300 ? 0 : tables.classes[scalar] ?? 0 }

  private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

  // MARK: - Tables

  private struct Tables {
    /// Full canonical decompositions, without those of Hangul syllables.
    var decompositions: [UInt32: [UInt32]] = [:]
    /// Canonical combining classes other than 0.
    var classes: [UInt32: UInt8] = [:]
    var composites: [UInt64: UInt32] = [:]
    /// A bit for each scalar that the quick check does not let pass.
    var moved = [UInt64](repeating: 0, count: Int(tableEnd) / 64 + 1)
  }

  private static let lastVersion: Unicode.Version = (9, 0)
  /// No scalar from here on decomposes or combines in Unicode 9.0 (the last is U+2FA1D).
  private static let tableEnd: UInt32 = 0x2FA1E

  /// Half of all characters, of which none decomposes or combines: Chinese characters but for those of compatibility, Yi syllables.
  private static let plain: [ClosedRange<UInt32>] = [0x3400...0xA48C, 0x20000...0x2F7FF]

  /// Made from the properties of single scalars when the first text asks.
  private static let tables: Tables = {
    var tables = Tables()
    var composites: [UInt32] = []
    for value in 0xC0..<tableEnd where !Hangul.syllables.contains(value) && !plain.contains(where: { $0.contains(value) }) {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age <= lastVersion else { continue }
      let kind = scalar.properties.canonicalCombiningClass.rawValue
      if kind != 0 { tables.classes[value] = kind }
      let parts = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.map(\.value)
      guard parts != [value] else { continue }
      tables.decompositions[value] = parts
      if !scalar.properties.isFullCompositionExclusion { composites.append(value) }
    }
    // A composite's pair is its last part and the composite of the parts before it. Shorter ones first, so that this one is known.
    let byCount = composites.sorted { (tables.decompositions[$0]?.count ?? 0, $0) < (tables.decompositions[$1]?.count ?? 0, $1) }
    for value in byCount {
      guard let parts = tables.decompositions[value], let last = parts.last else { continue }
      let first = parts.dropLast().dropFirst().reduce(parts[0]) { tables.composites[pair($0, $1)] ?? 0 }
      tables.composites[pair(first, last)] = value
    }
    let wholes = Set(composites)
    let seconds = tables.composites.keys.map { UInt32(truncatingIfNeeded: $0) }
    for value in tables.decompositions.keys.filter({ !wholes.contains($0) }) + tables.classes.keys + seconds + Hangul.seconds {
      tables.moved[Int(value >> 6)] |= 1 << UInt64(value & 63)
    }
    return tables
  }()
}

/// Hangul syllables, which decompose and compose by arithmetic (Unicode 16.0, section 3.12).
private enum Hangul {
  static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
  private static let leading: UInt32 = 0x1100
  private static let vowel: UInt32 = 0x1161
  private static let beforeTrailing: UInt32 = 0x11A7
  private static let vowels: UInt32 = 21
  private static let trailings: UInt32 = 28

  /// What joins a syllable before it.
  static let seconds = Array(vowel..<vowel + vowels) + Array(beforeTrailing + 1..<beforeTrailing + trailings)

  static func decomposition(of scalar: UInt32) -> [UInt32]? {
    guard syllables.contains(scalar) else { return nil }
    let index = scalar - syllables.lowerBound
    let parts = [leading + index / (vowels * trailings), vowel + index / trailings % vowels]
    return index % trailings == 0 ? parts : parts + [beforeTrailing + index % trailings]
  }

  static func composite(of first: UInt32, _ second: UInt32) -> UInt32? {
    if (leading..<leading + 19).contains(first), (vowel..<vowel + vowels).contains(second) {
      return syllables.lowerBound + ((first - leading) * vowels + second - vowel) * trailings
    }
    if syllables.contains(first), (first - syllables.lowerBound) % trailings == 0,
      (beforeTrailing + 1..<beforeTrailing + trailings).contains(second)
    {
      return first + second - beforeTrailing
    }
    return nil
  }
}
