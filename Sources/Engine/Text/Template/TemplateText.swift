/// A string of a template's world: UTF-8, and for every byte who wrote it. By this what a person wrote is known from the template's own words
/// however they were joined, cut and stripped; no message can spell a mark of the format.
struct TemplateText: Sendable {
  /// Whose words they are: the template's (with what we put in for it: roles, special tokens), a message's, or several of them mixed.
  enum Origin: Hashable, Sendable {
    case template
    case message(Int)
    case mixed
  }

  private struct Run: Sendable {
    var end: Int
    var origin: Origin
  }

  private(set) var bytes: [UInt8] = []
  private var runs: [Run] = []

  init() {}

  init(_ bytes: some Sequence<UInt8>, origin: Origin = .template) {
    self.bytes = Array(bytes)
    if !self.bytes.isEmpty { runs = [Run(end: self.bytes.count, origin: origin)] }
  }

  init(_ text: String) { self.init(text.utf8) }

  var string: String { String(decoding: bytes, as: UTF8.self) }
  var isEmpty: Bool { bytes.isEmpty }

  mutating func append(_ other: TemplateText) {
    let start = bytes.count
    bytes += other.bytes
    for run in other.runs {
      if let last = runs.last, last.origin == run.origin { runs.removeLast() }
      runs.append(Run(end: start + run.end, origin: run.origin))
    }
  }

  static func + (left: TemplateText, right: TemplateText) -> TemplateText {
    var sum = left
    sum.append(right)
    return sum
  }

  /// A part of it, by places in its bytes.
  subscript(range: Range<Int>) -> TemplateText {
    var part = TemplateText()
    part.bytes = Array(bytes[range])
    var index = firstRun(endingAfter: range.lowerBound)
    while index < runs.count, (index == 0 ? 0 : runs[index - 1].end) < range.upperBound, !range.isEmpty {
      part.runs.append(Run(end: min(runs[index].end, range.upperBound) - range.lowerBound, origin: runs[index].origin))
      index += 1
    }
    return part
  }

  /// Whether all bytes of a place are the template's.
  func isTemplates(_ range: Range<Int>) -> Bool {
    var index = firstRun(endingAfter: range.lowerBound)
    while index < runs.count, (index == 0 ? 0 : runs[index - 1].end) < range.upperBound {
      guard runs[index].origin == .template else { return false }
      index += 1
    }
    return true
  }

  /// The places that are a message's words.
  func places(of message: Int) -> [Range<Int>] {
    runs.indices.filter { runs[$0].origin == .message(message) }.map { ($0 == 0 ? 0 : runs[$0 - 1].end)..<runs[$0].end }
  }

  /// Whether a place holds words of other messages than these, or of several mixed.
  func hasOthers(than messages: Set<Int>, in range: Range<Int>) -> Bool {
    var index = firstRun(endingAfter: range.lowerBound)
    while index < runs.count, (index == 0 ? 0 : runs[index - 1].end) < range.upperBound {
      switch runs[index].origin {
      case .template: break
      case .message(let message): if !messages.contains(message) { return true }
      case .mixed: return true
      }
      index += 1
    }
    return false
  }

  /// Whether it holds words that were made of those of several messages, so that they are no single one's.
  var hasMixed: Bool { runs.contains { $0.origin == .mixed } }

  /// Other bytes that were made of these: whoever wrote any of them wrote all of it.
  func replaced(by bytes: [UInt8]) -> TemplateText {
    let origins = Set(runs.map(\.origin)).subtracting([.template])
    return TemplateText(bytes, origin: origins.count > 1 ? .mixed : origins.first ?? .template)
  }

  /// For error messages, which may go to a log: the template's own words, "…" for what a message has said and for what is beyond `limit` characters.
  func ownWords(limit: Int = 200) -> String {
    var words = ""
    var start = 0
    for run in runs {
      if run.origin == .template { words += String(decoding: bytes[start..<run.end], as: UTF8.self) } else if words.last != "…" { words += "…" }
      start = run.end
    }
    return words.count > limit ? words.prefix(limit) + "…" : words
  }

