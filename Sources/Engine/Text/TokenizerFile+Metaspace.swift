internal import Artifacts

/// What a `tokenizer.json` says of spaces where tokens are made of characters: the normalizer or the pre-tokenizer, and the decoder.
extension TokenizerDocument {
  private static let mark: JSONValue = "▁"
  private static let writesMarks: JSONValue = ["type": "Replace", "pattern": ["String": " "], "content": mark]
  private static let readsMarks: JSONValue = ["type": "Replace", "pattern": ["String": mark], "content": " "]

  /// From the normalizer or the pre-tokenizer, one of which writes `▁` for spaces, and the decoder.
  func metaspace() throws(TokenizerError) -> Metaspace {
    let strips = try stripsWhenDecoding()
    let normalizers = Self.parts(members["normalizer"], "normalizers")
    let preTokenizers = Self.parts(members["pre_tokenizer"], "pretokenizers")
    if normalizers.isEmpty, preTokenizers.count == 1 { return try metaspace(preTokenizers[0], strips) }
    guard preTokenizers.isEmpty else { throw .unsupported(place: "pre_tokenizer", value: describe(members["pre_tokenizer"]) + " under byte_fallback") }
    let prefixed: JSONValue = ["type": "Prepend", "prepend": Self.mark]
    guard normalizers == [Self.writesMarks] || normalizers == [prefixed, Self.writesMarks] else {
      throw .unsupported(place: "normalizer", value: describe(members["normalizer"], whole: true) + " under byte_fallback")
    }
    return Metaspace(isNormalizer: true, prefix: normalizers.count == 2 ? .always : .never, splits: false, stripsWhenDecoding: strips)
  }

  private func metaspace(_ value: JSONValue, _ strips: Bool) throws(TokenizerError) -> Metaspace {
    let place = "pre_tokenizer."
    try require(value["type"], isAnyOf: ["Metaspace"], at: "pre_tokenizer")
    try refuseUnknown(value.object ?? [:], known: ["type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"], in: place)
    try require(value["replacement"], isAnyOf: [Self.mark], at: place + "replacement")
    try require(value["str_rep"], isAnyOf: [.null, Self.mark], at: place + "str_rep")
    // The older name of a scheme; the judge, too, refuses a false beside a scheme that puts one before.
    try require(value["add_prefix_space"], isAnyOf: [.null, true], at: place + "add_prefix_space")
    try require(value["prepend_scheme"], isAnyOf: [.null, "always", "first", "never"], at: place + "prepend_scheme")
    try require(value["split"], isAnyOf: [.null, false, true], at: place + "split")
    let prefix: Metaspace.Prefix =
      switch value["prepend_scheme"] {
      case "first": .whereMissingAtFirst
      case "never": .never
      default: .whereMissing
      }
    // Absent means true in the judge's reader.
    return Metaspace(isNormalizer: false, prefix: prefix, splits: value["split"]?.bool ?? true, stripsWhenDecoding: strips)
  }

  private func stripsWhenDecoding() throws(TokenizerError) -> Bool {
    let parts = Self.parts(members["decoder"], "decoders")
    let all = [Self.readsMarks, ["type": "ByteFallback"], ["type": "Fuse"], ["type": "Strip", "content": " ", "start": 1, "stop": 0]]
    guard parts == all || parts == Array(all.dropLast()) else {
      throw .unsupported(place: "decoder", value: describe(members["decoder"], whole: true) + " under byte_fallback")
    }
    return parts.count == all.count
  }

  /// What a `Sequence` has, or the one that stands by itself.
  private static func parts(_ value: JSONValue?, _ name: String) -> [JSONValue] {
    guard let value, value != .null else { return [] }
    return value["type"] == "Sequence" ? value[name]?.array ?? [] : [value]
  }
}
