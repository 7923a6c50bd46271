internal import Artifacts
package import Licensing
package import Recipes

/// Recipes that are fine alone and make no plan together.
package struct PlanError: ExplainedError {
  package enum Problem: Sendable {
    /// Base recipes that name each other: the files, from the first back to the first that comes again.
    case cycle([String])
    case baseIsAnAdapter(String)
    /// The licence of the base's Soul forbids what this recipe declares.
    case baseForbidsUse(String, Violation)
    case unreadableBase(String, reason: any Error)
  }

  package let place: Place
  package let problem: Problem

  init(_ problem: Problem, at place: Place) {
    self.place = place
    self.problem = problem
  }

  package var message: String { "\(place): \(text)" }

  private var text: String {
    switch problem {
    case .cycle(let paths): "recipes are each other's base: \(paths.joined(separator: " → "))"
    case .baseIsAnAdapter(let path): "`an adapter as base` is not in this version: \"\(path)\" does not use \"method: full\""
    case .baseForbidsUse(let path, let violation): "base recipe \"\(path)\": \(violation.message)"
    case .unreadableBase(let path, let reason): "cannot read base recipe \"\(path)\": \((reason as? any ExplainedError)?.message ?? "\(reason)")"
    }
  }

  package var hint: String? {
    switch problem {
    case .cycle: "one of them needs a base of its own: \"path\" or \"new\""
    case .baseIsAnAdapter: nil
    case .baseForbidsUse(_, let violation): violation.hint
    case .unreadableBase(_, let reason): (reason as? any ExplainedError)?.hint
    }
  }
}
