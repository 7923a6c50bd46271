internal import Artifacts
internal import Foundation

/// Brings the bytes of one promised file to the disk, over as many tries as it takes, and believes them once they have the promised name.
struct Download: ~Copyable {
  private let file: PromisedFile
  private let model: HubReference
  private let place: URL
  private let patience: Patience
  private let unfinished: UnfinishedFile

  /// A try that got this much further than any before it is not held against the server: slow lines break often.
  private static let step: Int64 = 1 << 20

  /// `model` names a commit.
  init(_ file: PromisedFile, _ model: HubReference, to place: URL, patience: Patience) throws {
    (self.file, self.model, self.place, self.patience) = (file, model, place, patience)
    unfinished = try UnfinishedFile(place)
  }

  /// `progress` is told how many of the file's bytes are there.
  func run(_ client: HubClient, progress: @escaping (Int64) -> Void) throws {
    let before = try unfinished.byteCount()
    if before > file.byteCount { try unfinished.clear() }
    try fill(client, progress)
    do {
      try check()
    } catch FetchError.otherDigest where before > 0 && before <= file.byteCount {
      // What lay there was of something else: once more, from the beginning.
      try unfinished.clear()
      try fill(client, progress)
      try check()
    }
    try unfinished.synchronize()
  }

  private func check() throws {
    let found = try file.blob.named(fileAt: place)
    guard found != file.blob else { return }
    throw FetchError.otherDigest(file: file.name, promised: file.blob.text, found: found.text)
  }

  private func fill(_ client: HubClient, _ progress: @escaping (Int64) -> Void) throws {
    var tries = Tries(patience)
    var furthest = try unfinished.byteCount()
    while true {
      let start = try unfinished.byteCount()
      progress(start)
      if start == file.byteCount { return }
      do {
        try attempt(client, from: start, progress)
        let reached = try unfinished.byteCount()
        if reached < file.byteCount { throw PassingTrouble(error: .tooShort(file: file.name, received: reached, byteCount: file.byteCount)) }
      } catch let trouble as PassingTrouble {
        let reached = try unfinished.byteCount()
        if reached >= furthest + Download.step { tries.forgive() }
        furthest = max(furthest, reached)
        if case .badRange = trouble.error { try unfinished.clear() }
        try tries.again(after: trouble)
      }
    }
  }

  /// A server that sends the whole file where a part was asked for is taken at its word: the file begins anew (RFC 9110, section 14.2).
  private func attempt(_ client: HubClient, from start: Int64, _ progress: @escaping (Int64) -> Void) throws {
    let target = Target(file: file, start: start, unfinished: try UnfinishedFile(place), progress: progress)
    try client.fetch(file, model, from: start) { bytes, answer in try target.take(bytes, answer) }
  }
}

/// Where the bytes of one try go.
private final class Target {
  private let file: PromisedFile
  private let start: Int64
  private let unfinished: UnfinishedFile
  private let progress: (Int64) -> Void
  /// Nil until the first bytes.
  private var position: Int64?

  init(file: PromisedFile, start: Int64, unfinished: consuming UnfinishedFile, progress: @escaping (Int64) -> Void) {
    (self.file, self.start, self.progress) = (file, start, progress)
    self.unfinished = unfinished
  }

  func take(_ bytes: UnsafeRawBufferPointer, _ answer: Answer) throws {
    var position = try self.position ?? begin(answer)
    guard position + Int64(bytes.count) <= file.byteCount else { throw FetchError.tooLong(file: file.name, byteCount: file.byteCount) }
    try unfinished.append(bytes, at: position)
    position += Int64(bytes.count)
    self.position = position
    progress(position)
  }

  private func begin(_ answer: Answer) throws -> Int64 {
    guard answer.status == 206 else {
      if start > 0 { try unfinished.clear() }
      return 0
    }
    // `bytes 100-199/200`: from where we asked, of a file of the promised size (RFC 9110, section 14.4).
    guard let range = answer["content-range"]?.wholeMatch(of: /bytes ([0-9]+)-[0-9]+\/([0-9]+|\*)/), Int64(range.1) == start,
      range.2 == "*" || Int64(range.2) == file.byteCount
    else { throw PassingTrouble(error: .badRange(file: file.name)) }
    return start
  }
}
