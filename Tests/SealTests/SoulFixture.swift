import Artifacts
import Foundation
import Hashing
import Judging
import Packaging
import Signing

/// A small Soul, and the way from its parts to an archive.
struct SoulFixture {
  var weights = SoulFixture.safetensors(values: [0.25, -0.5, 1.5, 2])
  let configuration = Data(#"{"lora_alpha":16,"peft_type":"LORA","r":8,"target_modules":["q_proj"],"task_type":"CAUSAL_LM"}"#.utf8)
  let recipe = Data(#"{"soul":"lamplighter"}"#.utf8)
  var description = "A patient lighthouse keeper who explains the sea."

  /// One tensor of a LoRA, as PEFT names it.
  static func safetensors(values: [Float]) -> Data {
    let header: JSONValue = [
      "__metadata__": ["format": "pt"],
      "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": [
        "dtype": "F32", "shape": [1, .integer(Int64(values.count))], "data_offsets": [0, .integer(Int64(values.count * 4))],
      ],
    ]
    let bytes = header.canonical
    var output = Data()
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { output.append(contentsOf: $0) }
    output += bytes
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { output.append(contentsOf: $0) } }
    return output
  }

  var component: SoulManifest.Component {
    SoulManifest.Component(
      kind: .adapter, files: [entry("adapter_model.safetensors", weights), entry("adapter_config.json", configuration)],
      base: .init(name: "models/ember", digest: Digest(hashing: Data("base listing".utf8))))
  }

  private func entry(_ path: String, _ bytes: Data) -> Snapshot.Entry {
    Snapshot.Entry(path: path, byteCount: Int64(bytes.count), digest: Digest(hashing: bytes))
  }

  func manifest() throws -> SoulManifest {
    let decision = try decision()
    return SoulManifest(
      name: "lamplighter", version: "1.2.0", intent: "Speaks as the keeper would; knows the sea, admits what it does not know.",
      description: description, license: "CC-BY-4.0", contact: "mailto:keeper@example.org",
      limits: ["Knows nothing after the lamp was electrified."],
      permissions: .init(runAllow: ["public"], derive: true, promptLogging: "none", leaseSeconds: 604_800), components: [component],
      datasets: [
        .init(
          name: "letters", license: "CC-BY-4.0", contributor: "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
          roots: .init(all: root("all"), train: root("train"), validation: root("validation"), holdout: root("holdout")),
          counts: ["kept": 812, "duplicate": 31, "redacted": 7])
      ],
      training: .init(
        method: "sft", parameters: ["epochs": 3, "lora": ["alpha": 16, "rank": 8], "optimizer": ["learningRate": 0.0002], "seed": 2],
        trace: root("trace"), label: .reproducible, data: .onRequest, numericsVersion: 1),
      selection: try SoulManifest.Selection(document: decision.document), candidates: candidates(decision),
      gates: try SoulManifest.gates(document: gates), recipe: Digest(hashing: recipe),
      pins: [.init(name: "models/ember", digest: root("ember"))])
  }

  /// The fixture's adapter won against another, and a third diverged before it had files.
  func decision() throws -> Decision {
    let tokens: Int64 = 4096
    guard let improvement = Margin(numerator: 1, denominator: 1000) else { throw BadFixture() }
    let incumbent = Score(candidate: root("base"), total: 13_244_784_640, tokens: tokens, records: root("base records"))
    let question = Question(
      incumbent: incumbent.candidate, holdout: .init(root: root("holdout records"), records: 17, tokens: tokens), improvement: improvement)
    let table = try ScoreTable(
      incumbent: incumbent,
      proposals: [
        .scored(Score(candidate: component.listingDigest, total: 9_878_504_315, tokens: tokens, records: root("winner's records"))),
        .scored(Score(candidate: root("loser"), total: 10_012_345_678, tokens: tokens, records: root("loser's records"))),
      ])
    return try Decision(question, table, label: .selfMeasured)
  }

  private func candidates(_ decision: Decision) -> [SoulManifest.Candidate] {
    [
      .init(
        number: 1, target: "letters-lora", parameters: ["seed": 1], files: root("loser"), trace: root("trace 1"),
        outcome: .scored(total: 10_012_345_678, standardError: 81_234_567, gainStandardError: 4_567_890),
        claim: .init(lossNatsPerToken: "2.1", verdict: .refuted)),
      .init(
        number: 2, target: "letters-lora", parameters: ["seed": 2, "learning-rate": "0.0001"], files: component.listingDigest, trace: root("trace"),
        outcome: .scored(total: 9_878_504_315, standardError: 80_234_567, gainStandardError: 4_467_890), claim: nil),
      .init(
        number: 3, target: "letters-lora", parameters: ["seed": 3, "learning-rate": "9"], files: nil, trace: root("trace 3"),
        outcome: .diverged(step: 12, reason: "the loss is not finite"), claim: nil),
    ]
  }

  private let gates: JSONValue = [
    "schema": "soulpack.gates/1",
    "gates": [
      [
        "gate": "holdout-loss", "below": "base", "askedPPM": 50_000, "measuredPPM": 254_158, "intervalPPM": [241_000, 266_500], "records": 17,
        "resamples": 10_000, "met": true,
      ]
    ],
  ]

  /// What a committee of one, the key of `seed`, says of the selection.
  func certificate(seed: UInt8) throws -> Certificate {
    let decision = try decision()
    let candidates = candidates(decision).compactMap { candidate in
      candidate.files.map { LocalCommittee.Candidate(adapter: $0, trace: candidate.trace, byteCount: 4096) }
    }
    return try LocalCommittee(try subject(), deciding: decision, among: candidates).certificate(signedBy: Self.key(seed))
  }

  func subject() throws -> RoundManifest.Subject { Self.subject(of: try manifest()) }

  static func subject(of manifest: SoulManifest) -> RoundManifest.Subject {
    RoundManifest.Subject(
      name: manifest.name, version: manifest.version, base: manifest.components[0].base?.digest, dataset: manifest.datasets[0].roots.all, recipe: manifest.recipe,
      engine: Digest(hashing: Data("engine".utf8)))
  }

  /// Knows selections as the face does.
  static let judge = SelectionJudge { selection in
    do throws(DocumentError) {
      _ = try Decision(document: selection)
      return nil
    } catch {
      return error.message
    }
  } claim: { (claim, outcome, tokens) in
    guard case .scored(let total, let error, _) = outcome else { return .refuted }
    let verdict = Claim(lossNatsPerToken: claim)?.verdict(againstTotal: total, tokens: tokens, standardError: error)
    return verdict.flatMap { SelectionJudge.ClaimVerdict(rawValue: $0.rawValue) }
  } certificate: { (bytes, manifest) throws(DocumentError) in
    let certificate = try Certificate(parsing: bytes)
    if let objection = certificate.objection(subject: subject(of: manifest), selection: manifest.selection?.document ?? .null) {
      throw DocumentError(document: "certificate", problem: objection)
    }
    return .init(
      label: certificate.decision.label.rawValue, signers: certificate.signers, validatorCount: certificate.manifest.validators.count,
      quorum: certificate.manifest.quorum)
  }

  private func root(_ name: String) -> Digest { Digest(hashing: Data(name.utf8)) }

  var files: [SoulFile] {
    [
      SoulFile(path: "adapter_model.safetensors", role: .weight, content: .data(weights)),
      SoulFile(path: "adapter_config.json", role: .configuration, content: .data(configuration)),
      SoulFile(path: "recipe.json", role: .code, content: .data(recipe)),
      SoulFile(path: "lineage/graph.json", role: .document, content: .data(Data(#"{"nodes":[]}"#.utf8))),
    ]
  }

  func write(to url: URL) throws -> SoulArchive {
    _ = try SoulArchive.write(try manifest(), files: files, to: url)
    return try SoulArchive.open(url)
  }

  func provenance(recipe: Digest? = nil) -> Provenance {
    Provenance(
      recipe: recipe ?? Digest(hashing: self.recipe), goal: "lamplighter", dependencies: [.init(name: "letters", digest: root("snapshot"))],
      byproducts: [.init(name: "candidate 2", digest: root("loser"))], builderID: "https://soulpack.dev/builder/local", builderVersion: "0.1.0",
      startedOn: Date(timeIntervalSince1970: 1_700_000_000), finishedOn: Date(timeIntervalSince1970: 1_700_000_060))
  }

  /// An archive with one attestation by each of `keys`' seeds, in one envelope.
  func writeSigned(seeds: [UInt8], in folder: TemporaryFolder, name: String = "signed.soul") throws -> SoulArchive {
    let bare = try write(to: folder["bare-\(name)"])
    var envelope = Envelope(payloadType: Statement.payloadType, payload: provenance().statement(about: bare).canonical)
    for seed in seeds { envelope = envelope.signed(by: try Self.key(seed)) }
    _ = try bare.attach(envelope, to: folder[name])
    return try SoulArchive.open(folder[name])
  }

  static func key(_ byte: UInt8) throws -> SigningKey {
    try signingKey(hex: String(repeating: hexadecimal([byte]), count: 32))
  }
}

struct BadFixture: Error {}
