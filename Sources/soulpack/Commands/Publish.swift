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
    try output.place(sealed, from: result.store, arguments.common.terminal)
    let archive = try SoulArchive.open(output.url)
    guard archive.digest == sealed.digest else { throw ReplacedMeanwhile(path: output.path) }
    // Noted before it is signed: a kill in between must not leave a signed archive whose version is still free.
    try published.note(sealed.digest, of: session.project)
    if try !archive.isSigned(by: signer.publicKey, at: output) {
      try sign(archive, signer, output, began: began, store: result.store)
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

/// The key that signs, found and unlocked before any work starts: a wrong passphrase should not cost a training.
struct Signer: ~Copyable {
  private let key: SigningKey
  var publicKey: PublicKey { key.publicKey }

  init(keyName: String?) throws {
    let file = try Signer.file(keyName)
    guard try KeyStore.read(file).isProtected else {
      key = try KeyStore.load(file, passphrase: nil)
      return
    }
    key = try KeyStore.load(file, passphrase: SecretBytes(copying: try Passphrase.ask("passphrase for \(file.lastPathComponent): ")))
  }

  private static func file(_ name: String?) throws -> URL {
    let store = KeyStore(folder: UserFolders().keys)
    if let name { return store.folder.appending(path: name + ".key") }
    if let path = ProcessInfo.processInfo.environment["SOULPACK_KEY_FILE"], !path.isEmpty { return URL(filePath: path) }
    let names = try store.list().map(\.name)
    guard names.count <= 1 else { throw NoKey.several(names) }
    guard let only = names.first else { throw NoKey.none }
    return store.folder.appending(path: only + ".key")
  }

  borrowing func sign(_ statement: Statement) throws -> Envelope { statement.signed(by: key) }

  borrowing func certify(_ manifest: SoulManifest, sizeOf: (Digest) throws -> Int64) throws -> Certificate? {
    try Certification.certificate(for: manifest, signedBy: key, sizeOf: sizeOf)
  }

  /// The one clock of an attestation: SOURCE_DATE_EPOCH (reproducible-builds.org), else now.
  static func time() throws(BadEpoch) -> Date {
    guard let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return Date() }
    guard let seconds = Int64(text), BadEpoch.allowed.contains(seconds) else { throw BadEpoch(text: text) }
    return Date(timeIntervalSince1970: Double(seconds))
  }
}

/// SOURCE_DATE_EPOCH is to be a whole number of seconds. A time that nobody meant must not be signed.
struct BadEpoch: ExplainedError {
  /// To the end of the year 9999, the last that RFC 3339 can write.
  static let allowed = Int64(0)...253_402_300_799

  let text: String

  var message: String { "SOURCE_DATE_EPOCH is \"\(text)\", which is not a whole number of seconds since 1970" }
  var hint: String? { "for example: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" }
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

enum NoKey: ExplainedError {
  case none
  case several([String])

  var message: String {
    switch self {
    case .none: "there is no key to sign with"
    case .several(let names): "several keys and none chosen: \(names.joined(separator: ", "))"
    }
  }

  var hint: String? {
    switch self {
    case .none: "soulpack keys new NAME; in CI, set SOULPACK_KEY_FILE and SOULPACK_PASSPHRASE_FD"
    case .several(let names): "--key \(names[0]); in CI, set SOULPACK_KEY_FILE and SOULPACK_PASSPHRASE_FD"
    }
  }
}

/// Which content this user has published under which name and version.
struct PublishedVersions {
  private var notebook: Notebook

  init() throws { notebook = try Notebook(UserFolders().publishedVersions) }

  private func name(_ project: Project) -> String { "\(project.recipe.soul)@\(project.recipe.version)" }

  func refuseOther(_ digest: Digest, of project: Project) throws {
    guard let known = notebook.entries[name(project)]?.digest, known != digest else { return }
    throw AlreadyPublished(name: name(project), known: known, found: digest)
  }

  mutating func note(_ digest: Digest, of project: Project) throws { try notebook.note(name(project), .digest(digest)) }
}

struct AlreadyPublished: ExplainedError {
  let name: String
  let known: Digest
  let found: Digest

  var message: String { "\(name) was published before as \(known.short), and this is \(found.short)" }
  var hint: String? { "raise \"version\" in the recipe" }
}
