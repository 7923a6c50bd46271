internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
internal import Hashing
internal import Store

/// The record that `retract` and `erase` are about, found as a person names it and then followed through every curation of the store, so that an id of a
/// year ago does as well as a line of today.
struct RecordToTrace {
  let subject: String
  let recipe: String?
  let common: CommonArguments

  /// Without a store, only a whole id names a record: a fresh clone can keep out what it has never seen.
  func trace(in store: ReadableStore?) async throws -> RecordTrace? {
    guard let store else {
      _ = try wholeID()
      return nil
    }
    return try await RecordTrace(of: try seed(in: store), in: store)
  }

  func wholeID() throws -> RecordID {
    guard let digest = Digest(subject) else { throw NothingCurated() }
    return RecordID(digest)
  }

  private func seed(in store: ReadableStore) throws -> Set<RecordID> {
    if let digest = Digest(subject) { return [RecordID(digest)] }
    let question = RecordQuestion(subject: subject, recipe: recipe, common: common)
    do {
      return try ids(of: try question.answer())
    } catch let error as any ExplainedError where !(error is NothingRead) {
      // What was curated before, of the same bytes or under the same id, knows it too.
      let found = try question.place.map { try ids(ofFile: $0.file, line: $0.line, in: store) } ?? ids(startingWith: subject, in: store)
      guard !found.isEmpty else { throw error }
      return found
    }
  }

  private func ids(of answer: RecordQuestion.Answer) throws -> Set<RecordID> {
    let ids = answer.explanations.compactMap(\.entry.id)
    guard !ids.isEmpty else { throw NothingRead(subject: subject) }
    return Set(ids)
  }

  private func ids(ofFile path: String, line: Int, in store: ReadableStore) throws -> Set<RecordID> {
    let places = [common.folder, Project.rootFolder(common)].map { URL(filePath: path, relativeTo: $0) }
    guard let bytes = places.lazy.compactMap({ FileManager.default.contents(atPath: $0.path) }).first else { return [] }
    return try RecordTrace.ids(inFileOf: Digest(hashing: bytes), line: line, in: store)
  }

  private func ids(startingWith prefix: String, in store: ReadableStore) throws -> Set<RecordID> {
    let found = try RecordTrace.ids(startingWith: prefix, in: store)
    guard found.count <= 1 else { throw LedgerQueryError.ambiguous(prefix, found.sorted()) }
    return found
  }
}

/// The line holds nothing that could be read, so that it is in no dataset and has no id.
struct NothingRead: ExplainedError {
  let subject: String

  var message: String { "\(subject): nothing could be read there, so that it is in no dataset and has no id" }
  var hint: String? { "soulpack why \(subject.asShellWord)" }
}
