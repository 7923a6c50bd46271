internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Identities
internal import Packaging
internal import Signing

/// `soulpack verify FILE`: is every byte what it should be, and did those whom I trust sign it? Works offline.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check an archive's bytes and signatures against your trust policy.",
    discussion: "A certificate of the selection is checked too, and shown; an archive without one says so. "
      + "Exit code 0: trusted. 6: not valid, or not signed. 8: signed, but not by those whom your policy asks for.")

  @Argument(help: "A .soul file.") var file: String
  @Option(help: ArgumentHelp("A trust policy other than your own.", valueName: "file")) var policy: String?
  @OptionGroup var common: CommonArguments

  func run() throws {
    let archive = try SoulArchive.open(common.place(file))
    let report = try VerificationReport(of: archive, policy: policy, common)
    if report.isTrusted || common.json { common.terminal.show(VerifyReport(report: report)) }
    do { try report.requireTrusted() } catch {
      let error = RefusedSoul(cause: error)
      if common.json { throw EndsWith(code: Exit(for: error)) }
      throw error
    }
  }
}

extension VerificationReport {
  /// By the policy in a file, or by the user's own.
  init(of archive: SoulArchive, policy file: String?, _ common: CommonArguments) throws {
    let place = file.map { common.place($0) } ?? UserFolders().trustPolicy
    if file != nil, !FileManager.default.fileExists(atPath: place.path) {
      throw UsageError(
        "\(place.path): there is no such policy", hint: "without --policy your own is asked (soulpack trust list); docs/archive-format.md, section 6, has the file's form")
    }
    try self.init(of: archive, policyAt: place)
  }

  init(of archive: SoulArchive, policyAt place: URL) throws {
    let policy = try TrustPolicy.load(from: place)
    self = Verifier.verify(archive, judge: Certification.judge, named: policy.keys) { policy.evaluate(soul: $0, signers: $1) }
  }
}

struct VerifyReport: Report {
  let report: VerificationReport

  let schema = "soulpack.verify/1"
  var members: [String: JSONValue] { (report.document.object ?? [:]).merging(["smoke": .bool(isSmoke)]) { _, smoke in smoke } }
  private var isSmoke: Bool { SmokeVersion.isOne(report.version) }

  var lines: [String] {
    var lines = ["\(report.name) \(report.version): trusted", "  digest   \(report.digest)"]
    if isSmoke { lines.append("  smoke    \(Quantity.smoke)") }
    for signature in report.signatures { lines.append("  signed   \(signature.check.keyID)") }
    lines += report.certificates.map { "  chosen   \($0.words)" }
    if report.certificates.isEmpty {
      lines.append("  chosen   no certificate: nobody signed what was measured")
    } else if !report.certificates.contains(where: \.isTrusted) {
      lines.append("  chosen   nobody whom your policy names signed what was measured")
    }
    if case .policy(.trusted(let rule, _)) = report.decision { lines.append("  rule     souls \"\(rule)\"") }
    return lines
  }
}

extension VerificationReport.Certificate {
  /// `certified by 1 of 1 keys (quorum 1), self-measured: did:key:…`
  fileprivate var words: String {
    let signers = facts.signers.map(\.description).joined(separator: ", ")
    let count = "\(facts.signers.count) of \(facts.validatorCount)"
    guard isTrusted else { return "certified by keys your policy does not name, \(count) (quorum \(facts.quorum)), \(facts.label): \(signers)" }
    return "certified by \(count) keys (quorum \(facts.quorum)), \(facts.label): \(signers)"
  }
}

/// Why an archive is not to be used, with the command that would change it.
struct RefusedSoul: ExplainedError {
  let cause: VerificationError

  var message: String { cause.message }

  var hint: String? {
    guard case .noRule(let soul, let signers) = cause, let signer = signers.first else { return cause.hint }
    // A name of the archive's making must not become a part of a command line that somebody copies.
    guard soul.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else { return cause.hint }
    return "if you know the signer: soulpack trust add \(soul) \(signer)"
  }
}
