package import Artifacts
internal import Foundation

/// What can go wrong when a model is fetched. No case holds an address with its query, which may be signed, or anything of a token.
package enum FetchError: ExplainedError, Hashable {
  case badEndpoint(reason: String)
  case badToken(place: String)

  // What the cache has.
  case notCached(HubReference)
  case incomplete(HubReference, file: String)
  case damagedCache(path: String)

  // Who is asked.
  case unreachable(host: String, reason: String)
  case distrusted(host: String, reason: String)
  case refused(HubReference, status: Int, hadToken: Bool)
  case gated(HubReference, hadToken: Bool)
  case noSuchModel(HubReference)
  case noSuchRevision(HubReference)
  case noSuchFile(HubReference, file: String)
  case rateLimited(host: String, seconds: Int?)
  case failing(host: String, status: Int)
  case unexpected(host: String, status: Int)
  case redirectedTooOften(host: String)
  case unsafeRedirect(from: String, to: String)

  // What it says.
  case badListing(HubReference, reason: String)
  case unsafeName(HubReference, name: String)
  case answerTooLarge(host: String, byteLimit: Int)
  case otherCommit(HubReference, found: String)
  case noDigest(file: String)
  case noSize(file: String)
  case packed(host: String)
  case notAModel(HubReference, missing: String)

  // What it sends.
  case otherDigest(file: String, promised: String, found: String)
  case tooLong(file: String, byteCount: Int64)
  case tooShort(file: String, received: Int64, byteCount: Int64)
  case badRange(file: String)

  // Where it is put.
  case noSpace(path: String, needed: Int64, free: Int64)
  case disk(operation: String, path: String, code: Int32)

  package var message: String {
    switch self {
    case .badEndpoint(let reason): "HF_ENDPOINT: \(reason)"
    case .badToken(let place): "\(place): it holds what can be no token"
    case .notCached(let model): "\(model): not in the hub's cache on this machine, and HF_HUB_OFFLINE says to ask nobody"
    case .incomplete(let model, let file): "\(model): the hub's cache on this machine has no \(file) of it, and HF_HUB_OFFLINE says to ask nobody"
    case .damagedCache(let path): "\(path): its bytes are not those that its name promises"
    case .unreachable(let host, let reason): "\(host) cannot be reached: \(reason)"
    case .distrusted(let host, let reason): "\(host) cannot be trusted: \(reason)"
    case .refused(let model, let status, false): "\(model): it is not there, or it is private, and no token was given (\(status))"
    case .refused(let model, let status, true): "\(model): the hub refuses it to the token that was given (\(status))"
    case .gated(let model, _): "\(model): its owners ask that their terms are accepted first"
    case .noSuchModel(let model): "\(model): the hub has no model \"\(model.model)\""
    case .noSuchRevision(let model): "\(model): \"\(model.model)\" has no revision \"\(model.revision)\""
    case .noSuchFile(let model, let file): "\(model): the hub lists \(file) and does not have it"
    case .rateLimited(let host, let seconds): "\(host) has been asked too often" + (seconds.map { ": it asks for a wait of \($0) s" } ?? "")
    case .failing(let host, let status): "\(host) is failing (\(status))"
    case .unexpected(let host, let status): "\(host) answers with status \(status), which means nothing here"
    case .redirectedTooOften(let host): "\(host) sends from one address to another without an end"
    case .unsafeRedirect(let from, let to): "\(from) sends on to \(to), which is asked by nothing but https"
    case .badListing(let model, let reason): "\(model): the hub's answer makes no sense: \(reason)"
    case .unsafeName(let model, let name): "\(model): it lists a file that could lie outside of its folder: \"\(name)\""
    case .answerTooLarge(let host, let limit): "\(host) says more than \(limit) bytes about a model, which no model needs"
    case .otherCommit(let model, let found): "\(model): the hub answers with commit \(found)"
    case .noDigest(let file): "\(file): the hub names no digest that the file could be held against"
    case .noSize(let file): "\(file): the hub does not say how large it is"
    case .packed(let host): "\(host) packs what it sends, which it was asked not to"
    case .notAModel(let model, let missing): "\(model): no model that the engine reads: it has no \(missing)"
    case .otherDigest(let file, let promised, let found): "\(file): what came is not what the hub promised: \(found), promised is \(promised)"
    case .tooLong(let file, let byteCount): "\(file): more came than the \(byteCount) bytes that were promised"
    case .tooShort(let file, let received, let byteCount): "\(file): \(received) of \(byteCount) bytes came, and then no more"
    case .badRange(let file): "\(file): the server sends another part than it was asked for"
    case .noSpace(let path, let needed, let free): "\(path): \(needed) bytes are to be fetched, and \(free) are free there"
    case .disk(let operation, let path, let code): "\(path): cannot \(operation): \(String(cString: strerror(code)).lowercased())"
    }
  }

  package var hint: String? {
    switch self {
    case .badEndpoint: "set it to the hub's address, or unset it for \(HubSettings.publicEndpoint)"
    case .badToken: "a token is one word, and is made at the hub under \"Access Tokens\""
    case .notCached, .incomplete: "build once without HF_HUB_OFFLINE, or bring the folder \"models--owner--name\" of another machine's cache (HF_HUB_CACHE)"
    case .damagedCache: "delete that file: it is fetched again"
    case .unreachable: "look at the network and at HTTPS_PROXY; HF_HUB_OFFLINE=1 takes what the cache has"
    case .distrusted: "the machine's certificates may be missing (ca-certificates), or somebody stands in between: SSL_CERT_FILE names whom to believe"
    case .refused(_, _, false): "mind the spelling; for a private model set HF_TOKEN"
    case .refused(_, _, true): "mind the spelling, and ask its owner for access; the token needs the right to read it"
    case .gated(let model, false): "accept them at the page of \"\(model.model)\", and set HF_TOKEN"
    case .gated(let model, true): "accept them at the page of \"\(model.model)\", with the account that HF_TOKEN is of"
    case .noSuchModel: "mind the spelling: hf://owner/name@revision"
    case .noSuchRevision: "a revision is a branch such as main, a tag, or a whole commit of 40 digits"
    case .noSuchFile, .badListing, .otherCommit, .otherDigest, .tooLong, .badRange: "try again; if it stays so, the server or something before it is broken, and what it sends is not used"
    case .rateLimited: "wait, and build again: what has come is kept; with HF_TOKEN the hub allows more"
    case .failing, .tooShort: "build again later: what has come is kept, and goes on from there"
    case .packed: "something between this machine and the hub changes what goes through it: look at HTTPS_PROXY and HF_ENDPOINT"
    case .unexpected, .noDigest, .noSize: "HF_ENDPOINT may name something that is no hub"
    case .redirectedTooOften, .unsafeRedirect, .unsafeName, .answerTooLarge: "do not use it: the hub, or something before it, is broken or means harm"
    case .notAModel: "choose a repository with safetensors and a tokenizer.json (docs/models.md)"
    case .noSpace, .disk(_, _, ENOSPC), .disk(_, _, EDQUOT): "free some space, or name another place with HF_HUB_CACHE; what has come is kept"
    case .disk: "name a place that can be written to with HF_HUB_CACHE"
    }
  }
}

/// Trouble that may be over at the next try.
struct PassingTrouble: Error {
  let error: FetchError
  /// What the server asks for.
  var wait: Duration?
  /// Nobody was there at all: that is seldom over soon, and people want to know.
  var isUnreached = false
}
