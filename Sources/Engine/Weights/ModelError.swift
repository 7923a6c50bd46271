internal import Artifacts

/// Why a model or adapter folder cannot be used. Each names the file and the field or tensor.
package enum ModelError: ExplainedError, Hashable {
  case missingFile(String)
  case notJSON(file: String)
  case repeatedField(file: String, field: String)
  case missingField(file: String, field: String)
  case impossibleValue(file: String, field: String, value: String)
  case unsupported(file: String, field: String, value: String, supported: String)
  /// An adapter of a base that its training changed.
  case changedBase(file: String, field: String, value: String)
  case contradiction(file: String, field: String, other: String)
  case missingTensor(String)
  case unexpectedTensor(String)
  case wrongShape(tensor: String, expected: [Int], found: [Int])
  case badTensors(file: String, TensorFileError)
  case untiedHead
  case shardOutsideFolder(String)
  case missingShard(String)
  case unindexedTensor(String, shard: String)
  case tensorNotInShard(String, shard: String)

  package var message: String {
    switch self {
    case .missingFile(let file): "\(file): the file is missing"
    case .notJSON(let file): "\(file): not valid JSON"
    case .repeatedField(let file, let field): "\(file): \(quotedName(field)) stands twice"
    case .missingField(let file, let field): "\(file): \"\(field)\" is missing or has another type"
    case .impossibleValue(let file, let field, let value): "\(file): \"\(field)\" cannot be \(value)"
    case .unsupported(let file, let field, let value, let supported):
      "\(file): \"\(field)\" is \(value), and the engine supports \(supported)"
    case .changedBase(let file, let field, let value): "\(file): \"\(field)\" is \(value): such an adapter belongs on a base that its training changed, and not on the published one"
    case .contradiction(let file, let field, let other): "\(file): \"\(field)\" and \"\(other)\" disagree"
    case .missingTensor(let name): "tensor \(quotedName(name)) is missing"
    case .unexpectedTensor(let name): "tensor \(quotedName(name)) does not belong to this model"
    case .wrongShape(let name, let expected, let found): "tensor \(quotedName(name)) has the shape \(found), and the configuration asks for \(expected)"
    case .badTensors(let file, let error): "\(file): \(error.message)"
    case .untiedHead: "config.json ties the head to the embedding, and tensor \"lm_head.weight\" is another matrix"
    case .shardOutsideFolder(let shard): "\(ShardIndex.fileName): \(quotedName(shard)) is not the name of a safetensors file beside the index"
    case .missingShard(let shard): "\(ShardIndex.fileName) names \(quotedName(shard)), and the file is missing"
    case .unindexedTensor(let name, let shard): "\(quotedName(shard)) holds tensor \(quotedName(name)), which the index does not place there"
    case .tensorNotInShard(let name, let shard): "the index places tensor \(quotedName(name)) in \(quotedName(shard)), which does not hold it"
    }
  }

  package var hint: String? {
    switch self {
    case .unsupported: "choose a base the engine can compute exactly, or another substrate"
    case .missingFile: "a model folder in Hugging Face's layout has \"config.json\", \"model.safetensors\" and \"tokenizer.json\""
    case .badTensors(_, let error): error.hint
    case .missingShard, .tensorNotInShard: "the folder may not have been fetched whole: fetch it again"
    case .unindexedTensor, .shardOutsideFolder: "an index and its files must come from one writer: fetch the folder again, or save the model anew"
    case .untiedHead: "set \"tie_word_embeddings\" to false in config.json if the model has a head of its own"
    case .unexpectedTensor(let name) where name.hasSuffix(".bias"):
      "config.json must say \"attention_bias\" or \"mlp_bias\" of a model with biases there"
    case .changedBase:
      "save it again as a plain LoRA (in PEFT: save_pretrained with path_initial_model_for_weight_conversion), or merge it into its own base and take that"
    case .notJSON: "the file may not have been fetched whole: fetch it again, or save it anew"
    case .repeatedField: "leave one of the two: readers differ in which of them they take"
    case .missingField, .impossibleValue: "docs/models.md lists the fields that are read; take the file that was published with the weights, or save it anew"
    case .contradiction: "take the file that was published with the weights, or correct the one of the two that is wrong"
    case .missingTensor, .unexpectedTensor, .wrongShape:
      "configuration and weights must come from one model: fetch or save both anew; of an adapter, take the base that it was trained on"
    }
  }
}
