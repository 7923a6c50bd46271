import Archiving
import Artifacts
import Foundation
import Hashing
import Judging
import Packaging
import Signing
import Testing

@Suite("Soul archives")
struct ArchiveTests {
  private let folder: TemporaryFolder
  private let fixture = SoulFixture()

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("an archive opens with the manifest, files and digest that went in")
  func roundTrip() throws {
    let archive = try fixture.write(to: folder["a.soul"])
    #expect(try archive.manifest == fixture.manifest())
    #expect(
      archive.files.map(\.path) == [
        "README.md", "adapter_config.json", "adapter_model.safetensors", "lineage/graph.json", "recipe.json", "soul.json",
      ])
    #expect(try archive.contents(of: "adapter_model.safetensors") == fixture.weights)
    #expect(try archive.contents(of: "nothing") == nil)
    #expect(archive.referrers.isEmpty)
  }

  @Test("the same inputs give the same bytes, in any order and from memory or disk; another input gives another digest")
  func deterministic() throws {
    let archive = try fixture.write(to: folder["a.soul"])
    let onDisk = try fixture.files.enumerated().reversed().map { index, file in
      guard case .data(let data) = file.content else { throw BadFixture() }
      return SoulFile(path: file.path, role: file.role, content: .file(try folder.write("file-\(index)", data)))
    }
    let digest = try SoulArchive.write(try fixture.manifest(), files: onDisk, to: folder["b.soul"])
    #expect(digest == archive.digest)
    #expect(try Data(contentsOf: folder["a.soul"]) == Data(contentsOf: folder["b.soul"]))
    var other = fixture
    other.weights = SoulFixture.safetensors(values: [0.25, -0.5, 1.5, 2.0000002])
    #expect(try other.write(to: folder["c.soul"]).digest != digest)
  }

  @Test("the Soul digest of this fixture stays what it is: a change of the format is a new schema")
  func golden() throws {
    let hex = try fixture.write(to: folder["a.soul"]).digest.hex
    #expect(hex == "d0a6cf624cd48f623a3e3b1807f92593a08e5d96e31191f553296a3ef433cf07")
  }

  @Test("attaching a referrer keeps the Soul digest, and twice the same is once")
  func attach() throws {
    let archive = try fixture.write(to: folder["a.soul"])
    let envelope = fixture.provenance().statement(about: archive).signed(by: try SoulFixture.key(1))
    let referrer = try archive.attach(envelope, to: folder["b.soul"])
    let signed = try SoulArchive.open(folder["b.soul"])
    #expect(signed.digest == archive.digest)
    #expect(signed.referrers == [referrer])
    #expect(signed.referrers[0].envelope == envelope)
    _ = try signed.attach(envelope, to: folder["c.soul"])
    #expect(try Data(contentsOf: folder["b.soul"]) == Data(contentsOf: folder["c.soul"]))
    let second = fixture.provenance().statement(about: archive).signed(by: try SoulFixture.key(2))
    _ = try signed.attach(second, to: folder["d.soul"])
    #expect(try SoulArchive.open(folder["d.soul"]).referrers.count == 2)
    #expect(throws: ArchiveError.self) { try signed.attach(second, to: folder["d.soul"]) }
  }

  @Test("unpacking gives the files, into a new or an empty folder, and leaves nothing else behind")
  func extract() throws {
    let archive = try fixture.write(to: folder["a.soul"])
    let empty = folder.url.appendingPathComponent("empty", isDirectory: true)
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: false)
    for name in ["new", "empty"] {
      let target = folder.url.appendingPathComponent(name, isDirectory: true)
      try archive.extract(to: target)
      for file in archive.files { #expect(try Digest(hashing: Data(contentsOf: target.appendingPathComponent(file.path))) == file.digest) }
      let found = try FileManager.default.subpathsOfDirectory(atPath: target.path)
      #expect(Set(found) == Set(archive.files.map(\.path) + ["lineage"]))
    }
    #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path)) == ["a.soul", "new", "empty"])
  }

  @Test("unpacking over something is refused and harms nothing", arguments: ["folder", "file"])
  func extractOver(_ kind: String) throws {
    let archive = try fixture.write(to: folder["a.soul"])
    let target = folder.url.appendingPathComponent("target")
    let mine = kind == "file" ? target : target.appendingPathComponent("mine")
    if kind == "folder" { try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false) }
    try Data("mine".utf8).write(to: mine)
    #expect(throws: NewFolderError.isThere(path: target.path)) { try archive.extract(to: target) }
    #expect(try Data(contentsOf: mine) == Data("mine".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
  }

  @Test("a file that changed after it was opened gives nothing: what was verified is what is used")
  func changedAfterwards() throws {
    let url = folder["a.soul"]
    let archive = try fixture.write(to: url)
    var bytes = try Data(contentsOf: url)
    let place = try #require(bytes.firstRange(of: fixture.weights))
    bytes[place.upperBound - 1] ^= 1
    let handle = try FileHandle(forWritingTo: url)
    try handle.write(contentsOf: bytes)
    try handle.close()
    #expect(throws: ArchiveError.self) { try archive.contents(of: "adapter_model.safetensors") }
    #expect(throws: ArchiveError.self) { try archive.extract(to: folder.url.appendingPathComponent("out")) }
    #expect(!FileManager.default.fileExists(atPath: folder["out"].path))
    #expect(throws: ArchiveError.self) {
      try archive.attach(fixture.provenance().statement(about: archive).signed(by: SoulFixture.key(1)), to: folder["b.soul"])
    }
    #expect(!FileManager.default.fileExists(atPath: folder["b.soul"].path))
  }

  @Test(
    "paths that could escape, collide or surprise are not packed",
    arguments: [
      ["../x"], ["/x"], [".git/config"], ["a/.envrc"], [".x"], ["a/../b"], ["a//b"], ["-rf"], ["a b"], ["a\\b"], ["é"], ["a:b"], ["soul.json"], ["readme.MD"], ["x", "x"], ["x", "X"],
      ["d", "d/e"], [String(repeating: "a", count: 256)], [""],
    ])
  func badPaths(_ paths: [String]) throws {
    let extra = paths.map { SoulFile(path: $0, role: .document, content: .data(Data($0.utf8))) }
    #expect(throws: ArchiveError.self) { try SoulArchive.write(try fixture.manifest(), files: fixture.files + extra, to: folder["a.soul"]) }
    #expect(!FileManager.default.fileExists(atPath: folder["a.soul"].path))
  }

  @Test("soul.json and the files must tell the same story")
  func inconsistent() throws {
    let manifest = try fixture.manifest()
    let weight = SoulFile(path: "more.safetensors", role: .weight, content: .data(Data("x".utf8)))
    var other = fixture
    other.weights += [0]
    let swapped = other.files.filter { $0.role == .weight } + fixture.files.filter { $0.role != .weight }
    let reroled = fixture.files.map { SoulFile(path: $0.path, role: .document, content: $0.content) }
    for files in [fixture.files + [weight], Array(fixture.files.dropFirst()), swapped, reroled] {
      #expect(throws: ArchiveError.self) { try SoulArchive.write(manifest, files: files, to: folder["a.soul"]) }
    }
    var unnamed = manifest
    unnamed.name = "Lamp Lighter"
    var unversioned = manifest
    unversioned.version = "1.2"
    var hollow = manifest
    hollow.components = []
    // A reader refuses what the manifest's own members can hold.
    var unlicensed = manifest
    unlicensed.license = ""
    var unreachable = manifest
    unreachable.contact = ""
    for bad in [unnamed, unversioned, hollow, unlicensed, unreachable] {
      #expect(throws: ArchiveError.self) { try SoulArchive.write(bad, files: fixture.files, to: folder["a.soul"]) }
      #expect(!FileManager.default.fileExists(atPath: folder["a.soul"].path))
    }
  }

  @Test("the model card has the front matter that the hub reads, and the losses from the integers")
  func card() throws {
    let card = String(decoding: try #require(try fixture.write(to: folder["a.soul"]).contents(of: "README.md")), as: UTF8.self)
    #expect(
      card.hasPrefix(
        """
        ---
        base_model: "models/ember"
        base_model_relation: adapter
        library_name: peft
        license: "cc-by-4.0"
        tags:
        - soulpack
        - lora
        ---

        # lamplighter 1.2.0

        """))
    // 9,878,504,315 / 2²⁰ / 4096 = 2.30003…
    #expect(card.contains("(this Soul) | learning-rate 0.0001, seed 2 | 2.3000 | 4096 |"))
    #expect(card.contains("(incumbent) |  | 3.0838 | 4096 |"))
    #expect(card.contains("Diverged, and out of the choice: candidate 3."))
    #expect(card.contains("a loss below the base's by 5.0000 %. Measured: 25.4158 % (95 % interval 24.1000 % to 26.6500 %)."))
  }

  @Test("an inspection names digest, files and claimed signers")
  func inspection() throws {
    let archive = try fixture.writeSigned(seeds: [1], in: folder)
    let document = Inspection(archive).document
    #expect(document["schema"] == "soulpack.inspect/1")
    #expect(document["digest"]?.digest == archive.digest)
    #expect(document["files"]?.array?.count == 6)
    #expect(document["referrers"]?.array?.first?["claimedSigners"] == [.string(try SoulFixture.key(1).publicKey.description)])
  }

  @Test("leaves a signed archive where tools/judge-archive.sh asks for one", .enabled(if: ProcessInfo.processInfo.environment["SOULPACK_JUDGE"] != nil))
  func judge() throws {
    let path = try #require(ProcessInfo.processInfo.environment["SOULPACK_JUDGE"])
    let signed = try fixture.writeSigned(seeds: [1, 2], in: folder)
    _ = try signed.attach([.certificate(fixture.certificate(seed: 1).document)], to: folder["certified.soul"])
    try FileManager.default.copyItem(at: folder["certified.soul"], to: URL(fileURLWithPath: path))
  }
}