  private func firstRun(endingAfter offset: Int) -> Int {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

// MARK: - As Python's str

extension TemplateText {
  /// Code points, which is what Python counts.
  var count: Int { bytes.count { $0 & 0xC0 != 0x80 } }

  /// Where the code point of a number begins; the end where there are no more.
  func offset(ofCharacter number: Int) -> Int {
    var seen = 0
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
      if seen == number { return offset }
      seen += 1
    }
    return bytes.count
  }

  var characters: [TemplateText] {
    var starts = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
    starts.append(bytes.count)
    return zip(starts, starts.dropFirst()).map { self[$0..<$1] }
  }

  /// The first place at or after `start` where some bytes stand, in time of the text's length (Knuth, Morris and Pratt 1977, *Fast Pattern Matching
  /// in Strings*). UTF-8 is such that bytes of whole characters are found at whole characters.
  func firstPlace(of part: TemplateText, from start: Int = 0) -> Range<Int>? {
    guard start + part.bytes.count <= bytes.count else { return nil }
    guard !part.isEmpty else { return start..<start }
    let borders = part.borders
    var matched = 0
    for position in start..<bytes.count {
      while matched > 0, part.bytes[matched] != bytes[position] { matched = borders[matched - 1] }
      if part.bytes[matched] == bytes[position] { matched += 1 }
      if matched == part.bytes.count { return position + 1 - matched..<position + 1 }
    }
    return nil
  }

  /// For each beginning: how many of its first bytes, though not all, are its last ones as well.
  private var borders: [Int] {
    var borders = [Int](repeating: 0, count: bytes.count)
    var length = 0
    for position in bytes.indices.dropFirst() {
      while length > 0, bytes[length] != bytes[position] { length = borders[length - 1] }
      if bytes[length] == bytes[position] { length += 1 }
      borders[position] = length
    }
    return borders
  }

  /// Without the given characters at its ends; without white space where none are given.
  func stripped(of characters: TemplateText?, left: Bool, right: Bool) -> TemplateText {
    let set = characters.map { Set($0.characters.map(\.bytes)) }
    func goes(_ range: Range<Int>) -> Bool {
      if let set { return set.contains(Array(bytes[range])) }
      return isPythonSpace(decodeScalar(bytes, at: range.lowerBound).scalar)
    }
    var (start, end) = (0, bytes.count)
    while left, start < end {
      let next = decodeScalar(bytes, at: start).next
      guard goes(start..<next) else { break }
      start = next
    }
    while right, start < end {
      var before = end - 1
      while bytes[before] & 0xC0 == 0x80 { before -= 1 }
      guard goes(before..<end) else { break }
      end = before
    }
    return self[start..<end]
  }

  /// The parts between occurrences of a separator, at most `most` of which count.
  func split(by separator: TemplateText, most: Int = .max) -> [TemplateText] {
    var parts: [TemplateText] = []
    var start = 0
    while parts.count < most, let place = firstPlace(of: separator, from: start) {
      parts.append(self[start..<place.lowerBound])
      start = place.upperBound
    }
    return parts + [self[start..<bytes.count]]
  }

  /// The parts between runs of white space; none is empty.
  func splitAtSpaces() -> [TemplateText] {
    var parts: [TemplateText] = []
    var start: Int?
    var position = 0
    while position < bytes.count {
      let (scalar, next) = decodeScalar(bytes, at: position)
      if isPythonSpace(scalar) {
        if let begin = start.take() { parts.append(self[begin..<position]) }
      } else if start == nil {
        start = position
      }
      position = next
    }
    return parts + (start.map { [self[$0..<bytes.count]] } ?? [])
  }

  /// How many parts `split` makes.
  func countOfParts(by separator: TemplateText) -> Int {
    var count = 1
    var start = 0
    while let place = firstPlace(of: separator, from: start) {
      count += 1
      start = place.upperBound
    }
    return count
  }

  func replacing(_ old: TemplateText, by new: TemplateText, most: Int = .max) -> TemplateText {
    var output = TemplateText()
    for (index, part) in split(by: old, most: most).enumerated() {
      if index > 0 { output.append(new) }
      output.append(part)
    }
    return output
  }
}

/// Python's `str.isspace`: Unicode's White_Space and the four separators of ASCII.
func isPythonSpace(_ scalar: UInt32) -> Bool {
  UnicodeClasses.kind(of: scalar) == .whiteSpace || (0x1C...0x1F).contains(scalar)
}
