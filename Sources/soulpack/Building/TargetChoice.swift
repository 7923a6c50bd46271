internal import Artifacts
internal import Recipes

/// Which of a recipe's targets, and which of its candidates, a question is about.
extension Recipe {
  /// The first where none is named.
  func target(named name: String?) throws -> TrainTarget {
    let names = targets.map(\.name)
    guard let found = targets.first(where: { $0.name == name ?? names.first }) else { throw NoSuchTarget(name: name ?? "", known: names) }
    return found
  }
}

struct NoSuchTarget: ExplainedError {
  let name: String
  let known: [String]

  var message: String { "there is no train target \"\(name)\"" }
  var hint: String? { "known: \(known.joined(separator: ", "))" }
}

struct NoSuchCandidate: ExplainedError {
  let target: String
  let candidate: Int
  let count: Int

  var message: String { "target \"\(target)\" has no candidate \(candidate)" }
  var hint: String? { count == 1 ? "it has one" : "it has \(count), counted from 1" }
}
