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
    let tokens: Int64 = 4096
    let loser = Digest(hashing: Data("loser".utf8))
    guard let improvement = Improvement(numerator: 1, denominator: 1000) else { throw BadFixture() }
    let decision = try Decision(
      round: Digest(hashing: Data("round".utf8)),
      incumbent: Score(candidate: Digest(hashing: Data("base".utf8)), total: 13_244_784_640, tokens: tokens),
      proposals: [
        .scored(Score(candidate: component.listingDigest, total: 9_878_504_315, tokens: tokens)),
        .scored(Score(candidate: loser, total: 10_012_345_678, tokens: tokens)),
      ], improvement: improvement)
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
      selection: try SoulManifest.Selection(document: decision.document), recipe: Digest(hashing: recipe),
      pins: [.init(name: "models/ember", digest: root("ember"))])
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
