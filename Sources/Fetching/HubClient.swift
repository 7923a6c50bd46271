internal import Artifacts
internal import Foundation

/// Asks the hub, and whomever it sends on to.
///
/// The protocol is that of the public hub ("Hub API Endpoints"): `GET /api/models/OWNER/NAME/revision/REVISION` for a listing,
/// `/OWNER/NAME/resolve/COMMIT/FILE` for a file, which for large files answers with a redirect to another host.
final class HubClient {
  private let settings: HubSettings
  private let patience: Patience
  private let connection: Connection

  /// Of an answer that is kept in memory.
  private static let listingByteLimit = 16 << 20
  private static let redirectLimit = 5

  init(_ settings: HubSettings, _ patience: Patience) {
    (self.settings, self.patience) = (settings, patience)
    connection = Connection(patience: patience, certificates: settings.certificates)
  }

  // MARK: What is asked

  /// The commit behind a revision and the names of its files.
  func listing(_ model: HubReference) throws -> HubListing {
    let url = address(["api", "models", model.owner, model.name, "revision", model.revision])
    let kept = Kept(host: settings.origin.host, limit: HubClient.listingByteLimit)
    try patiently {
      kept.bytes = []
      let asked = try ask(.get, url, secondLimit: patience.answerSeconds) { bytes, _ in try kept.take(bytes) }
      try require(asked.answer, model, file: nil)
    }
    return try HubListing(Data(kept.bytes), of: model)
  }

  /// What the hub promises of a file at a commit: by whose digest and size it will be known.
  func promise(of file: String, _ model: HubReference) throws -> PromisedFile {
    var facts: [String: String] = [:]
    try patiently {
      let asked = try ask(.head, resolved(file, model), leavesHub: false, secondLimit: patience.answerSeconds) { _, _ in }
      if !asked.answer.isRedirect { try require(asked.answer, model, file: file) }
      facts = asked.facts
    }
    return try PromisedFile(name: file, facts: facts, model)
  }

  /// The bytes of a file from `start`, to `sink` with the head of the answer that they belong to. One try.
  func fetch(_ file: PromisedFile, _ model: HubReference, from start: Int64, sink: @escaping (UnsafeRawBufferPointer, Answer) throws -> Void) throws {
    let range = start > 0 ? ["Range: bytes=\(start)-"] : []
    let answer = try ask(.get, resolved(file.name, model), headers: range, sink: sink).answer
    if answer.status == 416 { throw PassingTrouble(error: .badRange(file: file.name)) }
    if answer.origin != settings.origin, (400...499).contains(answer.status), answer.status != 429 {
      // A signed address is good for a while; the next try asks the hub for a new one.
      throw PassingTrouble(error: .unexpected(host: answer.origin.host, status: answer.status))
    }
    try require(answer, model, file: file.name)
  }

  private func resolved(_ file: String, _ model: HubReference) -> URL { address([model.owner, model.name, "resolve", model.revision, file]) }

  /// Each part is one part of the path: the `/` of a branch's name is written `%2F`.
  private func address(_ parts: [String]) -> URL {
    let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    let path = parts.map { $0.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }.joined(separator: "/")
    guard let url = URL(string: settings.endpoint.absoluteString + "/" + path) else { preconditionFailure("an address of plain parts is none") }
    return url
  }

  // MARK: Redirects

  /// Follows redirects, with the token for the hub alone. Where it does not leave the hub, a redirect to another host is the answer. `facts` are what
  /// the hub's own answers say of the file: `X-Linked-…` and `X-Repo-…` of any of them, and what each says of its own body of the last alone.
  private func ask(
    _ method: Request.Method, _ url: URL, headers: [String] = [], leavesHub: Bool = true, secondLimit: Int? = nil,
    sink: @escaping (UnsafeRawBufferPointer, Answer) throws -> Void
  ) throws -> (answer: Answer, facts: [String: String]) {
    var url = url
    var facts: [String: String] = [:]
    for _ in 0...HubClient.redirectLimit {
      guard let origin = Origin(url), origin.mayBeAsked else { preconditionFailure("an address that was looked at may be asked") }
      let secret = settings.token?.header(for: origin).map { [$0] } ?? []
      let answer = try connection.send(Request(method: method, url: url, headers: headers + secret, secondLimit: secondLimit), sink: sink)
      if origin == settings.origin {
        facts = facts.filter { $0.key.hasPrefix("x-linked-") || $0.key.hasPrefix("x-repo-") }.merging(answer.headers) { _, new in new }
      }
      guard answer.isRedirect else { return (answer, facts) }
      let next = try destination(of: answer, from: url)
      if next.origin != settings.origin, !leavesHub { return (answer, facts) }
      url = next.url
    }
    throw FetchError.redirectedTooOften(host: settings.origin.host)
  }

  private func destination(of answer: Answer, from url: URL) throws(FetchError) -> (url: URL, origin: Origin) {
    guard let location = answer["location"], let next = URL(string: location, relativeTo: url)?.absoluteURL else {
      throw .unexpected(host: answer.origin.host, status: answer.status)
    }
    guard let origin = Origin(next), origin.mayBeAsked, answer.origin.isLoopback || !origin.isLoopback else {
      throw .unsafeRedirect(from: answer.origin.host, to: next.host().flatMap { $0.isEmpty ? nil : $0 } ?? next.scheme ?? "nowhere")
    }
    return (next, origin)
  }

  // MARK: Answers

  private func require(_ answer: Answer, _ model: HubReference, file: String?) throws {
    let host = answer.origin.host
    let hadToken = settings.token != nil
    switch (answer.status, answer["x-error-code"]) {
    case (200, _), (206, _): return
    case (401, "GatedRepo"), (403, "GatedRepo"): throw FetchError.gated(model, hadToken: hadToken)
    case (401, _), (403, _): throw FetchError.refused(model, status: answer.status, hadToken: hadToken)
    case (404, "RevisionNotFound"): throw FetchError.noSuchRevision(model)
    case (404, _): throw file.map { FetchError.noSuchFile(model, file: $0) } ?? FetchError.noSuchModel(model)
    case (429, _):
      let wait = answer.retryAfter
      let error = FetchError.rateLimited(host: host, seconds: wait)
      guard wait.map({ Duration.seconds($0) <= patience.longestPause }) ?? true else { throw error }
      throw PassingTrouble(error: error, wait: wait.map { .seconds($0) })
    case (408, _), (500...599, _):
      let wait = answer.retryAfter.map { min(Duration.seconds($0), patience.longestPause) }
      throw PassingTrouble(error: .failing(host: host, status: answer.status), wait: wait)
    default: throw FetchError.unexpected(host: host, status: answer.status)
    }
  }

  /// Tries again where trouble may pass.
  private func patiently(_ body: () throws -> Void) throws {
    var tries = Tries(patience)
    while true {
      do {
        return try body()
      } catch let trouble as PassingTrouble {
        try tries.again(after: trouble)
      }
    }
  }
}

/// An answer that is kept in memory, up to a limit.
private final class Kept {
  var bytes: [UInt8] = []
  private let host: String
  private let limit: Int

  init(host: String, limit: Int) { (self.host, self.limit) = (host, limit) }

  func take(_ more: UnsafeRawBufferPointer) throws {
    guard bytes.count + more.count <= limit else { throw FetchError.answerTooLarge(host: host, byteLimit: limit) }
    bytes += more
  }
}

extension Answer {
  var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

  /// Whole seconds (RFC 9110, section 10.2.3); the form with a date is not used by hubs, and waits as if nothing were said.
  fileprivate var retryAfter: Int? { self["retry-after"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil } }
}
