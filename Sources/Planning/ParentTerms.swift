package import Artifacts
package import Licensing
package import Recipes

/// Terms that something is under which a Soul was made from, with what is needed to know what they say.
package struct StatedTerms: Hashable, Sendable {
  package enum Subject: String, Hashable, Sendable {
    /// A model, its own licence: whatever is trained from it descends from it.
    case weights
    /// What a model has learned from.
    case texts
  }

  let expression: String
  let subject: Subject
  /// Whoever stated them says what of them is on no list.
  private let licenses: LicenseBook

  /// `recipe`: whose they are, where it is known.
  package init(_ expression: String, of subject: Subject, by recipe: Recipe?) {
    let licenses = recipe?.licenses ?? LicenseBook()
    (self.expression, self.subject) = (expression, subject)
    let choices = (try? licenses.expression(expression))?.choices ?? []  // That it says nothing is found out when it is asked.
    let names = Set(choices.flatMap { $0.licenses.map(\.name) })
    self.licenses = LicenseBook(declared: licenses.declared.filter { names.contains($0.name) })
  }

  /// What stands in the way of a use; nil where nobody says what the terms allow.
  func violations(of use: DeclaredUse, _ own: LicenseBook) -> [Violation]? {
    guard let stated = try? licenses.expression(expression) else { return nil }  // Whatever is wrong with it, it says nothing.
    // A child may hold itself to more than its parent asks, and to no less.
    let narrower = try? own.expression(expression)
    let use = subject == .weights ? use.ofModels : use
    return [stated, narrower].compactMap(\.self).flatMap { expression -> [Violation] in
      guard case .failure(let refusal) = use.choose(among: expression) else { return [] }
      return refusal.violations
    }
  }

  package var document: JSONValue { ["expression": .string(expression), "of": .string(subject.rawValue), "licenses": licenses.document] }

  /// Nil where the value says nothing of this kind.
  package init?(document: JSONValue) {
    guard let expression = document["expression"]?.string, let subject = document["of"]?.string.flatMap(Subject.init),
      let licenses = LicenseBook(document: document["licenses"])
    else { return nil }
    (self.expression, self.subject, self.licenses) = (expression, subject, licenses)
  }
}

extension Recipe {
  /// Of a recipe that made a base: what it gives, and what its texts are under. An archive that stands on it does not tell of records which state terms of
  /// their own; each was held against this recipe's use.
  package var statedTerms: [StatedTerms] {
    [StatedTerms(license, of: .weights, by: self)] + datasets.compactMap { $0.terms?.standard }.map { StatedTerms($0.expression, of: .texts, by: self) }
  }
}

/// What a Soul asks of those that descend from it.
package struct ParentTerms: Hashable, Sendable {
  /// As the recipe names it.
  let path: String
  /// Its own, and those of all that it was made from. Its maker's use of them need not be the child's.
  let stated: [StatedTerms]
  let derive: Bool
  let runAllow: [String]
  /// Nil where an answer about it never grows old.
  let leaseSeconds: Int64?

  package init(path: String, stated: [StatedTerms], derive: Bool, runAllow: [String], leaseSeconds: Int64?) {
    (self.path, self.stated, self.derive, self.runAllow, self.leaseSeconds) = (path, stated, derive, runAllow, leaseSeconds)
  }

  /// Throws the first that a recipe does not keep to.
  package func require(of child: Recipe) throws(UnusableParent) {
    guard derive else { throw UnusableParent(path: path, problem: .mayNotDerive) }
    for terms in stated { try require(terms, of: child) }
    let strangers = runAllow.contains("public") ? [] : child.permissions.runAllow.filter { !runAllow.contains($0) }
    if let stranger = strangers.first { throw UnusableParent(path: path, problem: .lets(stranger, run: runAllow)) }
    if let leaseSeconds, child.permissions.lease.seconds > leaseSeconds {
      throw UnusableParent(path: path, problem: .longerLease(own: child.permissions.lease.seconds, parents: leaseSeconds))
    }
  }

  private func require(_ terms: StatedTerms, of child: Recipe) throws(UnusableParent) {
    guard let violations = terms.violations(of: child.use, child.licenses) else {
      throw UnusableParent(path: path, problem: .unknownTerms(terms.expression))
    }
    if let first = violations.first { throw UnusableParent(path: path, problem: .forbids(first, terms.subject)) }
  }
}

/// A Soul's terms do not allow what a recipe makes of it.
package struct UnusableParent: ExplainedError, Hashable {
  package enum Problem: Hashable, Sendable {
    case mayNotDerive
    case unknownTerms(String)
    /// It was made from a Soul, or with recipes, whose terms it does not tell.
    case untoldTerms
    /// A smoke build: a few steps, past every gate.
    case smoke
    case forbids(Violation, StatedTerms.Subject)
    case lets(String, run: [String])
    case longerLease(own: Int64, parents: Int64)
  }

  package let path: String
  package let problem: Problem

  package init(path: String, problem: Problem) { (self.path, self.problem) = (path, problem) }

  package var message: String { "base \"\(path)\": \(text)" }

  private var text: String {
    switch problem {
    case .mayNotDerive: "its maker does not let others build on it"
    case .unknownTerms(let text): "its terms are \"\(text)\", and its recipe does not say what that allows"
    case .untoldTerms: "it does not tell the terms of what it was made from itself"
    case .smoke: "it is a smoke build, which is no Soul to build on"
    case .forbids(let violation, _): violation.message
    case .lets(let stranger, let allowed): "\"\(stranger)\" may not run it (\(allowed.joined(separator: ", "))), and this recipe would let them run what is made of it"
    case .longerLease(let own, let parents): "an answer about it stays fresh for \(parents) s, and this recipe says \(own) s of what is made of it"
    }
  }

  package var hint: String? {
    switch problem {
    case .mayNotDerive: "ask its maker, or take another base"
    case .unknownTerms: "its maker says it under \"licenses\" or \"consents\", and builds it anew; nobody else can"
    case .smoke: "build its recipe without --smoke; a smoke build of your own may stand on it"
    case .untoldTerms: "it was made by another version of soulpack: ask its maker to build it anew, or take another base"
    case .forbids(let violation, .texts): violation.hint
    case .forbids(let violation, .weights): violation.hintOnModels
    case .lets: "name nobody else under \"permissions: run: allow\""
    case .longerLease: "set \"permissions: lease\" to no more"
    }
  }
}
