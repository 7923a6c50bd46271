internal import Artifacts
internal import Foundation
internal import Hashing
internal import Synchronization

/// Gives one run what earlier ones remembered, and gathers what it remembers itself. Safe on many threads.
final class RecallDesk: Sendable {
  private let memo: CurationMemo?
  /// Whether earlier runs are asked: a run that begins again only remembers.
  let recalls: Bool
  /// The memo's, and how this program lays out what it remembers.
  private let scope: Digest
  private let gathered = Mutex<Gathering>(Gathering())

  fileprivate struct Gathering {
    var values: [CurationMemo.Value] = []
    var byteCount = 0
  }

  /// Values are kept in heaps of about this many bytes.
  private static let heapByteCount = 16 << 20

  /// Without a memo, nothing is remembered.
  init(_ memo: CurationMemo?, recalls: Bool) {
    var writer = RecallWriter()
    RecallLayout.write(to: &writer)
    if let memo { writer.digest(memo.scope) }
    scope = Digest(hashing: writer.bytes)
    self.memo = memo
    self.recalls = recalls && memo != nil
  }

  var remembers: Bool { memo != nil }

  /// Which curation's last run is meant.
  var name: String { memo?.name ?? "" }

  /// The name of a value: what it is, and everything that it follows from.
  func key(_ domain: String, _ body: (inout RecallWriter) -> Void) -> Digest {
    var writer = RecallWriter()
    writer.text("soulpack.recall/1 " + domain)
    writer.digest(scope)
    body(&writer)
    return Digest(hashing: writer.bytes)
  }

  /// The name of what the last run of this curation left.
  func latest(_ domain: String) -> Digest { key(domain) { $0.text(name) } }

  /// A memo that cannot be read remembers nothing.
  func values(_ keys: [Digest]) -> [Data?] {
    guard recalls, !keys.isEmpty, let found = try? memo?.lookup(keys) else { return Array(repeating: nil, count: keys.count) }
    return found
  }

  func keep(_ key: Digest, _ bytes: [UInt8]) {
    guard let memo else { return }
    let full = gathered.withLock { gathering -> [CurationMemo.Value] in
      gathering.values.append((key, Data(bytes)))
      gathering.byteCount += bytes.count
      return gathering.byteCount >= Self.heapByteCount ? gathering.taken() : []
    }
    Self.put(full, in: memo)
  }

  func flush() {
    if let memo { Self.put(gathered.withLock { $0.taken() }, in: memo) }
  }

  /// Whether all of some pieces are there.
  func areStored(_ pieces: [Digest]) -> Bool { (try? memo?.areStored(pieces)) == true }

  /// What cannot be asked for is made again.
  func isStored(_ piece: Digest) -> Bool { areStored([piece]) }

  func report(_ report: CurationMemo.Report) { memo?.report(report) }

  /// What cannot be remembered is computed again the next time.
  private static func put(_ values: [CurationMemo.Value], in memo: CurationMemo) {
    if !values.isEmpty { try? memo.keep(values) }
  }
}

extension RecallDesk.Gathering {
  fileprivate mutating func taken() -> [CurationMemo.Value] {
    defer { self = RecallDesk.Gathering() }
    return values
  }
}
