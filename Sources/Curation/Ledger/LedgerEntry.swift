package import Artifacts

/// What happened to one record: one line of the ledger. Never its text.
package struct LedgerEntry: Hashable, Sendable {
  package let source: RecordSource
  /// Of its content as it was when its story ended. Nil where nothing could be read.
  package let id: RecordID?
  package let fate: Fate
  /// The stages that let it through and changed or measured something, in the order in which they ran.
  package let passages: [Passage]

  package init(source: RecordSource, id: RecordID?, fate: Fate, passages: [Passage]) {
    self.source = source
    self.id = id
    self.fate = fate
    self.passages = passages
  }
}

// MARK: - Writing

extension CanonicalWriter {
  mutating func entry(_ entry: LedgerEntry) {
    raw("{\"bytes\":")
    integer(entry.source.byteRange.count)
    raw(",\"fate\":\"")
    switch entry.fate {
    case .kept: raw("kept")
    case .dropped: raw("dropped")
    case .merged: raw("merged")
    }
    raw("\",\"file\":")
    string(entry.source.place.file)
    if let id = entry.id {
      raw(",\"id\":")
      digest(id.digest)
    }
    if case .merged(let keeper, let place) = entry.fate { self.keeper(keeper, place) }
    raw(",\"line\":")
    integer(entry.source.place.line)
    if case .dropped(let drop) = entry.fate, let measured = drop.measured {
      raw(",\"measured\":")
      number(measured)
    }
    raw(",\"offset\":")
    integer(entry.source.byteRange.lowerBound)
    tail(of: entry)
    raw("}")
  }

  private mutating func keeper(_ id: RecordID, _ place: RecordPlace) {
    raw(",\"keeper\":{\"file\":")
    string(place.file)
    raw(",\"id\":")
    digest(id.digest)
    raw(",\"line\":")
    integer(place.line)
    raw("}")
  }

  /// The members after `offset`: `passages`, `reason`, `stage`, `threshold`.
  private mutating func tail(of entry: LedgerEntry) {
    if !entry.passages.isEmpty {
      raw(",\"passages\":[")
      for (index, passage) in entry.passages.enumerated() {
        if index > 0 { raw(",") }
        self.passage(passage)
      }
      raw("]")
    }
    guard case .dropped(let drop) = entry.fate else { return }
    raw(",\"reason\":")
    string(drop.reason.rawValue)
    raw(",\"stage\":")
    string(drop.stage.rawValue)
    if let threshold = drop.threshold {
      raw(",\"threshold\":")
      number(threshold)
    }
  }

  private mutating func passage(_ passage: Passage) {
    raw("{")
    if !passage.changes.isEmpty {
      raw("\"changes\":{")
      for (index, change) in passage.changes.sorted(by: { $0.kind.rawValue < $1.kind.rawValue }).enumerated() {
        if index > 0 { raw(",") }
        string(change.kind.rawValue)
        raw(":")
        integer(change.count)
      }
      raw("},")
    }
    if let measured = passage.measured {
      raw("\"measured\":")
      number(measured)
      raw(",")
    }
    raw("\"stage\":")
    string(passage.stage.rawValue)
    raw("}")
  }
}

// MARK: - Reading

extension LedgerEntry {
  /// Nil where the value is not a line that was written above.
  init?(canonical value: JSONValue) {
    guard let file = value["file"]?.string, let line = value.natural("line"), let offset = value.natural("offset"),
      let count = value.natural("bytes"), let fate = Fate(canonical: value)
    else { return nil }
    let passages = (value["passages"]?.array ?? []).map(Passage.init(canonical:))
    guard !passages.contains(nil) else { return nil }
    self.init(
      source: RecordSource(file: file, line: line, byteRange: offset..<(offset + count)), id: value["id"]?.digest.map { RecordID($0) },
      fate: fate, passages: passages.compactMap { $0 })
  }
}

extension Fate {
  fileprivate init?(canonical value: JSONValue) {
    switch value["fate"]?.string {
    case "kept": self = .kept
    case "dropped":
      guard let stage = value["stage"]?.string.flatMap(StageName.init), let reason = value["reason"]?.string.flatMap(DropReason.init)
      else { return nil }
      self = .dropped(Drop(stage: stage, reason: reason, measured: value["measured"]?.number, threshold: value["threshold"]?.number))
    case "merged":
      guard let keeper = value["keeper"], let id = keeper["id"]?.digest, let file = keeper["file"]?.string, let line = keeper.natural("line")
      else { return nil }
      self = .merged(keeper: RecordID(id), at: RecordPlace(file: file, line: line))
    default: return nil
    }
  }
}

extension Passage {
  fileprivate init?(canonical value: JSONValue) {
    guard let stage = value["stage"]?.string.flatMap(StageName.init) else { return nil }
    let changes = (value["changes"]?.object ?? [:]).map { name, count in
      Change.Kind(rawValue: name).flatMap { kind in count.integer.map { Change(kind: kind, count: Int($0)) } }
    }
    guard !changes.contains(nil) else { return nil }
    let order = Dictionary(uniqueKeysWithValues: Change.Kind.allCases.enumerated().map { ($1, $0) })
    let sorted = changes.compactMap { $0 }.sorted { order[$0.kind] ?? 0 < order[$1.kind] ?? 0 }
    self.init(stage: stage, changes: sorted, measured: value["measured"]?.number)
  }
}

extension JSONValue {
  /// A member that is a whole number, not below zero. Small enough that two can be added.
  func natural(_ name: String) -> Int? { self[name]?.integer.flatMap { (0...(1 << 53)).contains($0) ? Int($0) : nil } }
}
