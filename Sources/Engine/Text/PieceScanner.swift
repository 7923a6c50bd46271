/// Finds where the piece ends that begins at a place: the patterns of `SplitPattern`, alternative by alternative in their order.
///
/// Works on well-formed UTF-8. `\p{L}`, `\p{N}`, `\s` are `CharacterKind`, which are disjoint; a character that is none of them is "other".
struct PieceScanner {
  let text: UnsafeBufferPointer<UInt8>
  /// The text ends here, for look-ahead too.
  let end: Int

  func end(ofPieceAt start: Int, _ pattern: SplitPattern) -> Int {
    switch pattern {
    case .gpt2: endGPT2(start)
    case .qwen2: endWithLines(start, mostDigits: 1)
    case .llama3: endWithLines(start, mostDigits: 3)
    }
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private func endGPT2(_ start: Int) -> Int {
    if let end = endOfContraction(start, caseless: false) { return end }
    var body = scalar(at: start)
    if text[start] == UInt8(ascii: " "), body.next < end {
      let second = scalar(at: body.next)
      if second.kind != .whiteSpace { body = second }
    }
    return body.kind == .whiteSpace ? endOfWhiteSpace(start) : endOfRun(body.kind, from: body.next)
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,most}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  private func endWithLines(_ start: Int, mostDigits: Int) -> Int {
    if let end = endOfContraction(start, caseless: true) { return end }
    let first = scalar(at: start)
    if first.kind == .letter { return endOfRun(.letter, from: first.next) }
    if first.kind == .number { return endOfRun(.number, from: first.next, atMost: mostDigits - 1) }
    if first.next < end, !isLineEnd(text[start]) {
      let second = scalar(at: first.next)
      if second.kind == .letter { return endOfRun(.letter, from: second.next) }
      if text[start] == UInt8(ascii: " "), second.kind == .other { return endOfLineEnds(endOfRun(.other, from: second.next)) }
    }
    if first.kind == .other { return endOfLineEnds(endOfRun(.other, from: first.next)) }
    return endOfLastLine(start) ?? endOfWhiteSpace(start)
  }

  /// One digit or a run of them, or what lies before the next digit.
  func end(ofDigitsOrRestAt start: Int, individual: Bool) -> Int {
    let (isDigit, next) = digit(at: start)
    if isDigit, individual { return next }
    var position = next
    while position < end {
      let (another, next) = digit(at: position)
      if another != isDigit { break }
      position = next
    }
    return position
  }

  // MARK: - Parts

  /// `'s|'t|'re|'ve|'m|'ll|'d`. Caseless folding (Unicode's, simple) also takes ſ, U+017F, for s.
  private func endOfContraction(_ start: Int, caseless: Bool) -> Int? {
    guard text[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
    let lower: UInt8 = caseless ? 0x20 : 0
    let second = start + 2 < end ? text[start + 2] : 0
    switch text[start + 1] | lower {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return second | lower == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return second | lower == UInt8(ascii: "l") ? start + 3 : nil
    default: return caseless && text[start + 1] == 0xC5 && second == 0xBF ? start + 3 : nil
    }
  }

  private func endOfRun(_ kind: CharacterKind, from start: Int, atMost most: Int = .max) -> Int {
    var position = start
    var count = 0
    while position < end, count < most {
      let (found, next) = scalar(at: position)
      if found != kind { break }
      position = next
      count += 1
    }
    return position
  }

  /// `\s+(?!\S)|\s+`: all of it at the end of the text, else all but the last, which the next piece may take; one alone is a piece.
  private func endOfWhiteSpace(_ start: Int) -> Int {
    var last = start
    var position = scalar(at: start).next
    while position < end {
      let (kind, next) = scalar(at: position)
      if kind != .whiteSpace { return last > start ? last : position }
      last = position
      position = next
    }
    return position
  }

  /// `\s*[\r\n]+`: through the last line end of the white space, if there is one.
  private func endOfLastLine(_ start: Int) -> Int? {
    var found: Int?
    var position = start
    while position < end {
      let (kind, next) = scalar(at: position)
      if kind != .whiteSpace { break }
      if isLineEnd(text[position]) { found = next }
      position = next
    }
    return found
  }

  /// `[\r\n]*`
  private func endOfLineEnds(_ start: Int) -> Int {
    var position = start
    while position < end, isLineEnd(text[position]) { position += 1 }
    return position
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

  // MARK: - Scalars

  @inline(__always)
  private func scalar(at position: Int) -> (kind: CharacterKind, next: Int) {
    let (scalar, next) = decodeScalar(text, at: position)
    return (UnicodeClasses.kind(of: scalar), next)
  }

  private func digit(at position: Int) -> (isDigit: Bool, next: Int) {
    let (scalar, next) = decodeScalar(text, at: position)
    return (UnicodeClasses.isDigit(scalar), next)
  }
}

/// The scalar that begins at a place in well-formed UTF-8 (Unicode 16.0, table 3-6), and where the next one begins.
@inline(__always)
func decodeScalar(_ text: [UInt8], at position: Int) -> (scalar: UInt32, next: Int) {
  text.withUnsafeBufferPointer { decodeScalar($0, at: position) }
}

@inline(__always)
func decodeScalar(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> (scalar: UInt32, next: Int) {
  func continuation(_ offset: Int) -> UInt32 { UInt32(text[position + offset] & 0x3F) }
  let lead = UInt32(text[position])
  if lead < 0x80 { return (lead, position + 1) }
  if lead < 0xE0 { return ((lead & 0x1F) << 6 | continuation(1), position + 2) }
  if lead < 0xF0 { return ((lead & 0x0F) << 12 | continuation(1) << 6 | continuation(2), position + 3) }
  return ((lead & 0x07) << 18 | continuation(1) << 12 | continuation(2) << 6 | continuation(3), position + 4)
}
