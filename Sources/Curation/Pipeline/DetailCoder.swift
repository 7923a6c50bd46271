internal import Artifacts
internal import Licensing

/// Writes what the stages said of records into few bytes: lists of a handful of small things would cost more to hold than to say.
///
/// The bytes live no longer than the version of the program that wrote them: whoever keeps them names that version.
struct DetailWriter {
  private(set) var bytes: [UInt8] = []

  mutating func text(_ text: String?) {
    guard let text else { return number(0) }
    number(text.utf8.count + 1)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func passages(_ passages: [Passage]) {
    number(passages.count)
    for passage in passages { self.passage(passage) }
  }

  mutating func drop(_ drop: Drop) {
    number(Cases.stages.position(of: drop.stage))
    number(Cases.reasons.position(of: drop.reason))
    value(drop.measured)
    value(drop.threshold)
  }

  private mutating func passage(_ passage: Passage) {
    number(Cases.stages.position(of: passage.stage))
    value(passage.measured)
    number(passage.changes.count)
    for change in passage.changes {
      number(Cases.changes.position(of: change.kind))
      number(change.count)
    }
    number(passage.signals.count)
    for reading in passage.signals {
      number(Cases.signals.position(of: reading.signal))
      bits(reading.value.bitPattern)
    }
    number(passage.found.count)
    for finding in passage.found {
      number(Cases.personalData.position(of: finding.kind))
      number(finding.count)
    }
    detail(passage.detail)
  }

  private mutating func detail(_ detail: Passage.Detail?) {
    switch detail {
    case nil: number(0)
    case .language(let reading):
      number(1)
      text(reading.code)
      number(reading.percent)
      number(reading.isReliable ? 1 : 0)
    case .overlap(let overlap):
      number(2)
      text(overlap.place.file)
      number(overlap.place.line)
      number(overlap.sharedRuns)
      number(overlap.runs)
    case .forbidden(let use):
      number(3)
      text(use.license)
      number(Cases.clauses.position(of: use.clause))
    }
  }

  /// LEB128.
  private mutating func number(_ value: Int) {
    var rest = UInt(bitPattern: value)
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func value(_ value: Double?) {
    bytes.append(value == nil ? 0 : 1)
    if let value { bits(value.bitPattern) }
  }

  private mutating func bits(_ pattern: UInt64) {
    withUnsafeBytes(of: pattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// Reads what `DetailWriter` wrote.
struct DetailReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int) { (self.bytes, self.position) = (bytes, position) }

  mutating func text() -> String? {
    let count = number()
    guard count > 0 else { return nil }
    defer { position += count - 1 }
    return String(decoding: bytes[position..<position + count - 1], as: UTF8.self)
  }

  mutating func passages() -> [Passage] { list { $0.passage() } }

  mutating func drop() -> Drop {
    Drop(stage: Cases.stages[number()], reason: Cases.reasons[number()], measured: value(), threshold: value())
  }

  private mutating func passage() -> Passage {
    let stage = Cases.stages[number()]
    let measured = value()
    return Passage(
      stage: stage, changes: list { Change(kind: Cases.changes[$0.number()], count: $0.number()) }, measured: measured,
      signals: list { QualitySignal.Reading(signal: Cases.signals[$0.number()], value: Double(bitPattern: $0.bits())) },
      found: list { PersonalData.Finding(kind: Cases.personalData[$0.number()], count: $0.number()) }, detail: detail())
  }

  private mutating func detail() -> Passage.Detail? {
    switch number() {
    case 1: .language(LanguageReading(code: text() ?? "", percent: number(), isReliable: number() == 1))
    case 2: .overlap(EvaluationOverlap(place: RecordPlace(file: text() ?? "", line: number()), sharedRuns: number(), runs: number()))
    case 3: .forbidden(ForbiddenUse(license: text() ?? "", clause: Cases.clauses[number()]))
    default: nil
    }
  }

  private mutating func list<Element>(_ element: (inout Self) -> Element) -> [Element] {
    let count = number()
    guard count > 0 else { return [] }
    return (0..<count).map { _ in element(&self) }
  }

  private mutating func number() -> Int {
    var (value, shift): (UInt, UInt) = (0, 0)
    while true {
      let byte = bytes[position]
      position += 1
      value |= UInt(byte & 0x7F) << shift
      if byte < 0x80 { return Int(bitPattern: value) }
      shift += 7
    }
  }

  private mutating func value() -> Double? {
    defer { position += 1 }
    guard bytes[position] != 0 else { return nil }
    defer { position += 8 }
    return Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 1, as: UInt64.self)))
  }

  private mutating func bits() -> UInt64 {
    defer { position += 8 }
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
  }
}

/// Made once: `allCases` makes an array each time.
private enum Cases {
  static let stages = StageName.allCases
  static let reasons = DropReason.allCases
  static let changes = Change.Kind.allCases
  static let signals = QualitySignal.allCases
  static let personalData = PersonalData.allCases
  static let clauses = Clause.allCases

  /// All of them by their names, in their order: what the numbers in kept bytes mean.
  static let names =
    stages.map(\.rawValue) + reasons.map(\.rawValue) + changes.map(\.rawValue) + signals.map(\.rawValue) + personalData.map(\.rawValue)
    + clauses.map(\.rawValue)
}

extension DetailWriter {
  /// Bytes of another layout are not to be read.
  static var layout: String { Cases.names.joined(separator: "/") }
}

extension Array where Element: Equatable {
  /// Of an enumeration's case among all of them.
  fileprivate func position(of element: Element) -> Int {
    guard let index = firstIndex(of: element) else { preconditionFailure("every case is among all cases") }
    return index
  }
}
