internal import Artifacts
internal import Curation
internal import Foundation
internal import Recipes
internal import Running

/// A record as a person names it, `FILE:LINE` or an id or its first digits, and who can answer for it: the last curation that knows it.
struct RecordQuestion {
  struct Answer {
    let dataset: String
    /// One for each place that the record was read from.
    let explanations: [Explanation]
    /// Where the dataset's files are; nil where a step made them.
    let source: URL?
  }

  let subject: String
  let recipe: String?
  let common: CommonArguments

  func answer() throws -> Answer {
    var failures: [any ExplainedError] = []
    for curation in try curations() {
      do {
        if let answer = try answer(of: curation, &failures) { return answer }
      } catch let error as NotCurated {
        failures.append(error)
      } catch let error as SourceProblem {
        failures.append(error)  // A folder that is gone can have been curated once.
      }
    }
    throw mostTelling(failures)
  }

  /// Nil for an id.
  var place: (file: String, line: Int)? {
    guard let colon = subject.lastIndex(of: ":"), let line = Int(subject[subject.index(after: colon)...]) else { return nil }
    return (String(subject[..<colon]), line)
  }

  /// Nil where none of the curation's ledgers has an answer.
  private func answer(of curation: CurationToAsk, _ failures: inout [any ExplainedError]) throws -> Answer? {
    for asked in try curation.ledgers() {
      do {
        return Answer(dataset: asked.dataset, explanations: try explanations(asked), source: asked.source)
      } catch let error as LedgerQueryError {
        failures.append(error)
      }
    }
    return nil
  }

  /// That a file is in none of the other ledgers says less than what the one says that holds it.
  private func mostTelling(_ failures: [any ExplainedError]) -> any Error {
    let telling = failures.first { failure in
      switch failure as? LedgerQueryError {
      case .unknownFile, .unknownRecord: false
      default: true
      }
    }
    return telling ?? failures.first ?? NothingCurated()
  }

  private func explanations(_ asked: AskedLedger) throws -> [Explanation] {
    guard let (file, line) = place else { return try asked.query.why(record: subject) }
    return [try asked.query.why(file: asked.name(of: file, from: common.folder), line: line)]
  }

  private func curations() throws -> [CurationToAsk] {
    guard recipe == nil else { return [.recipe(try Project(option: recipe, common))] }
    let found = Swift.Result { try Project(option: nil, common) }
    let curations = try CurationToAsk.newestFirst(common, recipe: try? found.get())  // What failed is told below, where nobody else can answer.
    guard curations.isEmpty, case .failure(let error) = found else { return curations }
    throw (error as? LocationError) == LocationError.none ? NothingCurated() : error
  }
}
