package import Artifacts
package import Signing

// The JSON of soul.json, written and read side by side.

extension SoulManifest {
  package var document: JSONValue {
    var members: [String: JSONValue] = [
      "schema": .string(Self.schema), "name": .string(name), "version": .string(version), "intent": .string(intent),
      "description": .string(description), "license": .string(license), "limits": .array(limits.map { .string($0) }),
      "permissions": permissions.document, "components": .array(components.map(\.document)), "datasets": .array(datasets.map(\.document)),
      "training": training.document, "candidates": .array(candidates.map(\.document)), "gates": .array(gates.map(\.document)),
      "recipe": .digest(recipe), "pins": .array(pins.map(\.document)),
    ]
    members["contact"] = contact.map { .string($0) }
    members["selection"] = selection?.document
    members["contributions"] = contributions?.document
    if !credits.isEmpty { members["credits"] = .array(credits.map { .string($0) }) }
    return .object(members)
  }

  package init(document: JSONValue) throws(DocumentError) {
    let reader = DocumentReader(document, document: "soul.json")
    try reader.object(
      [
        "name", "version", "intent", "description", "license", "contact", "limits", "permissions", "components", "datasets", "credits", "training",
        "selection", "candidates", "gates", "contributions", "recipe", "pins",
      ], schema: Self.schema)
    self.init(
      name: try reader.member("name").string(), version: try reader.member("version").string(),
      intent: try reader.member("intent").string(), description: try reader.member("description").string(),
      license: try reader.member("license").nonEmptyString(), contact: try reader.optional("contact")?.nonEmptyString(),
      limits: try reader.list("limits") { (limit) throws(DocumentError) in try limit.nonEmptyString() },
      permissions: try Permissions(reader.member("permissions")), components: try reader.list("components", Component.init),
      datasets: try reader.list("datasets", Dataset.init), credits: try Self.credits(reader), training: try Training(reader.member("training")),
      selection: try reader.optional("selection").map { (selection) throws(DocumentError) in try Selection(selection) },
      candidates: try reader.list("candidates", Candidate.init), gates: try reader.list("gates", Gate.init),
      contributions: try reader.optional("contributions").map { (contributions) throws(DocumentError) in try Contributions(contributions) },
      recipe: try reader.member("recipe").digest(), pins: try reader.list("pins", NamedDigest.init))
    try check(reader)
  }

  /// Absent where there are none, so that a manifest has one form.
  private static func credits(_ reader: DocumentReader) throws(DocumentError) -> [String] {
    guard reader.optional("credits") != nil else { return [] }
    let credits = try reader.list("credits") { (credit) throws(DocumentError) in try credit.nonEmptyString() }
    guard !credits.isEmpty else { throw reader.failure("an empty list of credits is left out") }
    return credits
  }

  /// What holds between the members.
  func check(_ reader: DocumentReader) throws(DocumentError) {
    guard Self.isName(name) else { throw reader.failure("\"\(name)\" is not a Soul's name") }
    guard Self.isVersion(version) else { throw reader.failure("\"\(version)\" is not a semantic version") }
    guard !components.isEmpty else { throw reader.failure("has no component") }
    for component in components {
      guard !component.files.isEmpty else { throw reader.failure("a component has no file") }
      guard component.kind == .model || component.base != nil else { throw reader.failure("an adapter names no base") }
    }
    if let selection, !selection.isPromoted, !isSmoke { throw reader.failure("nobody was promoted") }
    if let selection, !components.contains(where: { $0.listingDigest == selection.winner }) {
      throw reader.failure("the selection's winner is none of the components")
    }
    try checkCandidates(reader)
    try checkGates(reader)
    try checkContributions(reader)
    guard training.parameters.object != nil else { throw reader.failure("training parameters are not an object") }
  }

  /// Lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or a digit; at most 128 bytes. Every name that a recipe can have is one.
  package static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLowerCaseLetterOrDigit(first), name.utf8.count <= 128 else { return false }
    return name.utf8.allSatisfy { isLowerCaseLetterOrDigit($0) || "._-".utf8.contains($0) }
  }

  private static func isLowerCaseLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// Semantic Versioning 2.0.0, sections 2, 9 and 10; at most 128 bytes.
  package static func isVersion(_ version: String) -> Bool {
    guard version.utf8.count <= 128 else { return false }
    let build = version.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let release = build[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = release[0].split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 3, numbers.allSatisfy(isNumber) else { return false }
    guard release.count == 1 || identifiers(release[1]).allSatisfy({ isIdentifier($0) && (!isAllDigits($0) || isNumber($0)) }) else {
      return false
    }
    return build.count == 1 || identifiers(build[1]).allSatisfy(isIdentifier)
  }

  private static func identifiers(_ text: Substring) -> [Substring] { text.split(separator: ".", omittingEmptySubsequences: false) }

  private static func isAllDigits(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private static func isNumber(_ text: Substring) -> Bool { isAllDigits(text) && (text == "0" || !text.hasPrefix("0")) }

  private static func isIdentifier(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        isLowerCaseLetterOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "-")
      }
  }
}