@Suite("soul.json")
struct SoulManifestTests {
  private let fixture = SoulFixture()

  @Test("a manifest comes back from its document")
  func roundTrip() throws {
    let manifest = try fixture.manifest()
    #expect(try SoulManifest(document: JSONValue(parsingCanonical: manifest.document.canonical)) == manifest)
    var credited = manifest
    credited.credits = ["By somebody"]
    #expect(try SoulManifest(document: credited.document) == credited)
    var bare = manifest
    (bare.contact, bare.selection, bare.training.trace, bare.permissions.leaseSeconds) = (nil, nil, nil, nil)
    (bare.candidates, bare.gates) = ([], [])
    bare.components[0].kind = .model
    bare.components[0].base = nil
    #expect(try SoulManifest(document: bare.document) == bare)
  }

  @Test("contributions are held to the winner, to its parts and to their own arithmetic")
  func contributions() throws {
    var manifest = try fixture.manifest()
    let winner = try #require(manifest.selection?.winner)
    let (train, holdout) = (Digest(hashing: Data("train".utf8)), Digest(hashing: Data("holdout".utf8)))
    manifest.pins += [.init(name: "train", digest: train), .init(name: "holdout", digest: holdout)]
    manifest.contributions = .init(
      subject: .init(candidate: winner, train: train, holdout: holdout), total: 9_878_504_315, tokens: 4096, records: 10,
      groups: [
        .init(files: "a/*", records: 2, total: 9_878_504_318), .init(files: "b/*", records: 3, total: 9_878_504_319),
        .init(files: "c/*", records: 1, total: 9_878_504_300), .init(files: "d/*", records: 1, total: nil),
      ])
    #expect(try SoulManifest(document: JSONValue(parsingCanonical: manifest.document.canonical)) == manifest)
    #expect(manifest.document["contributions"]?["groups"]?.array?.map { $0["sharePPM"] } == [428_571, 571_428, 0, 0])
    for (path, value, problem) in Self.wrongContributions {
      let document = try replacing(["contributions"] + path, in: manifest.document, with: value)
      let error = #expect(throws: DocumentError.self) { try SoulManifest(document: document) }
      #expect(error?.message == "soul.json: \(problem)")
    }
  }

