internal import Artifacts
internal import Foundation
internal import Licensing
internal import Packaging
internal import Recipes
internal import Running

/// Souls that a recipe builds on: verified under the user's own trust policy before a byte of them is used, and held to their terms.
struct ParentSouls: Sendable {
  /// The recipe whose Soul descends from them. Nil where nothing is made that anybody gets.
  let child: Recipe?

  func open(_ file: URL, path: String) throws -> OutsideModels.Soul {
    let archive = try SoulArchive.open(file)
    let report = try VerificationReport(of: archive, policyAt: UserFolders().trustPolicy)
    do throws(VerificationError) { try report.requireTrusted() } catch { throw RefusedSoul(cause: error) }
    let manifest = archive.manifest
    guard manifest.components.count == 1, let component = manifest.components.first, component.kind == .model else {
      throw UnusableParent(path: path, problem: .notAModel)
    }
    if let child { try ParentTerms(path: path, manifest: manifest).require(of: child) }
    let origin: JSONValue = [
      "schema": "soulpack.parent-soul/1", "name": .string(manifest.name), "version": .string(manifest.version), "soul": .digest(archive.digest),
      "license": .string(manifest.license),
    ]
    return OutsideModels.Soul(files: try archive.files(of: component), origin: origin)
  }
}

/// What a Soul asks of those that descend from it.
private struct ParentTerms {
  let path: String
  let manifest: SoulManifest

  func require(of child: Recipe) throws(UnusableParent) {
    func refuse(_ problem: UnusableParent.Problem) throws(UnusableParent) { throw UnusableParent(path: path, problem: problem) }
    let permissions = manifest.permissions
    if !permissions.derive { try refuse(.mayNotDerive) }
    let book = child.datasets.lazy.compactMap(\.terms).first?.book ?? LicenseBook()
    for text in licenses { try require(text, of: child, book) }
    let strangers = permissions.runAllow.contains("public") ? [] : child.permissions.runAllow.filter { !permissions.runAllow.contains($0) }
    if let stranger = strangers.first { try refuse(.lets(stranger, run: permissions.runAllow)) }
    if let lease = permissions.leaseSeconds, child.permissions.lease.seconds > lease { try refuse(.longerLease(own: child.permissions.lease.seconds, parents: lease)) }
  }

  /// Its own, and those of what it has learned from: its maker's use of them need not be the child's.
  private var licenses: [String] { [manifest.license] + Set(manifest.datasets.flatMap(\.terms.keys)).subtracting([manifest.license]).sorted() }

  private func require(_ text: String, of child: Recipe, _ book: LicenseBook) throws(UnusableParent) {
    let expression: LicenseExpression
    do throws(LicenseError) { expression = try book.expression(text) } catch { throw UnusableParent(path: path, problem: .unknownTerms(text)) }
    if case .failure(let refusal) = child.use.choose(among: expression), let first = refusal.violations.first {
      throw UnusableParent(path: path, problem: .forbids(first))
    }
  }
}

struct UnusableParent: ExplainedError {
  enum Problem {
    case notAModel
    case mayNotDerive
    case unknownTerms(String)
    case forbids(Violation)
    case lets(String, run: [String])
    case longerLease(own: Int64, parents: Int64)
  }

  let path: String
  let problem: Problem

  /// A matter of what may be, and not of what is written wrongly.
  var isRefusedByTerms: Bool { if case .notAModel = problem { false } else { true } }

  var message: String { "base \"\(path)\": \(text)" }

  private var text: String {
    switch problem {
    case .notAModel: "a Soul as base is one whole model, and this one is an adapter"
    case .mayNotDerive: "its maker does not let others build on it"
    case .unknownTerms(let text): "its terms are \"\(text)\", and nobody says what that allows"
    case .forbids(let violation): violation.message
    case .lets(let stranger, let allowed): "\"\(stranger)\" may not run it (\(allowed.joined(separator: ", "))), and this recipe would let them run what is made of it"
    case .longerLease(let own, let parents): "an answer about it stays fresh for \(parents) s, and this recipe says \(own) s of what is made of it"
    }
  }

  var hint: String? {
    switch problem {
    case .notAModel: "name a Soul that was made with \"method: full\""
    case .mayNotDerive: "ask its maker, or take another base"
    case .unknownTerms: "say under \"licenses\" what it allows, or under \"consents\" where it is a consent (LicenseRef-consent-ID)"
    case .forbids(let violation): violation.hint
    case .lets: "name nobody else under \"permissions: run: allow\""
    case .longerLease: "set \"permissions: lease\" to no more"
    }
  }
}
