internal import Artifacts
internal import Foundation
internal import Hashing
internal import Signing

/// The OCI image of a Soul: a function of soul.json and the files' names, roles and digests, and of nothing else.
///
/// A reader makes it again from soul.json and the layers and compares bytes, so a manifest or configuration that says more, less or something else
/// is refused.
struct SoulImage: Hashable, Sendable {
  struct Layer: Hashable, Sendable {
    let path: String
    let role: FileRole
    let digest: Digest
    let byteCount: Int64
  }

  static let layerLimit = 10_000

  let manifest: SoulManifest
  /// Sorted by the bytes of the path.
  let layers: [Layer]

  /// Fails where paths collide, and where components and layers do not name the same files.
  init(manifest: SoulManifest, layers: [Layer]) throws(ArchiveError.Problem) {
    self.manifest = manifest
    self.layers = layers.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    guard layers.count <= Self.layerLimit else { throw .inconsistent("more than \(Self.layerLimit) files") }
    if let bad = layers.first(where: { !SoulFile.isPath($0.path) }) { throw .badPath(bad.path) }
    if let path = SoulFile.collision(among: self.layers.map(\.path)) { throw .inconsistent("\"\(path)\" collides with another path") }
    try checkComponents()
  }

  /// Every weight and its configuration is named by a component, with its digest and size, and nothing else is.
  private func checkComponents() throws(ArchiveError.Problem) {
    var claimed: Set<String> = []
    let byPath = Dictionary(uniqueKeysWithValues: layers.map { ($0.path, $0) })
    for file in manifest.components.flatMap(\.files) {
      guard let layer = byPath[file.path], layer.digest == file.digest, layer.byteCount == file.byteCount else {
        throw .inconsistent("soul.json names a \"\(file.path)\" that is not in the archive")
      }
      claimed.insert(file.path)
    }
    for layer in layers where layer.role.belongsToComponent != claimed.contains(layer.path) {
      let text = layer.role.belongsToComponent ? "is named by no component of soul.json" : "is a component's file and has the role of another"
      throw .inconsistent("\"\(layer.path)\" \(text)")
    }
  }
}

// MARK: - Documents

extension SoulImage {
  static let pathAnnotation = "org.cncf.model.filepath"
  /// What `oras pull` names files by.
  static let titleAnnotation = "org.opencontainers.image.title"

  /// The ModelPack configuration (schema/config-schema.json, which is closed: what is ours is in soul.json).
  var configuration: Data {
    let document: JSONValue = [
      "descriptor": [
        "name": .string(manifest.name), "version": .string(manifest.version), "description": .string(manifest.description),
        "licenses": [.string(manifest.license)],
      ],
      "config": [:],
      "modelfs": ["type": "layers", "diffIds": .array(layers.map { .digest($0.digest) })],
    ]
    return document.canonical
  }

  /// The OCI image manifest; its digest is the Soul digest.
  var imageManifest: Data {
    let configuration = configuration
    let configDescriptor = Descriptor(
      mediaType: MediaType.modelConfiguration, digest: Digest(hashing: configuration), byteCount: Int64(configuration.count))
    let document: JSONValue = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest), "artifactType": .string(MediaType.model),
      "config": configDescriptor.document(), "layers": .array(layers.map(\.document)),
    ]
    return document.canonical
  }

  var descriptor: Descriptor {
    let bytes = imageManifest
    return Descriptor(mediaType: MediaType.manifest, digest: Digest(hashing: bytes), byteCount: Int64(bytes.count))
  }

  /// What an image manifest says: its configuration and layers. Whether that is all it says, the caller finds out by writing it again.
  static func parse(_ bytes: Data) throws -> (configuration: Descriptor, layers: [Layer]) {
    let reader = DocumentReader(try JSONValue(parsingCanonical: bytes), document: "image manifest")
    let configuration = try Descriptor(reader.member("config"))
    let layers = try reader.member("layers").elements(atMost: layerLimit).map(Layer.init)
    return (configuration, layers)
  }
}

extension SoulImage.Layer {
  fileprivate var document: JSONValue {
    let annotations: JSONValue = [SoulImage.pathAnnotation: .string(path), SoulImage.titleAnnotation: .string(path)]
    return Descriptor(mediaType: role.mediaType, digest: digest, byteCount: byteCount).document(adding: ["annotations": annotations])
  }

  fileprivate init(_ reader: DocumentReader) throws {
    let descriptor = try Descriptor(reader, extra: ["annotations"])
    guard let role = FileRole(rawValue: descriptor.mediaType) else { throw ArchiveError.Problem.unknownMediaType(descriptor.mediaType) }
    let path = try reader.member("annotations").member(SoulImage.pathAnnotation).string()
    self.init(path: path, role: role, digest: descriptor.digest, byteCount: descriptor.byteCount)
  }
}