  private static let wrongContributions: [([String], JSONValue?, String)] = [
    (["method"], "shapley", "contributions.method: is not \"leave-one-out\""), (["groups"], [], "contributions.groups: are fewer than two, or one of them twice"),
    (["groups", "1", "files"], "a/*", "contributions.groups: are fewer than two, or one of them twice"),
    (["groups", "0", "records"], 10, "contributions: a group has as many records as all"),
    (["groups", "0", "sharePPM"], 428_572, "contributions: a share does not follow from the losses"),
    (["groups", "3", "total"], nil, "contributions.groups[3]: \"total\" is missing"), (["extra"], 1, "contributions: unknown member \"extra\""),
    (["candidate"], .digest(Digest(hashing: Data("loser".utf8))), "the contributions are of another candidate than the winner, \(Digest(hashing: Data("loser".utf8)).short)"),
    (["train"], .digest(Digest(hashing: Data("other".utf8))), "the contributions are of another train part, \(Digest(hashing: Data("other".utf8)).short)"),
    (["records"], 813, "the contributions speak of more records than were kept"), (["groups", "0", "files"], "a\n# b", "contributions.groups[0].files: holds a character that no pattern has"),
    (["tokens"], 4097, "the contributions say another loss than the selection"),
  ]

  @Test("a gate that is not about the selection's incumbent is held to what it says itself alone")
  func gateOfLaterRounds() throws {
    var document = try fixture.manifest().document
    document = try replacing(["selection", "question", "height"], in: document, with: 1)
    document = try replacing(["gates", "0", "measuredPPM"], in: document, with: 250_000)
    #expect(throws: Never.self) { try SoulManifest(document: document) }
    let missed = try replacing(["gates", "0", "askedPPM"], in: document, with: 250_001)
    let error = #expect(throws: DocumentError.self) { try SoulManifest(document: missed) }
    #expect(error?.message == "soul.json: gate 1 is not met")
  }