extension DocumentReader {
  /// The elements of a member that is a list.
  func list<Element>(
    _ key: String, _ element: (DocumentReader) throws(DocumentError) -> Element
  ) throws(DocumentError) -> [Element] {
    var list: [Element] = []
    for reader in try member(key).elements() { list.append(try element(reader)) }
    return list
  }
}

extension SoulManifest.NamedDigest {
  var document: JSONValue { ["name": .string(name), "digest": .digest(digest)] }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["name", "digest"])
    self.init(name: try reader.member("name").nonEmptyString(), digest: try reader.member("digest").digest())
  }
}

extension SoulManifest.Permissions {
  package init(document: JSONValue) throws(DocumentError) { try self.init(DocumentReader(document, document: "permissions")) }

  package var document: JSONValue {
    var members: [String: JSONValue] = [
      "run": ["allow": .array(runAllow.map { .string($0) })], "derive": .bool(derive), "promptLogging": .string(promptLogging),
    ]
    members["leaseSeconds"] = leaseSeconds.map { .integer($0) }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["run", "derive", "promptLogging", "leaseSeconds"])
    let run = try reader.member("run")
    try run.object(["allow"])
    self.init(
      runAllow: try run.list("allow", Self.allowed), derive: try reader.member("derive").bool(),
      promptLogging: try reader.member("promptLogging").nonEmptyString(), leaseSeconds: try reader.optional("leaseSeconds")?.count())
  }

  private static func allowed(_ reader: DocumentReader) throws(DocumentError) -> String {
    let text = try reader.string()
    guard text == "public" || PublicKey(text) != nil else { throw reader.failure("neither \"public\" nor an Ed25519 did:key") }
    return text
  }
}

extension SoulManifest.Component {
  var document: JSONValue {
    let files = files.map { file -> JSONValue in
      ["path": .string(file.path), "digest": .digest(file.digest), "bytes": .integer(file.byteCount)]
    }
    var members: [String: JSONValue] = ["type": .string(kind.rawValue), "files": .array(files)]
    members["base"] = base?.document
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["type", "files", "base"])
    let kind = try reader.member("type").choice(Kind.self)
    let files = try reader.list("files", Self.file)
    let base = try reader.optional("base").map { (base) throws(DocumentError) in try SoulManifest.NamedDigest(base) }
    self.init(kind: kind, files: files, base: base)
    guard self.files == files else { throw try reader.member("files").failure("are not in the order of their paths") }
    let repeated = zip(files, files.dropFirst()).first { $0.path == $1.path }?.0
    if let repeated { throw try reader.member("files").failure("name \"\(repeated.path)\" twice") }
  }

  private static func file(_ reader: DocumentReader) throws(DocumentError) -> Snapshot.Entry {
    try reader.object(["path", "digest", "bytes"])
    return Snapshot.Entry(
      path: try reader.member("path").nonEmptyString(), byteCount: try reader.member("bytes").count(),
      digest: try reader.member("digest").digest())
  }
}

extension SoulManifest.Dataset {
  var document: JSONValue {
    let roots: JSONValue = [
      "all": .digest(roots.all), "train": .digest(roots.train), "validation": .digest(roots.validation), "holdout": .digest(roots.holdout),
    ]
    var members: [String: JSONValue] = [
      "name": .string(name), "license": .string(license), "roots": roots, "counts": .object(counts.mapValues { .integer($0) }),
    ]
    members["contributor"] = contributor.map { .string($0) }
    members["attribution"] = attribution.map { .string($0) }
    if !terms.isEmpty { members["terms"] = .object(terms.mapValues { .integer($0) }) }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["name", "license", "terms", "attribution", "contributor", "roots", "counts"])
    var (counts, terms): ([String: Int64], [String: Int64]) = ([:], [:])
    for (fate, count) in try reader.member("counts").entries() { counts[fate] = try count.count() }
    for (expression, count) in try reader.optional("terms")?.entries() ?? [] { terms[expression] = try count.count() }
    self.init(
      name: try reader.member("name").nonEmptyString(), license: try reader.member("license").nonEmptyString(),
      terms: terms, attribution: try reader.optional("attribution")?.nonEmptyString(),
      contributor: try reader.optional("contributor")?.nonEmptyString(), roots: try Roots(reader.member("roots")), counts: counts)
  }
}

extension SoulManifest.Dataset.Roots {
  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["all", "train", "validation", "holdout"])
    self.init(
      all: try reader.member("all").digest(), train: try reader.member("train").digest(),
      validation: try reader.member("validation").digest(), holdout: try reader.member("holdout").digest())
  }
}

extension SoulManifest.Training {
  var document: JSONValue {
    var members: [String: JSONValue] = [
      "method": .string(method), "parameters": parameters, "label": .string(label.rawValue), "data": .string(data.rawValue),
      "numericsVersion": .integer(numericsVersion),
    ]
    members["trace"] = trace.map { .digest($0) }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["method", "parameters", "trace", "label", "data", "numericsVersion"])
    self.init(
      method: try reader.member("method").nonEmptyString(), parameters: try reader.member("parameters").value,
      trace: try reader.optional("trace")?.digest(), label: try reader.member("label").choice(Label.self),
      data: try reader.member("data").choice(DataAccess.self), numericsVersion: try reader.member("numericsVersion").count())
  }
}
