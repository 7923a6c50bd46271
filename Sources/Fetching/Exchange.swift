internal import CCurl
internal import Foundation

/// What is asked of a server. Redirects are not followed: whoever asks decides who may be asked next.
struct Request {
  enum Method { case head, get }

  let method: Method
  let url: URL
  var headers: [String] = []
  /// For all of the answer; nil: as long as bytes come.
  var secondLimit: Int?
}

/// The head of what came back.
struct Answer {
  var status = 0
  /// By name in lower case; of several with one name the last.
  var headers: [String: String] = [:]
  var origin: Origin

  subscript(name: String) -> String? { headers[name] }
}

/// libcurl (libcurl-multi(3)): a connection to a server at a time, kept open between requests. Owns both handles.
struct Connection: ~Copyable {
  private let easy: UnsafeMutableRawPointer
  private let multi: UnsafeMutableRawPointer
  private let patience: Patience
  private let certificates: String?

  /// "curl_global_init() … at least once within a program before the program calls any other function in libcurl" (curl_global_init(3)).
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

  init(patience: Patience, certificates: String?) {
    guard Connection.isReady, let easy = curl_easy_init(), let multi = curl_multi_init() else { preconditionFailure("libcurl cannot begin") }
    (self.easy, self.multi, self.patience, self.certificates) = (easy, multi, patience, certificates)
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_multi_cleanup(multi)
  }

  /// Sends a request and gives the head of the answer once all of it has come. The body of an answer of status 200 or 206 goes to `sink` piece by
  /// piece; what `sink` throws ends the exchange and is thrown. Ends within a tenth of a second of the task's being cancelled.
  func send(_ request: Request, sink: @escaping (UnsafeRawBufferPointer, Answer) throws -> Void) throws -> Answer {
    guard let origin = Origin(request.url) else { preconditionFailure("a request to nobody") }
    let listener = Listener(Answer(origin: origin), sink)
    curl_easy_reset(easy)
    try configure(for: request, origin)
    // Sizes, ranges and digests are those of the file, and not of what a server packs it into on the way (RFC 9110, section 12.5.3).
    let headers = (request.headers + ["Accept-Encoding: identity"]).reduce(nil as UnsafeMutablePointer<curl_slist>?) { curl_slist_append($0, $1) }
    defer { curl_slist_free_all(headers) }
    try check(ccurl_set_list(easy, CURLOPT_HTTPHEADER, headers), origin)
    try listen(listener, origin)
    let code = try withExtendedLifetime(listener) { try perform() }
    if let error = listener.error { throw error }
    if !listener.hasEnough { try check(code, origin) }
    return listener.answer
  }

  private func configure(for request: Request, _ origin: Origin) throws {
    var numbers: [(CURLoption, Int)] = [
      (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1), (CURLOPT_CONNECTTIMEOUT, patience.connectSeconds),
      (CURLOPT_LOW_SPEED_LIMIT, Patience.lowestBytesPerSecond), (CURLOPT_LOW_SPEED_TIME, patience.stallSeconds), (CURLOPT_TCP_KEEPALIVE, 1),
      // A name that is being looked up is not waited for where the transfer ends early (CURLOPT_QUICK_EXIT(3)).
      (CURLOPT_QUICK_EXIT, 1), (CURLOPT_TIMEOUT, request.secondLimit ?? 0),
    ]
    if request.method == .head { numbers.append((CURLOPT_NOBODY, 1)) }
    for (option, value) in numbers { try check(ccurl_set_number(easy, option, value), origin) }
    var texts: [(CURLoption, String)] = [
      (CURLOPT_URL, request.url.absoluteString), (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_USERAGENT, "soulpack"),
    ]
    // What is on this machine is not asked through somebody else, who would see the token in plain text.
    if origin.isLoopback { texts.append((CURLOPT_NOPROXY, "*")) }
    if let certificates { texts.append((CURLOPT_CAINFO, certificates)) }
    for (option, value) in texts { try check(ccurl_set_text(easy, option, value), origin) }
  }

