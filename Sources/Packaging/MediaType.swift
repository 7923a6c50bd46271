/// The media types that an archive may hold: OCI's, ModelPack's, in-toto's and the certificate's. Any other is refused.
enum MediaType {
  static let index = "application/vnd.oci.image.index.v1+json"
  static let manifest = "application/vnd.oci.image.manifest.v1+json"
  static let emptyConfiguration = "application/vnd.oci.empty.v1+json"
  static let model = "application/vnd.cncf.model.manifest.v1+json"
  static let modelConfiguration = "application/vnd.cncf.model.config.v1+json"
  /// in-toto's name for one attestation with the `provenance` predicate in a DSSE envelope (spec/v1/envelope.md).
  static let attestation = "application/vnd.in-toto.provenance+dsse"
  /// What a committee signed of a selection; Judging's document.
  static let certificate = "application/vnd.soulpack.albft.certificate.v1+json"
}

/// What a file of a Soul is to whoever unpacks it; each is one of ModelPack's uncompressed layer types.
package enum FileRole: String, Hashable, Sendable, CaseIterable {
  case weight = "application/vnd.cncf.model.weight.v1.raw"
  /// What a loader needs beside the weights: `adapter_config.json`, `config.json`, a tokenizer.
  case configuration = "application/vnd.cncf.model.weight.config.v1.raw"
  /// For people and auditors: the model card, `soul.json`, the lineage, the trace.
  case document = "application/vnd.cncf.model.doc.v1.raw"
  /// What would be run again: the normalised recipe.
  case code = "application/vnd.cncf.model.code.v1.raw"
  case dataset = "application/vnd.cncf.model.dataset.v1.raw"

  var mediaType: String { rawValue }

  /// Whether soul.json must name the file in a component.
  var belongsToComponent: Bool { self == .weight || self == .configuration }
}
