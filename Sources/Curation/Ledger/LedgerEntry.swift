package import Artifacts

/// What happened to one record: one line of the ledger. Never its text.
package struct LedgerEntry: Hashable, Sendable {
  package let source: RecordSource
  /// Of its content as it was when its story ended. Nil where nothing could be read.
  package let id: RecordID?
  package let fate: Fate
  /// The stages that let it through and changed or measured something, in the order in which they ran.
  package let passages: [Passage]
  /// Code points over all contents of a record that was kept.
  package let characters: Int?

  package init(source: RecordSource, id: RecordID?, fate: Fate, passages: [Passage], characters: Int? = nil) {
    self.source = source
    self.id = id
    self.fate = fate
    self.passages = passages
    self.characters = characters
  }
}

// MARK: - Writing

extension CanonicalWriter {
  mutating func entry(_ entry: LedgerEntry) {
    raw("{\"bytes\":")
    integer(entry.source.byteRange.count)
    if let characters = entry.characters {
      raw(",\"characters\":")
      integer(characters)
    }
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
    if case .merged(let keeper, let place, let similarityPPM) = entry.fate { self.keeper(keeper, place, similarityPPM) }
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

  private mutating func keeper(_ id: RecordID, _ place: RecordPlace, _ similarityPPM: Int?) {
    raw(",\"keeper\":{\"file\":")
    string(place.file)
    raw(",\"id\":")
    digest(id.digest)
    raw(",\"line\":")
    integer(place.line)
    if let similarityPPM {
      raw(",\"similarity-ppm\":")
      integer(similarityPPM)
    }
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
      raw("\"changes\":")
      members(passage.changes.map { ($0.kind.rawValue, $0.count) }) { $0.integer($1) }
      raw(",")
    }
    if case .forbidden(let use)? = passage.detail {
      raw("\"forbidden\":")
      forbidden(use)
      raw(",")
    }
    if !passage.found.isEmpty {
      raw("\"found\":")
      members(passage.found.map { ($0.kind.rawValue, $0.count) }) { $0.integer($1) }
      raw(",")
    }
    if case .language(let reading)? = passage.detail {
      raw("\"language\":")
      language(reading)
      raw(",")
    }
    if let measured = passage.measured {
      raw("\"measured\":")
      number(measured)
      raw(",")
    }
    if case .overlap(let overlap)? = passage.detail {
      raw("\"overlap\":")
      self.overlap(overlap)
      raw(",")
    }
    if !passage.signals.isEmpty {
      raw("\"signals\":")
      members(passage.signals.map { ($0.signal.rawValue, $0.value) }) { $0.number($1) }
      raw(",")
    }
    raw("\"stage\":")
    string(passage.stage.rawValue)
    raw("}")
  }

  private mutating func members<Value>(_ members: [(name: String, value: Value)], _ write: (inout CanonicalWriter, Value) -> Void) {
    raw("{")
    for (index, member) in members.sorted(by: { $0.name < $1.name }).enumerated() {
      if index > 0 { raw(",") }
      string(member.name)
      raw(":")
      write(&self, member.value)
    }
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
    let passages = (value["passages"]?.array ?? []).compactMap(Passage.init(canonical:))
    guard passages.count == value["passages"]?.array?.count ?? 0 else { return nil }
    self.init(
      source: RecordSource(file: file, line: line, byteRange: offset..<(offset + count)), id: value["id"]?.digest.map { RecordID($0) },
      fate: fate, passages: passages, characters: value.natural("characters"))
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
      self = .merged(keeper: RecordID(id), at: RecordPlace(file: file, line: line), similarityPPM: keeper.natural("similarity-ppm"))
    default: return nil
    }
  }
}

extension Passage {
  fileprivate init?(canonical value: JSONValue) {
    guard let stage = value["stage"]?.string.flatMap(StageName.init),
      let changes = value.members("changes", of: Change.Kind.self, { kind, count in count.integer.map { Change(kind: kind, count: Int($0)) } }),
      let found = value.members("found", of: PersonalData.self, { kind, count in
        count.integer.map { PersonalData.Finding(kind: kind, count: Int($0)) }
      }),
      let signals = value.members("signals", of: QualitySignal.self, { signal, reading in
        reading.number.map { QualitySignal.Reading(signal: signal, value: $0) }
      })
    else { return nil }
    let detail = Detail(canonicalPassage: value)
    guard detail != nil || ["language", "overlap", "forbidden"].allSatisfy({ value[$0] == nil }) else { return nil }
    self.init(stage: stage, changes: changes, measured: value["measured"]?.number, signals: signals, found: found, detail: detail)
  }
}

extension JSONValue {
  /// A member that is a whole number, not below zero. Small enough that two can be added.
  func natural(_ name: String) -> Int? { self[name]?.integer.flatMap { (0...(1 << 53)).contains($0) ? Int($0) : nil } }

  /// The members of an object whose names are the cases of an enumeration, in the order of the cases. Nil where one is not.
  fileprivate func members<Name: RawRepresentable<String> & CaseIterable, Member>(
    _ name: String, of _: Name.Type, _ read: (Name, JSONValue) -> Member?
  ) -> [Member]? {
    guard let object = self[name]?.object else { return [] }
    let members = Name.allCases.compactMap { name in object[name.rawValue].flatMap { read(name, $0) } }
    return members.count == object.count ? members : nil
  }
}
