package import Artifacts
package import Signing

extension SoulManifest {
  /// What groups of the winner's training records did for it, as its maker measured it: the winner trained again without each, on the same holdout
  /// (`soulpack.contributions/1`). Everything that a share is reckoned from is here, and the training without a group can be done again.
  package struct Contributions: Hashable, Sendable {
    package struct Group: Hashable, Sendable {
      /// Names the files that its records come from, as `files` of a recipe does.
      package let files: String
      package let records: Int64
      /// Σ round(nats × 2²⁰) over the holdout without them. Nil where that training diverged.
      package let total: Int64?

      package init(files: String, records: Int64, total: Int64?) { (self.files, self.records, self.total) = (files, records, total) }
    }

    /// What the numbers are of: the candidate's files, and the parts that it learned from and was measured on.
    package struct Subject: Hashable, Sendable {
      package let candidate, train, holdout: Digest

      package init(candidate: Digest, train: Digest, holdout: Digest) { (self.candidate, self.train, self.holdout) = (candidate, train, holdout) }
    }

    package static let method = "leave-one-out"

    package let subject: Subject
    /// Σ round(nats × 2²⁰) over the holdout with all records.
    package let total: Int64
    package let tokens: Int64
    /// All training records.
    package let records: Int64
    package let groups: [Group]

    package init(subject: Subject, total: Int64, tokens: Int64, records: Int64, groups: [Group]) {
      (self.subject, self.total, self.tokens, self.records, self.groups) = (subject, total, tokens, records, groups)
    }

    /// Of what all groups that helped changed in their sum, this one's part in millionths, rounded down; 0 for one that did not help.
    package func sharePPM(of group: Group) -> Int64 {
      let all = groups.reduce(Int128(0)) { $0 + help(of: $1) }
      return all == 0 ? 0 : Int64(help(of: group) * 1_000_000 / all)
    }

    private func help(of group: Group) -> Int128 { group.total.map { max(0, Int128($0) - Int128(total)) } ?? 0 }
  }

  /// Why contributions are none of the Soul with this winner and these pins, that kept so many records; nil where they are.
  package static func objection(to contributions: Contributions, winner: Selection.Score?, pins: [NamedDigest], kept: Int64) -> String? {
    let subject = contributions.subject
    guard let winner, subject.candidate == winner.candidate else { return "are of another candidate than the winner, \(subject.candidate.short)" }
    for (name, digest) in [("train", subject.train), ("holdout", subject.holdout)] where pins.first(where: { $0.name == name })?.digest != digest {
      return "are of another \(name) part, \(digest.short)"
    }
    guard contributions.total == winner.total, contributions.tokens == winner.tokens else { return "say another loss than the selection" }
    guard contributions.records <= kept else { return "speak of more records than were kept" }
    return nil
  }

  func checkContributions(_ reader: DocumentReader) throws(DocumentError) {
    guard let contributions else { return }
    let kept = datasets.reduce(Int64(0)) { $0 + min($1.counts["kept"] ?? 0, JSONValue.largestExactInteger / 1024) }
    let winner = selection?.scores.first { $0.candidate == selection?.winner }
    if let objection = Self.objection(to: contributions, winner: winner, pins: pins, kept: kept) { throw reader.failure("the contributions \(objection)") }
  }
}

// MARK: - Document

extension SoulManifest.Contributions {
  private static let schema = "soulpack.contributions/1"

  package var document: JSONValue {
    [
      "schema": .string(Self.schema), "method": .string(Self.method), "candidate": .digest(subject.candidate), "train": .digest(subject.train),
      "holdout": .digest(subject.holdout), "total": .integer(total), "tokens": .integer(tokens), "records": .integer(records),
      "groups": .array(
        groups.map { group in
          [
            "files": .string(group.files), "records": .integer(group.records), "total": group.total.map { .integer($0) } ?? .null,
            "sharePPM": .integer(sharePPM(of: group)),
          ]
        }),
    ]
  }

  package init(document: JSONValue) throws(DocumentError) { try self.init(DocumentReader(document, document: "contributions")) }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["method", "candidate", "train", "holdout", "total", "tokens", "records", "groups"], schema: Self.schema)
    guard try reader.member("method").string() == Self.method else { throw try reader.member("method").failure("is not \"\(Self.method)\"") }
    self.init(
      subject: Subject(
        candidate: try reader.member("candidate").digest(), train: try reader.member("train").digest(), holdout: try reader.member("holdout").digest()),
      total: try reader.member("total").count(), tokens: try reader.member("tokens").integer(1...JSONValue.largestExactInteger),
      records: try reader.member("records").count(), groups: try reader.list("groups", Group.init))
    guard groups.count > 1, Set(groups.map(\.files)).count == groups.count else { throw try reader.member("groups").failure("are fewer than two, or one of them twice") }
    guard groups.allSatisfy({ $0.records < records }) else { throw reader.failure("a group has as many records as all") }
    guard document == reader.value else { throw reader.failure("a share does not follow from the losses") }
  }
}

extension SoulManifest.Contributions.Group {
  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["files", "records", "total", "sharePPM"])
    let total = try reader.member("total")
    self.init(
      files: try reader.pattern("files"), records: try reader.member("records").integer(1...JSONValue.largestExactInteger),
      total: total.value == .null ? nil : try total.count())
  }
}

extension DocumentReader {
  /// A line of text: it comes to stand in a card and on terminals.
  fileprivate func pattern(_ key: String) throws(DocumentError) -> String {
    let text = try member(key).nonEmptyString()
    guard !text.contains("`"), text.unicodeScalars.allSatisfy({ ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory) })
    else { throw try member(key).failure("holds a character that no pattern has") }
    return text
  }
}