  /// Where to change, to what, and the place and problem that the error must name.
  static let changes: [([String], JSONValue?, String)] = [
    (["schema"], "soulpack.soul/1", "soul.json: \"schema\" is not \"soulpack.soul/2\""),
    (["surprise"], 1, "soul.json: unknown member \"surprise\""), (["name"], nil, "soul.json: \"name\" is missing"),
    (["name"], "Lamp", "soul.json: \"Lamp\" is not a Soul's name"), (["version"], "1.02.0", "soul.json: \"1.02.0\" is not a semantic version"),
    (["license"], 4, "soul.json: license: not a string"), (["limits"], ["ok", 1], "soul.json: limits[1]: not a string"),
    (["recipe"], "sha256:00", "soul.json: recipe: not a SHA-256 digest"), (["components"], [], "soul.json: has no component"),
    (["components", "0", "type"], "persona", "soul.json: components[0].type: \"persona\" is none of \"adapter\", \"model\""),
    (["components", "0", "base"], nil, "soul.json: an adapter names no base"),
    (["components", "0", "files", "0", "bytes"], -1, "soul.json: components[0].files[0].bytes: not within 0…9007199254740991"),
    (["permissions", "run", "allow"], ["friends"], "soul.json: permissions.run.allow[0]: neither \"public\" nor an Ed25519 did:key"),
    (["datasets", "0", "counts", "kept"], 1.5, "soul.json: datasets[0].counts.kept: not an integer"),
    (["training", "label"], "certain", "soul.json: training.label: \"certain\" is none of \"reproducible\", \"attested\", \"opaque\""),
    (["training", "parameters"], [], "soul.json: training parameters are not an object"),
    (["candidates", "1", "number"], 3, "soul.json: the candidates are not numbered from 1"),
    (["candidates", "0", "total"], 5, "soul.json: candidate 1 is not what the selection says of it"),
    (["candidates", "0", "files"], nil, "soul.json: candidates[0]: \"files\" is missing"),
    (["candidates", "2", "total"], 5, "soul.json: candidates[2]: unknown member \"total\""),
    (["candidates", "0", "claim", "verdict"], "true", "soul.json: candidates[0].claim.verdict: \"true\" is none of \"refuted\", \"not-refuted\""),
    (["candidates"], [], "soul.json: the selection has a candidate that is not among the candidates"),
    (["gates", "0", "met"], false, "soul.json: gates[0].met: is false, and yet this was sealed"),
    (["gates", "0", "intervalPPM"], [3, 2], "soul.json: gates[0].intervalPPM: is not two bounds in order"),
    (["gates", "0", "askedPPM"], 254_159, "soul.json: gate 1 is not met"),
    (["gates", "0", "measuredPPM"], 254_159, "soul.json: gate 1 measured something else than the selection's totals say"),
    (["gates", "0", "intervalPPM"], [241_000, 254_157], "soul.json: gate 1 measured what is outside of its own interval"),
    (["gates", "0", "intervalPPM"], [254_159, 266_500], "soul.json: gate 1 measured what is outside of its own interval"),
    (["selection"], nil, "soul.json: candidate 1 has a score, and there is no selection"),
    (["gates", "0", "gate"], "style", "soul.json: gates[0].gate: is no gate that is known"),
    (["selection", "question", "holdout", "records"], -1, "soul.json: selection.question.holdout.records: not within 0…9007199254740991"),
    (["selection", "outcome"], "no-candidate", "soul.json: selection.outcome: is not \"promoted\""),
    (["components", "0", "files", "1", "path"], "z", "soul.json: the selection's winner is none of the components"),
  ]