  private func listen(_ listener: Listener, _ origin: Origin) throws {
    let context = Unmanaged.passUnretained(listener).toOpaque()
    // "Returning anything other than the amount actually taken care of" ends the transfer (CURLOPT_WRITEFUNCTION(3)).
    try check(
      ccurl_set_listener(easy, CURLOPT_WRITEFUNCTION, CURLOPT_WRITEDATA, { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue().body(UnsafeRawBufferPointer(start: bytes, count: size * count))
      }, context), origin)
    try check(
      ccurl_set_listener(easy, CURLOPT_HEADERFUNCTION, CURLOPT_HEADERDATA, { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue().header(UnsafeRawBufferPointer(start: bytes, count: size * count))
      }, context), origin)
  }

  /// Taking the handle out of the multi handle ends what it is doing.
  private func perform() throws -> CURLcode {
    guard curl_multi_add_handle(multi, easy) == CURLM_OK else { preconditionFailure("libcurl takes no transfer") }
    defer { curl_multi_remove_handle(multi, easy) }
    var running: Int32 = 1
    while true {
      guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
      if running == 0 { break }
      try Task.checkCancellation()
      guard curl_multi_poll(multi, nil, 0, 100, nil) == CURLM_OK else { return CURLE_FAILED_INIT }
    }
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      if message.pointee.msg == CURLMSG_DONE { return message.pointee.data.result }
    }
    return CURLE_FAILED_INIT
  }

  /// libcurl's own words name no address.
  private func check(_ code: CURLcode, _ origin: Origin) throws {
    guard code != CURLE_OK else { return }
    let reason = String(cString: curl_easy_strerror(code)).lowercased()
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: throw FetchError.distrusted(host: origin.host, reason: reason)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
      throw PassingTrouble(error: .unreachable(host: origin.host, reason: reason), isUnreached: true)
    default: throw PassingTrouble(error: .unreachable(host: origin.host, reason: reason))
    }
  }
}

/// Where libcurl's callbacks end. It lives for one exchange, on one thread.
private final class Listener {
  private(set) var answer: Answer
  private(set) var error: (any Error)?
  /// The body is of no interest, and was cut off.
  private(set) var hasEnough = false
  private let sink: (UnsafeRawBufferPointer, Answer) throws -> Void
  private var headerByteCount = 0
  private var droppedByteCount = 0

  private static let headerByteLimit = 64 << 10
  private static let droppedByteLimit = 64 << 10

  init(_ answer: Answer, _ sink: @escaping (UnsafeRawBufferPointer, Answer) throws -> Void) { (self.answer, self.sink) = (answer, sink) }

  /// A line with its end. An interim answer (RFC 9110, section 15.2) has a head of its own, which the last one takes the place of.
  func header(_ bytes: UnsafeRawBufferPointer) -> Int {
    headerByteCount += bytes.count
    guard headerByteCount <= Self.headerByteLimit else {
      error = FetchError.answerTooLarge(host: answer.origin.host, byteLimit: Self.headerByteLimit)
      return 0
    }
    let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    if line.hasPrefix("HTTP/") {
      answer.headers = [:]
      answer.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      answer.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    } else if line.isEmpty, [200, 206].contains(answer.status), let encoding = answer["content-encoding"], encoding.lowercased() != "identity" {
      error = FetchError.packed(host: answer.origin.host)
      return 0
    }
    return bytes.count
  }

  func body(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard answer.status == 200 || answer.status == 206 else {
      droppedByteCount += bytes.count
      hasEnough = droppedByteCount > Self.droppedByteLimit
      return hasEnough ? 0 : bytes.count
    }
    do {
      try sink(bytes, answer)
      return bytes.count
    } catch {
      self.error = error
      return 0
    }
  }
}
