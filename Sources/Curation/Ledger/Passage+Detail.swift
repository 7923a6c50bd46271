package import Artifacts
package import Licensing

/// The details of passages, as the ledger writes and reads them.
extension CanonicalWriter {
  mutating func language(_ reading: LanguageReading) {
    raw("{\"code\":")
    string(reading.code)
    raw(",\"percent\":")
    integer(reading.percent)
    raw(reading.isReliable ? ",\"reliable\":true}" : ",\"reliable\":false}")
  }

  mutating func overlap(_ overlap: EvaluationOverlap) {
    raw("{\"file\":")
    string(overlap.place.file)
    raw(",\"line\":")
    integer(overlap.place.line)
    raw(",\"of\":")
    integer(overlap.runs)
    raw(",\"shared\":")
    integer(overlap.sharedRuns)
    raw("}")
  }

  mutating func forbidden(_ use: ForbiddenUse) {
    raw("{\"clause\":")
    string(use.clause.rawValue)
    raw(",\"license\":")
    string(use.license)
    raw("}")
  }
}

extension Passage.Detail {
  /// The one that a passage has; nil where there is none, or none that was written above.
  init?(canonicalPassage value: JSONValue) {
    if let language = value["language"] {
      guard let reading = LanguageReading(canonical: language) else { return nil }
      self = .language(reading)
    } else if let overlap = value["overlap"] {
      guard let overlap = EvaluationOverlap(canonical: overlap) else { return nil }
      self = .overlap(overlap)
    } else if let use = value["forbidden"] {
      guard let use = ForbiddenUse(canonical: use) else { return nil }
      self = .forbidden(use)
    } else {
      return nil
    }
  }

  /// The member of a passage, and its value: for `--json`.
  package var member: (name: String, value: JSONValue) {
    switch self {
    case .language(let reading): ("language", reading.canonical)
    case .overlap(let overlap): ("overlap", overlap.canonical)
    case .forbidden(let use): ("forbidden", use.canonical)
    }
  }
}

extension LanguageReading {
  init?(canonical value: JSONValue) {
    guard let code = value["code"]?.string, let percent = value.natural("percent"), let isReliable = value["reliable"]?.bool else { return nil }
    self.init(code: code, percent: percent, isReliable: isReliable)
  }

  var canonical: JSONValue { ["code": .string(code), "percent": .integer(Int64(percent)), "reliable": .bool(isReliable)] }
}

extension EvaluationOverlap {
  init?(canonical value: JSONValue) {
    guard let place = RecordPlace(canonical: value), let runs = value.natural("of"), let shared = value.natural("shared") else { return nil }
    self.init(place: place, sharedRuns: shared, runs: runs)
  }

  var canonical: JSONValue {
    ["file": .string(place.file), "line": .integer(Int64(place.line)), "of": .integer(Int64(runs)), "shared": .integer(Int64(sharedRuns))]
  }
}

/// Which licence went against the declared use, and by which clause: the first, where there are several.
package struct ForbiddenUse: Hashable, Sendable {
  package let license: String
  package let clause: Clause

  package var words: String { "\(license): \(clause.rawValue)" }

  init(_ violation: Violation) { (license, clause) = (violation.license.name, violation.clause) }

  init(license: String, clause: Clause) { (self.license, self.clause) = (license, clause) }

  init?(canonical value: JSONValue) {
    guard let license = value["license"]?.string, let clause = value["clause"]?.string.flatMap(Clause.init) else { return nil }
    self.init(license: license, clause: clause)
  }

  var canonical: JSONValue { ["clause": .string(clause.rawValue), "license": .string(license)] }
}
