internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Identities
internal import Judging
internal import Packaging
internal import Planning
internal import Recipes
internal import Signing
internal import Store

/// `soulpack publish`: build, sign, place. The only command that needs an identity.
struct Publish: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Build a Soul, sign it, and place the signed archive.",
    discussion: """
      The key is the one that --key names, else the file in SOULPACK_KEY_FILE, else the only key there is. Its passphrase is read from the \
      descriptor in SOULPACK_PASSPHRASE_FD, else asked on the terminal. A name and version that were published before are not published \
      with another content.
      """)

  @OptionGroup var arguments: BuildArguments
  @Option(help: ArgumentHelp("Which of your keys signs.", valueName: "name")) var key: String?

  func validate() throws {
    if arguments.smoke { throw ValidationError("a smoke build is never published: leave --smoke out") }
  }

  func run() async throws {
    let session = try BuildSession(arguments, goal: .build)
    // Before any work, and before a key is asked for.
    guard !SmokeVersion.isOne(session.project.recipe.version) else { throw SmokeIsNotPublished(version: session.project.recipe.version) }
    let signer = try arguments.dryRun ? nil : Signer(keyName: key)
    let began = try Signer.time()
    guard let result = try await session.run(), let signer else { return }
    let sealed = try SealedSoul(result)
    var published = try PublishedVersions()
    try published.refuseOther(sealed.digest, of: session.project)
    let output = OutputFile(session.project)
    try result.givingOut { try output.place(sealed, from: result.store, arguments.common.terminal) }
    let archive = try SoulArchive.open(output.url)
    guard archive.digest == sealed.digest else { throw ReplacedMeanwhile(path: output.path) }
    // Noted before it is signed: a kill in between must not leave a signed archive whose version is still free.
    try published.note(sealed.digest, of: session.project)
    if try !archive.isSigned(by: signer.publicKey, at: output) {
      try result.givingOut { try sign(archive, signer, output, began: began, store: result.store) }
      // What others will ask of it. A reader that says no would say it to all who get the archive.
      guard try SoulArchive.open(output.url).isSigned(by: signer.publicKey, at: output) else { throw ReplacedMeanwhile(path: output.path) }
    }
    arguments.common.terminal.show(
      PlacedSoulReport(project: session.project, sealed: sealed, file: output.path, counts: ActionCounts(result.report), signer: signer.publicKey))
  }

  /// The provenance, and the certificate of the selection: both are made by one key, and travel beside the Soul.
  private func sign(
    _ archive: SoulArchive, _ signer: borrowing Signer, _ output: OutputFile, began: Date, store: WritableStore
  ) throws {
    let provenance = Provenance(
      recipe: archive.manifest.recipe, goal: "publish", dependencies: archive.manifest.pins, builderID: "https://soulpack.dev/cli/1",
      builderVersion: Soulpack.version, startedOn: began, finishedOn: try Signer.time())
    var referrers = [Referrer.Content.attestation(try signer.sign(provenance.statement(about: archive)))]
    let certificate = try signer.certify(archive.manifest) { try store.objects.snapshot($0).byteCount }
    if let certificate { referrers.append(.certificate(certificate.document)) }
    try output.replace { beside in _ = try archive.attach(referrers, to: beside) }
  }
}

extension SoulArchive {
  /// Throws where something in it does not hold, whoever put it there: nobody would believe the archive.
  fileprivate func isSigned(by key: PublicKey, at output: OutputFile) throws(FaultyOutput) -> Bool {
    let report = Verifier.verify(self, judge: Certification.judge, named: { _ in [] }, policy: { _, _ in .noRule })
    if case .invalid(let faults) = report.decision { throw FaultyOutput(path: output.path, faults: faults) }
    return report.signatures.contains { $0.check.key == key && $0.check.isValid }
  }
}

/// The recipe itself gives its Soul the version of a smoke build: whoever gets it could not tell.
struct SmokeIsNotPublished: ExplainedError {
  let version: String

  var message: String { "\(version) is the version of a smoke build, which is never published" }
  var hint: String? { "name another pre-release in the recipe's \"version\"" }
}

/// The archive at the output's place is this Soul, and carries something that does not hold.
struct FaultyOutput: ExplainedError {
  let path: String
  let faults: [String]

  var message: String { "\(path): nobody would believe it: \(faults.joined(separator: "; "))" }
  var hint: String? { "move it away, and publish again" }
}

/// The file at the output's place is another Soul than the one that was just put there.
struct ReplacedMeanwhile: ExplainedError {
  let path: String

  var message: String { "\(path): something else put another archive there meanwhile; nothing was signed" }
  var hint: String? { "publish again when nothing else writes there" }
}
