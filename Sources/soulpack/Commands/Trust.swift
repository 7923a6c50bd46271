internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Identities
internal import Packaging
internal import Signing

/// `soulpack trust`: whom this user believes, for which Souls. The policy is the consumer's own file, never the archive's.
struct Trust: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say whose signatures you believe.", subcommands: [Add.self, Remove.self, List.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Trust keys for the Souls whose name fits a pattern.",
      discussion: "Rules are asked in order, and the first whose pattern fits decides. A rule with the same pattern is replaced.")

    @Argument(help: "The Soul's name, or a pattern with * and ?.") var souls: String
    @Argument(help: "Keys, as `soulpack keys list` prints them (did:key:z6Mk…).") var keys: [String]
    @Option(help: "How many of these keys must have signed.") var threshold = 1
    @OptionGroup var common: CommonArguments

    func run() throws {
      try requireFitting()
      let publicKeys = try keys.map { text in
        guard let key = PublicKey(text) else { throw ValidationError("\"\(text)\" is not a did:key of an Ed25519 key") }
        return key
      }
      guard let rule = TrustPolicy.Rule(souls: souls, keys: publicKeys, threshold: threshold) else {
        throw ValidationError("a rule needs each key once, and a threshold from 1 to the number of keys")
      }
      let place = UserFolders().trustPolicy
      let policy = try TrustPolicy.update(at: place) { $0.replacing(rule) }
      common.terminal.show(TrustReport(policy: policy, place: place.path))
    }

    /// A pattern that fits no name at all is a mistake, such as the path of an archive.
    private func requireFitting() throws {
      guard !SoulManifest.isName(souls.replacing("*", with: "a").replacing("?", with: "a")) else { return }
      throw UsageError(
        "\"\(souls)\" fits no Soul's name",
        hint: "a name has small letters, digits, ., _ and -, and begins with one of the first two: soulpack trust add 'lamp*' KEY; `soulpack inspect FILE` shows a Soul's")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a rule out of the trust policy.", discussion: "By its pattern, as `soulpack trust list` shows it. To take out one key of several, add the rule again without it.")

    @Argument(help: "The rule's pattern.") var souls: String
    @OptionGroup var common: CommonArguments

    func run() throws {
      let place = UserFolders().trustPolicy
      let policy = try TrustPolicy.update(at: place) { policy in
        guard policy.rules.contains(where: { $0.souls == souls }) else {
          throw UsageError("there is no rule for \"\(souls)\"", hint: "soulpack trust list shows them")
        }
        return TrustPolicy(rules: policy.rules.filter { $0.souls != souls })
      }
      common.terminal.show(TrustReport(policy: policy, place: place.path))
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the trust policy.")

    @OptionGroup var common: CommonArguments

    func run() throws {
      let place = UserFolders().trustPolicy
      common.terminal.show(TrustReport(policy: try TrustPolicy.load(from: place), place: place.path))
    }
  }
}

extension TrustPolicy {
  fileprivate func replacing(_ rule: Rule) -> TrustPolicy {
    guard let index = rules.firstIndex(where: { $0.souls == rule.souls }) else { return TrustPolicy(rules: rules + [rule]) }
    var rules = rules
    rules[index] = rule
    return TrustPolicy(rules: rules)
  }
}

struct TrustReport: Report {
  let policy: TrustPolicy
  let place: String

  let schema = "soulpack.trust/1"
  var members: [String: JSONValue] { policy.document.object ?? [:] }

  var lines: [String] {
    guard !policy.rules.isEmpty else { return ["nobody is trusted yet: soulpack trust add SOUL KEY"] }
    return policy.rules.flatMap { rule in
      ["\(rule.souls): \(rule.threshold) of"] + rule.keys.map { "  \($0)" }
    }
  }
}
