internal import Artifacts
internal import Signing

// The JSON of each message, written and read side by side. All objects are closed.

extension MessageBody {
  var kind: Kind {
    switch self {
    case .manifest: .manifest
    case .commit: .commit
    case .freeze: .freeze
    case .reveal: .reveal
    case .vote: .vote
    case .decide: .decide
    case .abort: .abort
    }
  }

  var document: JSONValue {
    switch self {
    case .manifest(let manifest): manifest.document
    case .commit(let commit): commit.document
    case .freeze(let freeze): freeze.document
    case .reveal(let reveal): reveal.document
    case .vote(let vote): vote.document
    case .decide(let verdict): verdict.document
    case .abort: [:]
    }
  }

  init(_ kind: Kind, _ reader: DocumentReader) throws(DocumentError) {
    switch kind {
    case .manifest: self = .manifest(try RoundManifest(reader))
    case .commit: self = .commit(try Commit(reader))
    case .freeze: self = .freeze(try Freeze(reader))
    case .reveal: self = .reveal(try Reveal(reader))
    case .vote: self = .vote(try Vote(reader))
    case .decide: self = .decide(try Verdict(reader))
    case .abort:
      try reader.object([])
      self = .abort
    }
  }
}

extension Commit {
  fileprivate var document: JSONValue { ["by": .string(by.description), "commitment": .digest(commitment)] }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["by", "commitment"])
    self.init(by: try reader.member("by").publicKey(), commitment: try reader.member("commitment").digest())
  }
}

extension Freeze {
  fileprivate var document: JSONValue { ["stage": .string(stage.rawValue), "members": .digests(members)] }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["stage", "members"])
    self.init(try reader.member("stage").choice(Stage.self), Set(try reader.digests("members")))
  }
}

extension Reveal {
  fileprivate var document: JSONValue {
    [
      "by": .string(by.description), "commit": .digest(commit), "adapter": .digest(adapter), "trace": .digest(trace),
      "nonce": .string(hexadecimal(nonce.bytes)),
    ]
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["by", "commit", "adapter", "trace", "nonce"])
    guard let nonce = hexadecimalBytes(try reader.member("nonce").string().utf8).flatMap({ Nonce(bytes: $0) }) else {
      throw try reader.member("nonce").failure("not 32 bytes in hexadecimal digits")
    }
    self.init(
      by: try reader.member("by").publicKey(), commit: try reader.member("commit").digest(), adapter: try reader.member("adapter").digest(),
      trace: try reader.member("trace").digest(), nonce: nonce)
  }
}

extension Vote {
  fileprivate var document: JSONValue { .object(table.document.merging(["by": .string(by.description)]) { own, _ in own }) }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(ScoreTable.members.union(["by"]))
    self.init(by: try reader.member("by").publicKey(), table: try ScoreTable(reader))
  }
}

extension Verdict {
  fileprivate var document: JSONValue {
    [
      "commits": .digests(commits), "reveals": .digests(reveals), "votes": .digests(votes), "selection": decision.document,
    ]
  }

  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["commits", "reveals", "votes", "selection"])
    self.init(
      commits: try reader.digests("commits"), reveals: try reader.digests("reveals"), votes: try reader.digests("votes"),
      decision: try Decision(reader.member("selection")))
  }
}

extension JSONValue {
  fileprivate static func digests(_ digests: [Digest]) -> JSONValue { .array(digests.map { .digest($0) }) }
}

extension DocumentReader {
  /// A list of distinct digests in ascending order.
  fileprivate func digests(_ key: String) throws(DocumentError) -> [Digest] {
    let list = try member(key)
    var digests: [Digest] = []
    for element in try list.elements() { digests.append(try element.digest()) }
    guard zip(digests, digests.dropFirst()).allSatisfy({ $0 < $1 }) else { throw list.failure("are not in the order of distinct digests") }
    return digests
  }
}