  @Test("what is not as the schema says is refused with its place", arguments: changes)
  func refused(path: [String], value: JSONValue?, message: String) throws {
    let changed = try replacing(path[...], in: try fixture.manifest().document, with: value)
    let error = #expect(throws: DocumentError.self) { try SoulManifest(document: changed) }
    #expect(error?.message == message)
  }

  private func replacing(_ path: ArraySlice<String>, in value: JSONValue, with new: JSONValue?) throws -> JSONValue {
    let key = try #require(path.first)
    if case .array(var values) = value, let index = Int(key) {
      values[index] = try replacing(path.dropFirst(), in: values[index], with: new)
      return .array(values)
    }
    var members = try #require(value.object)
    members[key] = path.count == 1 ? new : try replacing(path.dropFirst(), in: try #require(members[key]), with: new)
    return .object(members)
  }

  @Test(
    "versions follow Semantic Versioning",
    arguments: [
      ("0.0.0", true), ("1.2.3-rc.1+build.5", true), ("1.0.0-x-y-z.--", true), ("1.0.0+001", true), ("1.0.0-0", true), ("1.2", false),
      ("1.2.3.4", false), ("01.2.3", false), ("1.2.3-", false), ("1.2.3-01", false), ("1.2.3+", false), ("v1.2.3", false), ("1.2.3-a..b", false),
      ("", false), ("1.2.3 ", false),
    ])
  func versions(_ version: String, isVersion: Bool) {
    #expect(SoulManifest.isVersion(version) == isVersion)
  }
}
